"""The deep belief net: a deep generative model, trained greedily one layer at a time.

Geoffrey E. Hinton, Simon Osindero, Yee-Whye Teh, "A Fast Learning Algorithm for Deep Belief Nets", Neural Computation
18(7), 1527-1554 (2006). https://doi.org/10.1162/neco.2006.18.7.1527

What was new: deep fully connected nets were considered all but untrainable. Here each layer is first a restricted
Boltzmann machine (RBM) that learns, without labels, to reproduce its input; its hidden units are the input of the next
one. The stack is a generative model: Gibbs sampling in its top two layers, then a pass down, generates digits
(`DBN.generate`).

    E(v, h) = -b.v - c.h - v W h                         energy of visible units v and hidden ones h
    p(h_j = 1 | v) = sigma(c_j + sum_i v_i w_ij)         and likewise p(v_i = 1 | h) with W transposed and b
    F(v) = -b.v - sum_j log(1 + exp(c_j + sum_i v_i w_ij))      free energy: p(v) is proportional to exp(-F(v))
    dw_ij ~ <v_i h_j>_data - <v_i h_j>_chain             contrastive divergence: a chain of few steps, from the data

The last line is the gradient of F(data) - F(chain) with the chain held constant: that is the loss that `fit`
minimises, on any backend.

Where this file departs from the paper, and why:
- The classifier is fine-tuned by back-propagation, as in Hinton and Salakhutdinov, "Reducing the Dimensionality of Data
  with Neural Networks" (2006); the paper's own 98.75 % came from the up-down algorithm, a contrastive wake-sleep. Each
  layer has its RBM's weights and, separately, those that fine-tuning changes: the ones generate, the others classify.
- `dropout`, off by default, is that of G. Hinton and others, "Improving Neural Networks by Preventing Co-adaptation
  of Feature Detectors" (2012), who fine-tuned this very net with it.
- In a chain that starts from the data, reconstructions, of the label units too, are probabilities rather than samples,
  as is usual for grey pixels.
- `persistent=True` trains the topmost RBM by persistent contrastive divergence, whose chains continue from step to step
  (T. Tieleman, "Training Restricted Boltzmann Machines using Approximations to the Likelihood Gradient", 2008). Chains
  from the data lower the probability only of states near the data; far from it they leave spurious modes, such as an
  empty image, in which Gibbs sampling ends.

Parameters: 1,665,010 of the classifier 784-500-500-2000-10, and 1,666,794 of the three RBMs.
"""

import math
import numbers
from collections.abc import Sequence

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput, UnknownName
from zoo.hub.registry import register
from zoo.nn.checks import check_classes, check_shape
from zoo.nn.model import LogitsModel

PARTICLES = 100  # persistent chains of an RBM with label units


