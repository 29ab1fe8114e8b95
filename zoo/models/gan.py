"""Generative adversarial nets: one network forges, another tells forgeries from the real, and each teaches the other.

Ian J. Goodfellow, Jean Pouget-Abadie, Mehdi Mirza, Bing Xu, David Warde-Farley, Sherjil Ozair, Aaron Courville, Yoshua
Bengio, "Generative Adversarial Nets", NeurIPS 2014. https://arxiv.org/abs/1406.2661

What was new: a model of pictures that is only ever sampled. No likelihood, no Markov chain, no posterior: what is to be
made better is said by a second network, and back-propagation through it says how.

    min_G max_D  E_x log D(x) + E_z log(1 - D(G(z)))      eq. 1; D is the sigmoid of the discriminator's logit
    max_G  E_z log D(G(z))                                section 3: the same fixed point, but a gradient while D wins

How both learn in one step of `fit`: the loss is the discriminator's, on pictures and on forgeries that are taken as
they are, plus the generator's, seen through a discriminator whose weights are taken as they are. So one backward pass
gives each network the exact gradient of its own loss.

`GAN` is the network that the authors published for MNIST: a generator 100-1200-1200-784, a discriminator of maxout
units (I. Goodfellow and others, "Maxout Networks", 2013), with dropout. 2,503,984 and 1,231,441 parameters.

Where this file departs from the paper, and why:
- One step of the discriminator for one of the generator, in the same update: the authors' k = 1.
- Weights start as Keras's do rather than uniform in +-0.05 and +-0.005, and the pixels' biases at zero rather than at
  the data's means.
- Latents come from a Gaussian.

Letters: B pictures, Z latents.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput, UnknownName
from zoo.hub.registry import register
from zoo.nn.checks import check_labels

LOSSES = ("nonsaturating", "minimax", "hinge")


class Adversarial(keras.Model):
    """Two networks against each other; a subclass builds them.

    The model itself is the generator, latents (B, Z) -> pictures (B, H, W, C) as the discriminator takes them, with
    more inputs, the same for both, where both are told what to make. `fit` takes latents for x and uint8 pictures for
    y, with fresh latents in each epoch: `zoo.data.batches.Batches` with `transform=zoo.data.latents.drawn(Z)`. Its log
    has the losses of both.
    """

    def __init__(self, inputs, outputs, discriminator, *, black, **kwargs):
        """black: what a black pixel is for both networks; a white one is 1."""
        super().__init__(inputs, outputs, **kwargs)
        self.discriminator, self.black = discriminator, black
        self.of_discriminator = keras.metrics.Mean(name="discriminator_loss")
        self.of_generator = keras.metrics.Mean(name="generator_loss")

    def scale(self, pictures):
        """uint8 pictures as the generator makes them."""
        return self.black + ops.cast(pictures, "float32") * ((1 - self.black) / 255)

    def prepare(self, pictures):
        """What the discriminator is shown of pictures, real and forged alike: the pictures themselves."""
        return pictures

    def compile(self, optimizer, *, loss="nonsaturating", **kwargs):
        """loss: one of `LOSSES`; see `critic_loss` and `forger_loss`."""
        if loss not in LOSSES:
            raise UnknownName("loss of a GAN", loss, LOSSES)
        self.adversarial_loss = loss
        super().compile(optimizer=optimizer, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The losses of both, each with a gradient for its own network only. Raises `BadInput` for example weights."""
        if sample_weight is not None:
            raise BadInput("a GAN weighs all pictures alike; leave sample_weight out")
        discriminator, told = self.discriminator, list(x[1:]) if isinstance(x, list | tuple) else []
        # Each variable is read once for all looks: TensorFlow's graph optimiser may move a second reading of a
        # variable past its update where the update doesn't hang on it, as the discriminator's on the generator's loss.
        weights = [ops.copy(variable) for variable in discriminator.trainable_variables]
        states = [ops.copy(variable) for variable in discriminator.non_trainable_variables]

        def look(weights, states, pictures, told=told):
            inputs = [pictures, *told] if told else pictures
            return discriminator.stateless_call(weights, states, inputs, training=training)

        real = self.scale(y)
        seen, states = look(weights, states, self.prepare(real))
        caught, states = look(weights, states, self.prepare(ops.stop_gradient(y_pred)))
        # The same discriminator with weights that are constants: the way back to the generator leads through it.
        constant = [ops.stop_gradient(weight) for weight in weights]
        passed, _ = look(constant, states, self.prepare(y_pred))
        for variable, state in zip(discriminator.non_trainable_variables, states, strict=True):
            variable.assign(state)
        losses = discriminator_loss(seen, caught, self.adversarial_loss), generator_loss(passed, self.adversarial_loss)
        self.of_discriminator.update_state(losses[0])
        self.of_generator.update_state(losses[1])
        return sum(losses) + self.regularize(lambda *given: look(weights, states, *given)[0], real, told)

    def regularize(self, discriminator, pictures, told):
        """What else the discriminator is to keep small; nothing here.

        critic(pictures, told): its logits (B, 1). pictures: real ones, as the generator makes them; told: a list of
        what it is told of them, empty where there is nothing.
        """
        return 0.0

    def draw_latents(self, count: int, *, labels=None, seed: int = 0):
        """What the generator makes `count` pictures of: latents (count, Z), or a list of those and of the labels.

        Raises `BadInput` for no pictures, and for labels missing, in vain or unknown.
        """
        if count < 1:
            raise BadInput(f"{count} pictures are none to make; give 1 or more")
        if (labels is None) != (not isinstance(self.input, list)):
            raise BadInput(
                f"{self.name} is {'not ' * (labels is not None)}told what to make; its labels are {labels!r:.40}"
            )
        z = np.random.default_rng(seed).standard_normal((count, self.arguments["latents"]), dtype="float32")
        return z if labels is None else [z, check_labels(labels, count, self.arguments["conditions"])]

    def sample(self, count: int, *, labels=None, seed: int = 0):
        """`count` pictures, uint8 (count, H, W, C). The same seed makes the same ones.

        labels: of each, ints (count, N), where the network is told what to make.
        """
        return self.pictures(self.draw_latents(count, labels=labels, seed=seed))

    def pictures(self, inputs):
        """What the generator makes of its inputs, as uint8 (B, H, W, C)."""
        return self.as_bytes(self(inputs))

    def as_bytes(self, made):
        """Pictures as the networks have them, as uint8 (B, H, W, C)."""
        made = np.clip(ops.convert_to_numpy(made), self.black, 1)
        return np.round(255 * (made - self.black) / (1 - self.black)).astype(np.uint8)

    def get_config(self):
        return dict(self.arguments)


