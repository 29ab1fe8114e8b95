"""The deep belief net: layers that learn one after the other, each to explain what the one below sees.

Geoffrey E. Hinton, Simon Osindero, Yee-Whye Teh, "A Fast Learning Algorithm for Deep Belief Nets", Neural Computation
18(7), 1527-1554 (2006). https://doi.org/10.1162/neco.2006.18.7.1527

What was new: deep nets of fully connected layers were held to be all but untrainable. Here each layer is first a
restricted Boltzmann machine (RBM) that learns, without labels, to reproduce its input; its hidden units are the next
one's input. The stack is a model of the data: let its top two layers settle, then go down, and it draws digits
(`DBN.dream`).

    E(v, h) = -b.v - c.h - v W h                         energy of visible units v and hidden ones h
    p(h_j = 1 | v) = sigma(c_j + sum_i v_i w_ij)         and likewise p(v_i = 1 | h) with W transposed and b
    F(v) = -b.v - sum_j log(1 + exp(c_j + sum_i v_i w_ij))      free energy: p(v) is proportional to exp(-F(v))
    dw_ij ~ <v_i h_j>_data - <v_i h_j>_chain             contrastive divergence: a chain of few steps, from the data

The last line is the gradient of F(data) - F(chain), where the chain is taken as it is: that is the loss that `fit`
minimises, on any backend.

Where this file departs from the paper, and why:
- The classifier is fine-tuned by back-propagation, as in Hinton and Salakhutdinov, "Reducing the Dimensionality of Data
  with Neural Networks" (2006); the paper's own 98.75 % came from the up-down algorithm, a contrastive wake-sleep. Each
  layer keeps its RBM beside what fine-tuning makes of it: the one dreams, the other reads.
- `dropout`, off in the default, is that of G. Hinton and others, "Improving Neural Networks by Preventing Co-adaptation
  of Feature Detectors" (2012), who fine-tuned this very net with it.
- In a chain that starts from the data, reconstructions, of the label units too, are probabilities rather than samples,
  as is usual for grey pixels.
- `persistent=True` trains the topmost RBM with chains that go on from step to step (T. Tieleman, "Training Restricted
  Boltzmann Machines using Approximations to the Likelihood Gradient", 2008). A chain from the data unlearns only what
  lies near them; far from them it leaves states, such as an empty picture, where dreams end up.

Parameters: 1,665,010 of the classifier 784-500-500-2000-10, and 1,666,794 of the three RBMs.
"""

import math
import numbers

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput, UnknownName
from zoo.hub.registry import register
from zoo.nn.checks import check_classes

PARTICLES = 100  # chains that are kept, for an RBM that sees labels


class RBM(layers.Layer):
    """A restricted Boltzmann machine, and the sigmoid layer that starts as a copy of its way up.

    As a layer: float32 (B, V) -> probabilities (B, units), with `kernel` and `bias`, which fine-tuning changes.
    As an RBM: `W`, visible bias `b` and hidden bias `c`, which contrastive divergence learns. The last `labels` of its
    visible units stand for a class; of them exactly one is on. The layer does not see them. `particles` are the
    visible units of its persistent chains, zeros until there are any.
    """

    def __init__(self, units, labels=0, **kwargs):
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
            kept = {"shape": (PARTICLES, visible), "initializer": "zeros", "trainable": False}
            self.particles = self.add_weight(**kept, name="particles")

    def call(self, x):
        return ops.sigmoid(ops.matmul(x, self.kernel) + self.bias)

    def unroll(self) -> None:
        """Start the layer from what the RBM has learned."""
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
        """One step of Gibbs sampling in an RBM with labels, there and back: (B, visible) -> units that are on, same."""
        v = self.visible(sample(self.hidden(v), seed))
        chosen = keras.random.categorical(ops.log(v[:, -self.labels :]), 1, seed=seed)[:, 0]  # (B,)
        pixels = sample(v[:, : -self.labels], seed)
        return ops.concatenate([pixels, ops.one_hot(chosen, self.labels, dtype=v.dtype)], axis=1)

    def free_energy(self, v):
        """F(v): (B, visible) -> (B,)."""
        return -ops.matmul(v, self.b) - ops.sum(ops.softplus(ops.matmul(v, self.W) + self.c), axis=1)


