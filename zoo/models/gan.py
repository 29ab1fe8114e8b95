"""Generative adversarial nets: a generator learns from a discriminator that learns to tell real from generated
examples.

Ian J. Goodfellow, Jean Pouget-Abadie, Mehdi Mirza, Bing Xu, David Warde-Farley, Sherjil Ozair, Aaron Courville, Yoshua
Bengio, "Generative Adversarial Nets", NeurIPS 2014. https://arxiv.org/abs/1406.2661

What was new: a generative model that is only ever sampled. No likelihood, no Markov chain, no posterior: a second
network judges the samples, and back-propagation through it trains the first.

    min_G max_D  E_x log D(x) + E_z log(1 - D(G(z)))      eq. 1; D is the sigmoid of the discriminator's logit
    max_G  E_z log D(G(z))                                section 3: the same fixed point, but a gradient while D wins

Both learn in one step of `fit`: the loss is the discriminator's, on real images and on generated ones without a
gradient, plus the generator's, through a discriminator whose weights are constants. So one backward pass gives each
network the exact gradient of its own loss.

`GAN` is the network that the authors published for MNIST: a generator 100-1200-1200-784, a discriminator of maxout
units (I. Goodfellow and others, "Maxout Networks", 2013), with dropout. 2,503,984 and 1,231,441 parameters.

Where this file departs from the paper, and why:
- One step of the discriminator for one of the generator, in the same update: the authors' k = 1.
- Weights start as Keras's do rather than uniform in +-0.05 and +-0.005, and the pixels' biases at zero rather than at
  the data's means.
- Latents come from a Gaussian.

Letters: B images, Z latents, N labels of an image.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput, UnknownName
from zoo.hub.registry import register
from zoo.nn.checks import check_labels, check_shape
from zoo.nn.model import CheckedModel, check_pixels

LOSSES = ("nonsaturating", "minimax", "hinge")


class Adversarial(CheckedModel):
    """A generator and a discriminator, trained against each other; a subclass builds them.

    The model itself is the generator, latents (B, Z) -> images (B, H, W, C) as the discriminator takes them, with
    labels (B, N) as one more input of both where they are conditional. `fit` takes latents for x and uint8 images for
    y; `zoo.data.latents.latent_transform(Z)` as the `transform` of `zoo.data.batches.Batches` samples fresh latents in
    each epoch. Its log has the losses of both.
    """

    task = "generate_images"

    def __init__(self, inputs, outputs, discriminator: keras.Model, *, black: float, **kwargs):
        """black: value of a black pixel for both networks; a white one is 1."""
        super().__init__(inputs, outputs, **kwargs)
        self.discriminator, self.black = discriminator, black
        self.discriminator_metric = keras.metrics.Mean(name="discriminator_loss")
        self.generator_metric = keras.metrics.Mean(name="generator_loss")

    def scale(self, images):
        """uint8 images in the generator's range."""
        return self.black + ops.cast(images, "float32") * ((1 - self.black) / 255)

    def prepare(self, images):
        """Transform the discriminator's input, real and generated images alike; here not at all."""
        return images

    def compile(self, optimizer, *, loss: str = "nonsaturating", **kwargs):
        """loss: one of `LOSSES`; see `discriminator_loss` and `generator_loss`."""
        if loss not in LOSSES:
            raise UnknownName("loss of a GAN", loss, LOSSES)
        self.adversarial_loss = loss
        super().compile(optimizer=optimizer, **kwargs)

    def check_targets(self, y):
        """Raise `BadInput` unless `y` are images of the generator's size, uint8."""
        if not hasattr(y, "shape"):
            raise BadInput(f"{self.title} learns from images; give fit(latents, images)")
        if tuple(y.shape[1:]) != self.output_shape[1:]:
            raise BadInput(f"{self.title} takes images of shape {self.output_shape[1:]}, not {tuple(y.shape[1:])}")
        check_pixels(self.title, y)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The losses of both, each with a gradient for its own network only. Raises `BadInput` for example weights."""
        if sample_weight is not None:
            raise BadInput("a GAN can't weight its examples; leave sample_weight out")
        discriminator, labels = self.discriminator, list(x[1:]) if isinstance(x, list | tuple) else []
        # Each variable is read once for all calls: TensorFlow's graph optimiser may move a second read of a variable
        # past its update where the update doesn't depend on it, as the discriminator's on the generator's loss.
        weights = [ops.copy(variable) for variable in discriminator.trainable_variables]
        states = [ops.copy(variable) for variable in discriminator.non_trainable_variables]

        def discriminate(weights, states, images, labels=labels):
            inputs = [images, *labels] if labels else images
            return discriminator.stateless_call(weights, states, inputs, training=training)

        real = self.scale(y)
        real_logits, states = discriminate(weights, states, self.prepare(real))
        fake_logits, states = discriminate(weights, states, self.prepare(ops.stop_gradient(y_pred)))
        # The same discriminator with constant weights: the generator's gradient passes through it.
        constant = [ops.stop_gradient(weight) for weight in weights]
        generator_logits, _ = discriminate(constant, states, self.prepare(y_pred))
        for variable, state in zip(discriminator.non_trainable_variables, states, strict=True):
            variable.assign(state)
        loss_d = discriminator_loss(real_logits, fake_logits, self.adversarial_loss)
        loss_g = generator_loss(generator_logits, self.adversarial_loss)
        self.discriminator_metric.update_state(loss_d)
        self.generator_metric.update_state(loss_g)
        penalty = self.regularize(lambda *inputs: discriminate(weights, states, *inputs)[0], real, labels)
        return loss_d + loss_g + penalty

    def regularize(self, discriminator, images, labels):
        """A penalty that is added to the discriminator's loss; none here.

        discriminator: function (images, labels) -> logits (B, 1). images: real ones in the generator's range. labels: a
        list of the labels' tensor, empty for an unconditional model.
        """
        return 0.0

    def sample_latents(self, count: int, *, labels=None, seed: int = 0):
        """The generator's inputs for `count` images: latents (count, Z), or a list of those and the labels.

        Raises `BadInput` for a count below 1, and for missing, superfluous or unknown labels.
        """
        if count < 1:
            raise BadInput(f"can't generate {count} images; give 1 or more")
        conditional = isinstance(self.input, list)
        if conditional and labels is None:
            raise BadInput(f"{self.name} is conditional; give labels (B, {len(self.arguments['conditions'])})")
        if not conditional and labels is not None:
            raise BadInput(f"{self.name} is unconditional; leave out the labels")
        z = np.random.default_rng(seed).standard_normal((count, self.arguments["latents"]), dtype="float32")
        return z if labels is None else [z, check_labels(labels, count, self.arguments["conditions"])]

    def sample(self, count: int, *, labels=None, seed: int = 0) -> np.ndarray:
        """Generate `count` images, uint8 (count, H, W, C). The same seed gives the same images.

        labels: ints (count, N), for a conditional model.
        """
        return self.generate(self.sample_latents(count, labels=labels, seed=seed))

    def generate(self, inputs) -> np.ndarray:
        """Images from the generator's inputs, as `sample_latents` gives them: uint8 (B, H, W, C)."""
        return self.to_uint8(self(inputs))

    def to_uint8(self, images) -> np.ndarray:
        """Images in the generator's range as uint8 (B, H, W, C)."""
        images = np.clip(ops.convert_to_numpy(images), self.black, 1)
        return np.round(255 * (images - self.black) / (1 - self.black)).astype(np.uint8)

    def get_config(self):
        return dict(self.arguments)