def discriminator_loss(real, fake, loss="nonsaturating"):
    """What the discriminator minimises, of its logits (B, 1) for real pictures and for forgeries.

    -log D(x) - log(1 - D(G(z))) by eq. 1; with "hinge" max(0, 1 - l(x)) + max(0, 1 + l(G(z))) of the logits l (J. H.
    Lim, J. C. Ye, "Geometric GAN", 2017, eq. 14).
    """
    real, fake = ops.cast(real, "float32"), ops.cast(fake, "float32")
    if loss == "hinge":
        return ops.mean(ops.relu(1 - real)) + ops.mean(ops.relu(1 + fake))
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


def generator_loss(fake, loss="nonsaturating"):
    """What the generator minimises, of the discriminator's logits (B, 1) for forgeries.

    -log D(G(z)), or with "minimax" log(1 - D(G(z))); with "hinge" minus the logits.
    """
    fake = ops.cast(fake, "float32")
    if loss == "hinge":
        return -ops.mean(fake)
    return -ops.mean(ops.softplus(fake)) if loss == "minimax" else ops.mean(ops.softplus(-fake))


class Maxout(layers.Layer):
    """The largest of `pieces` linear answers, for each unit: (B, V) -> (B, units)."""

    def __init__(self, units, pieces, **kwargs):
        super().__init__(**kwargs)
        self.units, self.pieces = units, pieces
        self.linear = layers.Dense(units * pieces, name="linear")

    def call(self, x):
        return ops.max(ops.reshape(self.linear(x), (-1, self.units, self.pieces)), axis=-1)


@register(
    "gan",
    title="Generative adversarial net",
    year=2014,
    paper="I. Goodfellow and others, Generative Adversarial Nets (2014)",
    url="https://arxiv.org/abs/1406.2661",
    lineage=("mlp",),
)
class GAN(Adversarial):
    """The paper's network for MNIST: latents float32 (B, Z) -> pictures float32 (B, H, W, C) in 0 ... 1.

    `compile(optimizer, loss="nonsaturating")`, then `fit` as `Adversarial` says. Raises `zoo.errors.BadInput` for no
    latent or no hidden unit, `zoo.errors.UnknownName` for an unknown loss.

    Args:
        input_shape: (H, W, C) of the pictures.
        latents: numbers that a picture is made of.
        hidden: units of each of the generator's two layers.
        maxout: units of each of the discriminator's two layers, and linear pieces of each unit.
    """

    def __init__(self, *, input_shape=(28, 28, 1), latents=100, hidden=1200, maxout=(240, 5)):
        if latents < 1 or hidden < 1 or min(maxout) < 1:
            raise BadInput(f"GAN can't have {latents} latents, {hidden} and {maxout} hidden units; give one or more")
        pixels = math.prod(input_shape)
        z = keras.Input((latents,), name="z")
        x = layers.Dense(hidden, activation="relu", name="generator_hidden1")(z)
        x = layers.Dense(hidden, activation="relu", name="generator_hidden2")(x)
        x = layers.Dense(pixels, activation="sigmoid", name="generator_pixels")(x)
        made = layers.Reshape(input_shape, name="generator_picture")(x)  # (B, H, W, C)

        pictures = keras.Input(input_shape, name="pictures")
        x = layers.Flatten()(pictures)
        x = layers.Dropout(0.2)(x)
        x = layers.Dropout(0.5)(Maxout(*maxout, name="hidden1")(x))
        x = layers.Dropout(0.5)(Maxout(*maxout, name="hidden2")(x))
        discriminator = keras.Model(pictures, layers.Dense(1, name="logit")(x), name="discriminator")
        super().__init__(z, made, discriminator, black=0.0, name="gan")
        self.arguments = {
            "input_shape": tuple(input_shape),
            "latents": latents,
            "hidden": hidden,
            "maxout": tuple(maxout),
        }