class RBM(layers.Layer):
    """A restricted Boltzmann machine, and the sigmoid layer that is initialised from it.

    As a layer: float32 (B, V) -> probabilities (B, units), with `kernel` and `bias`, which fine-tuning changes.
    As an RBM: `W`, visible bias `b` and hidden bias `c`, which contrastive divergence learns. The last `labels` of its
    visible units are a class, one-hot; the layer doesn't have them. `particles` are the visible units of its persistent
    chains, zeros until there are any.
    """

    def __init__(self, units: int, labels: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.units, self.labels = units, labels

    def build(self, input_shape):
        inputs = input_shape[-1]
        self.kernel = self.add_weight(shape=(inputs, self.units), initializer="glorot_uniform", name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        small = keras.initializers.RandomNormal(stddev=0.01)
        visible = inputs + self.labels
        self.W = self.add_weight(shape=(visible, self.units), initializer=small, name="W")
        self.b = self.add_weight(shape=(visible,), initializer="zeros", name="b")
        self.c = self.add_weight(shape=(self.units,), initializer="zeros", name="c")
        if self.labels:
            shape = (PARTICLES, visible)
            self.particles = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="particles")

    def call(self, x):
        return ops.sigmoid(ops.matmul(x, self.kernel) + self.bias)

    def unroll(self) -> None:
        """Initialise the layer from the RBM."""
        self.kernel.assign(self.W[: self.kernel.shape[0]])
        self.bias.assign(self.c)

    def hidden(self, v):
        """p(h = 1 | v): (B, visible) -> (B, units)."""
        return ops.sigmoid(ops.matmul(v, self.W) + self.c)

    def visible(self, h):
        """p(v = 1 | h): (B, units) -> (B, visible); over the label units a softmax."""
        v = ops.matmul(h, ops.transpose(self.W)) + self.b
        if not self.labels:
            return ops.sigmoid(v)
        return ops.concatenate([ops.sigmoid(v[:, : -self.labels]), ops.softmax(v[:, -self.labels :])], axis=1)

    def step(self, v, seed):
        """One step of Gibbs sampling in an RBM with labels, visible to hidden and back: (B, visible) -> binary units,
        same shape.
        """
        v = self.visible(sample(self.hidden(v), seed))
        label = keras.random.categorical(ops.log(v[:, -self.labels :]), 1, seed=seed)[:, 0]  # (B,)
        pixels = sample(v[:, : -self.labels], seed)
        return ops.concatenate([pixels, ops.one_hot(label, self.labels, dtype=v.dtype)], axis=1)

    def free_energy(self, v):
        """F(v): (B, visible) -> (B,)."""
        return -ops.matmul(v, self.b) - ops.sum(ops.softplus(ops.matmul(v, self.W) + self.c), axis=1)


def sample(probability, seed):
    """Binary units: each is 1.0 with the given probability, independently."""
    uniform = keras.random.uniform(ops.shape(probability), seed=seed)
    return ops.cast(uniform < ops.cast(probability, uniform.dtype), probability.dtype)


@register(
    "dbn",
    title="Deep belief net",
    year=2006,
    paper="G. E. Hinton, S. Osindero, Y.-W. Teh, A Fast Learning Algorithm for Deep Belief Nets",
    url="https://doi.org/10.1162/neco.2006.18.7.1527",
    lineage=("mlp",),
    new="greedy layer-wise pre-training of a deep network",
)
class DBN(LogitsModel):
    """uint8 images (B, H, W, C) -> logits (B, classes). Labels are int, (B,).

    It is trained in stages, from the bottom up: `compile(optimizer, stage="rbm1")`, `fit`, `stage="rbm2"`, ... and
    `stage="classifier"`, the default, which starts from the RBMs where `unroll` was called. The topmost RBM has label
    units. The model has its own loss for each stage. Raises `zoo.errors.UnknownName` for an unknown stage and
    `zoo.errors.BadInput` for no hidden layer, fewer than 2 classes, or an invalid dropout.

    Args:
        input_shape: (H, W, C) of the images.
        hidden: units of each RBM, from the bottom up.
        classes: number of classes.
        dropout: rates of the pixels and of the hidden units, while the classifier is trained.
    """

    task = "classify_images"

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int] = (28, 28, 1),
        hidden: Sequence[int] = (500, 500, 2000),
        classes: int = 10,
        dropout: tuple[float, float] = (0.0, 0.0),
    ):
        if not hidden or any(units < 1 or not isinstance(units, numbers.Integral) for units in hidden):
            raise BadInput(f"DBN can't have hidden layers of {list(hidden)} units; give one or more, such as 500, 2000")
        check_classes("DBN", classes)
        check_shape("DBN", input_shape)
        if len(dropout) != 2 or not all(0 <= rate < 1 for rate in dropout):
            raise BadInput(f"DBN can't have a dropout of {tuple(dropout)}; give two numbers from 0, below 1")
        images = keras.Input(input_shape, dtype="uint8", name="images")
        x = layers.Rescaling(1 / 255, name="rescale")(images)
        x = layers.Reshape((math.prod(input_shape),), name="flatten")(x)  # (B, V)
        x = layers.Dropout(dropout[0], name="dropout0")(x)
        rbms = []
        for number, units in enumerate(hidden, start=1):
            rbms.append(RBM(units, labels=classes if number == len(hidden) else 0, name=f"rbm{number}"))
            x = rbms[-1](x)  # (B, units)
            x = layers.Dropout(dropout[1], name=f"dropout{number}")(x)
        logits = layers.Dense(classes, name="output")(x)  # (B, classes)
        super().__init__(images, logits, name="dbn")
        self.rbms = rbms
        self.seed = keras.random.SeedGenerator(2006)
        self.set_stage("classifier")
        self.arguments = {
            "input_shape": tuple(input_shape),
            "hidden": tuple(hidden),
            "classes": classes,
            "dropout": tuple(dropout),
        }

    @property
    def stages(self) -> tuple[str, ...]:
        return (*(rbm.name for rbm in self.rbms), "classifier")

    def unroll(self) -> None:
        """Initialise the classifier from the RBMs; its output layer keeps its random weights."""
        for rbm in self.rbms:
            rbm.unroll()

    def set_stage(self, stage: str) -> None:
        """Make this stage's variables trainable and no others: W, b and c of an RBM, or the variables of the
        classifier.

        Frozen layers (`layer.trainable = False`) stay frozen.
        """
        self.stage = stage
        for rbm in self.rbms:
            for variable in (rbm.W, rbm.b, rbm.c):
                variable.trainable = rbm.trainable and rbm.name == stage
            rbm.kernel.trainable = rbm.bias.trainable = rbm.trainable and stage == "classifier"
        output = self.get_layer("output")
        for variable in output.weights:
            variable.trainable = output.trainable and stage == "classifier"

    def compile(self, optimizer, *, stage="classifier", chain_steps=1, persistent=False, **kwargs):
        """chain_steps: Gibbs steps of the chain in an RBM's stage; more of them estimate the gradient better.
        persistent: continue the chains of the step before, for the topmost RBM; needed to generate well.
        """
        if stage not in self.stages:
            raise UnknownName("stage of DBN", stage, self.stages)
        if chain_steps < 1:
            raise BadInput(f"a chain can't have {chain_steps} steps; give 1 or more")
        if persistent and stage != self.rbms[-1].name:
            raise BadInput(f"only the topmost RBM has persistent chains: {self.rbms[-1].name}, not {stage}")
        self.set_stage(stage)
        self.chain_steps, self.persistent = chain_steps, persistent
        super().compile(optimizer=optimizer, **kwargs)

    def get_compile_config(self):
        """As of `keras.Model`, with the stage."""
        own = {name: getattr(self, name) for name in ("stage", "chain_steps", "persistent")}
        return super().get_compile_config() | own if self.compiled else {}

    def check_targets(self, y):
        """As of `LogitsModel`, but that an RBM learns from labels that may be unknown, or from none."""
        if self.stage == "classifier":
            super().check_targets(y)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Cross-entropy, or contrastive divergence in an RBM's stage; the mean over a batch."""
        if self.stage == "classifier":
            logits = ops.cast(y_pred, "float32")
            loss = ops.sparse_categorical_crossentropy(ops.reshape(y, (-1,)), logits, from_logits=True)  # (B,)
        else:
            rbm = self.get_layer(self.stage)
            v = ops.stop_gradient(self.visible_units(rbm, x, y))  # (B, visible)
            if self.persistent:
                v = ops.concatenate([sample(v[:, : -rbm.labels], self.seed), v[:, -rbm.labels :]], axis=1)
                loss = rbm.free_energy(v) - ops.mean(rbm.free_energy(self._persistent_chain(rbm)))  # (B,)
            else:
                loss = rbm.free_energy(v) - rbm.free_energy(self._short_chain(rbm, v))  # (B,)
        if sample_weight is not None:
            loss = loss * ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        return ops.mean(loss)

    def _short_chain(self, rbm, v):
        """The state after `chain_steps` Gibbs steps from v (B, visible): the same shape, without a gradient."""
        chain = v
        for _ in range(self.chain_steps):
            chain = rbm.visible(sample(rbm.hidden(chain), self.seed))
            if rbm.labels:  # an unknown label has no active unit in the data, so the chain must have none
                known = ops.sum(v[:, -rbm.labels :], axis=1, keepdims=True)  # (B, 1): 0 or 1
                chain = ops.concatenate([chain[:, : -rbm.labels], known * chain[:, -rbm.labels :]], axis=1)
        return ops.stop_gradient(chain)

    def _persistent_chain(self, rbm):
        """The persistent chains after `chain_steps` more Gibbs steps: (PARTICLES, visible), stored, without a
        gradient.
        """
        chain = ops.convert_to_tensor(rbm.particles)
        for _ in range(self.chain_steps):
            chain = rbm.step(chain, self.seed)
        chain = ops.stop_gradient(chain)
        rbm.particles.assign(chain)
        return chain

    def visible_units(self, rbm, images, labels):
        """Visible units of an RBM of the stack for uint8 images (B, H, W, C) with labels (B,): float32 (B, visible).

        A label of -1 is unknown: no label unit is active.
        """
        v = ops.reshape(ops.cast(images, "float32") / 255, (-1, self.rbms[0].kernel.shape[0]))
        for below in self.rbms[: self.rbms.index(rbm)]:
            v = below.hidden(v)
        if rbm.labels:
            one_hot = ops.one_hot(ops.cast(ops.reshape(labels, (-1,)), "int32"), rbm.labels, dtype="float32")
            v = ops.concatenate([v, one_hot], axis=1)
        return v

    def generate(self, labels, *, steps: int = 200, seed: int = 1) -> np.ndarray:
        """Generate images of these classes: uint8 (N, H, W, C).

        The top RBM runs `steps` Gibbs steps with its label units clamped, starting from a persistent chain of that
        class if there is one; then a pass down through the other RBMs makes the pixels. Raises `zoo.errors.BadInput`
        for a label that isn't a class, or no steps.

        Args:
            labels: class numbers, ints (N,).
        """
        labels, classes = np.asarray(labels), self.arguments["classes"]
        if labels.ndim != 1 or not set(labels.tolist()) <= set(range(classes)) or not len(labels):
            raise BadInput(f"labels to generate are {labels.tolist()}; give a list of numbers from 0 to {classes - 1}")
        if steps < 1:
            raise BadInput(f"can't generate in {steps} steps; give 1 or more")
        top, rng, seed = self.rbms[-1], np.random.default_rng(seed), keras.random.SeedGenerator(seed)
        one_hot = ops.one_hot(ops.cast(labels, "int32"), classes, dtype="float32")  # (N, classes)
        v = ops.convert_to_tensor(self._chain_states(labels, rng)[:, :-classes])  # (N, visible without labels)
        for _ in range(steps):
            h = sample(top.hidden(ops.concatenate([v, one_hot], axis=1)), seed)
            probability = top.visible(h)[:, :-classes]
            v = sample(probability, seed)
        v = probability
        for rbm in reversed(self.rbms[:-1]):
            v = rbm.visible(v)
        images = ops.convert_to_numpy(v).reshape(len(labels), *self.arguments["input_shape"])
        return np.rint(images * 255).astype("uint8")

    def _chain_states(self, labels, rng):
        """A random persistent chain of each label, or any chain where none has it: (N, visible)."""
        particles = ops.convert_to_numpy(self.rbms[-1].particles)
        classes = particles[:, -self.arguments["classes"] :].argmax(axis=1)  # (PARTICLES,)
        matching = [np.flatnonzero(classes == label) for label in labels]
        return particles[[rng.choice(chains if len(chains) else PARTICLES) for chains in matching]]

    def get_config(self):
        return dict(self.arguments)