def discriminator_loss(real, fake, loss="nonsaturating"):
    """The discriminator's loss, from its logits (B, 1) for real and for generated images.

    -log D(x) - log(1 - D(G(z))) by eq. 1; with "hinge" max(0, 1 - l(x)) + max(0, 1 + l(G(z))) of the logits l (J. H.
    Lim, J. C. Ye, "Geometric GAN", 2017, eq. 14).
    """
    real, fake = ops.cast(real, "float32"), ops.cast(fake, "float32")
    if loss == "hinge":
        return ops.mean(ops.relu(1 - real)) + ops.mean(ops.relu(1 + fake))
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


def generator_loss(fake, loss="nonsaturating"):
    """The generator's loss, from the discriminator's logits (B, 1) for generated images.

    -log D(G(z)), or with "minimax" log(1 - D(G(z))); with "hinge" minus the logits.
    """
    fake = ops.cast(fake, "float32")
    if loss == "hinge":
        return -ops.mean(fake)
    return -ops.mean(ops.softplus(fake)) if loss == "minimax" else ops.mean(ops.softplus(-fake))


class Maxout(layers.Layer):
    """The maximum of `pieces` linear functions, for each unit: (B, V) -> (B, units)."""

    def __init__(self, units: int, pieces: int, **kwargs):
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
    new="a generator trained by a discriminator",
)
class GAN(Adversarial):
    """The paper's network for MNIST: latents float32 (B, Z) -> images float32 (B, H, W, C) in 0 ... 1.

    `compile(optimizer, loss="nonsaturating")`, then `fit` as `Adversarial` says. Raises `zoo.errors.BadInput` for no
    latent or no hidden unit, `zoo.errors.UnknownName` for an unknown loss.

    Args:
        input_shape: (H, W, C) of the images.
        latents: Z, the number of latents.
        hidden: units of each of the generator's two hidden layers.
        maxout: units of each of the discriminator's two hidden layers, and linear pieces of each unit.
    """

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int] = (28, 28, 1),
        latents: int = 100,
        hidden: int = 1200,
        maxout: tuple[int, int] = (240, 5),
    ):
        if latents < 1 or hidden < 1 or min(maxout) < 1:
            raise BadInput(f"GAN can't have {latents} latents, {hidden} and {maxout} hidden units; give one or more")
        check_shape("GAN", input_shape)
        pixels = math.prod(input_shape)
        z = keras.Input((latents,), name="z")
        x = layers.Dense(hidden, activation="relu", name="generator_hidden1")(z)
        x = layers.Dense(hidden, activation="relu", name="generator_hidden2")(x)
        x = layers.Dense(pixels, activation="sigmoid", name="generator_pixels")(x)
        generated = layers.Reshape(input_shape, name="generator_image")(x)  # (B, H, W, C)

        images = keras.Input(input_shape, name="images")
        x = layers.Flatten()(images)
        x = layers.Dropout(0.2)(x)
        x = layers.Dropout(0.5)(Maxout(*maxout, name="hidden1")(x))
        x = layers.Dropout(0.5)(Maxout(*maxout, name="hidden2")(x))
        discriminator = keras.Model(images, layers.Dense(1, name="logit")(x), name="discriminator")
        super().__init__(z, generated, discriminator, black=0.0, name="gan")
        self.arguments = {
            "input_shape": tuple(input_shape),
            "latents": latents,
            "hidden": hidden,
            "maxout": tuple(maxout),
        }