def sample(probability, seed):
    """Units that are on (1.0) with this probability, each by itself."""
    drawn = keras.random.uniform(ops.shape(probability), seed=seed)
    return ops.cast(drawn < ops.cast(probability, drawn.dtype), probability.dtype)


@register(
    "dbn",
    title="Deep belief net",
    year=2006,
    paper="G. E. Hinton, S. Osindero, Y.-W. Teh, A Fast Learning Algorithm for Deep Belief Nets",
    url="https://doi.org/10.1162/neco.2006.18.7.1527",
    lineage=("mlp",),
)
class DBN(keras.Model):
    """uint8 images (B, H, W, C) -> logits (B, classes). Labels are int, (B,).

    It learns in stages, from the bottom up: `compile(optimizer, stage="rbm1")`, `fit`, `stage="rbm2"`, ... and
    `stage="classifier"`, the default, which starts from the RBMs where `unroll` was called. The topmost RBM sees the
    labels too. The loss of each stage is the model's own. Raises `zoo.errors.UnknownName` for an unknown stage and
    `zoo.errors.BadInput` for no hidden layer, fewer than 2 classes, or a dropout that can't be.

    Args:
        input_shape: (H, W, C) of the pictures.
        hidden: units of each RBM, from the bottom up.
        classes: of the labels.
        dropout: shares of the pixels and of the hidden units that are left out while the classifier learns.
    """

    def __init__(self, *, input_shape=(28, 28, 1), hidden=(500, 500, 2000), classes=10, dropout=(0.0, 0.0)):
        if not hidden or any(units < 1 or not isinstance(units, numbers.Integral) for units in hidden):
            raise BadInput(f"DBN can't have hidden layers of {list(hidden)} units; give one or more, such as 500, 2000")
        check_classes("DBN", classes)
        if len(dropout) != 2 or not all(0 <= share < 1 for share in dropout):
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
        self.learn("classifier")
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
        """Start the classifier from what the RBMs have learned; its output layer keeps its random weights."""
        for rbm in self.rbms:
            rbm.unroll()

    def learn(self, stage: str) -> None:
        """Let this stage's variables learn and no others: of an RBM W, b and c, else what the classifier is made of.

        Layers that are frozen (`layer.trainable = False`) stay so.
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
        """chain_steps: of Gibbs sampling in an RBM's stage, from the data; more than one brings it nearer to the truth.
        persistent: from where the step before has left off, for the topmost RBM; to dream well."""
        if stage not in self.stages:
            raise UnknownName("stage of DBN", stage, self.stages)
        if chain_steps < 1:
            raise BadInput(f"a chain of {chain_steps} steps is none; give 1 or more")
        if persistent and stage != self.rbms[-1].name:
            raise BadInput(f"only the topmost RBM keeps its chains: {self.rbms[-1].name}, not {stage}")
        self.learn(stage)
        self.chain_steps, self.persistent = chain_steps, persistent
        super().compile(optimizer=optimizer, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Cross-entropy, or contrastive divergence in an RBM's stage; the mean over a batch."""
        if self.stage == "classifier":
            logits = ops.cast(y_pred, "float32")
            loss = ops.sparse_categorical_crossentropy(ops.reshape(y, (-1,)), logits, from_logits=True)  # (B,)
        else:
            rbm = self.get_layer(self.stage)
            v = ops.stop_gradient(self.visible_of(rbm, x, y))  # (B, visible)
            if self.persistent:
                v = ops.concatenate([sample(v[:, : -rbm.labels], self.seed), v[:, -rbm.labels :]], axis=1)
                loss = rbm.free_energy(v) - ops.mean(rbm.free_energy(self._persistent_chain(rbm)))  # (B,)
            else:
                loss = rbm.free_energy(v) - rbm.free_energy(self._short_chain(rbm, v))  # (B,)
        if sample_weight is not None:
            loss = loss * ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        return ops.mean(loss)

    def _short_chain(self, rbm, v):
        """Where `chain_steps` of Gibbs sampling lead from v (B, visible): the same shape, taken as it is."""
        chain = v
        for _ in range(self.chain_steps):
            chain = rbm.visible(sample(rbm.hidden(chain), self.seed))
            if rbm.labels:  # an unknown label has no unit on in the data, so none may be in the chain
                known = ops.sum(v[:, -rbm.labels :], axis=1, keepdims=True)  # (B, 1): 0 or 1
                chain = ops.concatenate([chain[:, : -rbm.labels], known * chain[:, -rbm.labels :]], axis=1)
        return ops.stop_gradient(chain)

    def _persistent_chain(self, rbm):
        """Where they lead from where the last ones ended: (PARTICLES, visible), taken as it is, and kept."""
        chain = ops.convert_to_tensor(rbm.particles)
        for _ in range(self.chain_steps):
            chain = rbm.step(chain, self.seed)
        chain = ops.stop_gradient(chain)
        rbm.particles.assign(chain)
        return chain

    def visible_of(self, rbm, images, labels):
        """What an RBM of the stack sees of uint8 images (B, H, W, C) with labels (B,): float32 (B, visible).

        A label of -1 is unknown: no label unit is on.
        """
        v = ops.reshape(ops.cast(images, "float32") / 255, (-1, self.rbms[0].kernel.shape[0]))
        for below in self.rbms[: self.rbms.index(rbm)]:
            v = below.hidden(v)
        if rbm.labels:
            one_hot = ops.one_hot(ops.cast(ops.reshape(labels, (-1,)), "int32"), rbm.labels, dtype="float32")
            v = ops.concatenate([v, one_hot], axis=1)
        return v

    def dream(self, labels, *, steps=200, seed=1) -> np.ndarray:
        """Let the net draw pictures of these classes: uint8 (N, H, W, C).

        The top RBM goes back and forth `steps` times with its label units held fast, from where one of its kept chains
        is, of that class if there is one; what it has settled on goes down through the RBMs below. Raises
        `zoo.errors.BadInput` for a label that isn't a class, or no steps.

        Args:
            labels: class numbers, ints (N,).
        """
        labels, classes = np.asarray(labels), self.arguments["classes"]
        if labels.ndim != 1 or not set(labels.tolist()) <= set(range(classes)) or not len(labels):
            raise BadInput(f"labels to dream of are {labels.tolist()}; give a list of numbers from 0 to {classes - 1}")
        if steps < 1:
            raise BadInput(f"a dream of {steps} steps shows nothing; give 1 or more")
        top, rng, seed = self.rbms[-1], np.random.default_rng(seed), keras.random.SeedGenerator(seed)
        held = ops.one_hot(ops.cast(labels, "int32"), classes, dtype="float32")  # (N, classes)
        v = ops.convert_to_tensor(self._kept_of(labels, rng)[:, :-classes])  # (N, visible of them)
        for _ in range(steps):
            h = sample(top.hidden(ops.concatenate([v, held], axis=1)), seed)
            probability = top.visible(h)[:, :-classes]
            v = sample(probability, seed)
        v = probability
        for rbm in reversed(self.rbms[:-1]):
            v = rbm.visible(v)
        pictures = ops.convert_to_numpy(v).reshape(len(labels), *self.arguments["input_shape"])
        return np.rint(pictures * 255).astype("uint8")

    def _kept_of(self, labels, rng):
        """Where one of the kept chains of each label is, or any chain where none has it: (N, visible)."""
        particles = ops.convert_to_numpy(self.rbms[-1].particles)
        classes = particles[:, -self.arguments["classes"] :].argmax(axis=1)  # (PARTICLES,)
        own = [np.flatnonzero(classes == label) for label in labels]
        return particles[[rng.choice(chains if len(chains) else PARTICLES) for chains in own]]

    def get_config(self):
        return dict(self.arguments)
