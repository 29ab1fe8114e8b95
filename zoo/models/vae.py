"""The variational autoencoder: a generative model with latent variables, trained by back-propagation.

Diederik P. Kingma, Max Welling, "Auto-Encoding Variational Bayes", ICLR 2014. https://arxiv.org/abs/1312.6114

What was new: a network, the encoder, outputs the approximate posterior over the latents, and a sample of it is a
function of that output and of independent noise (the reparameterisation), so that the gradient passes through
sampling. Fitting a latent variable model became a matter of back-propagation.

    z = mu + sigma * epsilon, epsilon ~ N(0, I)                                      section 2.4, reparameterisation
    L = 1/2 sum_j (1 + log sigma_j^2 - mu_j^2 - sigma_j^2) + log p(x | z)            eq. 10, one sample z an image
    log p(x | z) = sum_i x_i log y_i + (1 - x_i) log(1 - y_i)                        eq. 11, Bernoulli pixels

L, in nats an image, is the evidence lower bound (ELBO) of log p(x); `fit` minimises -L. Its first part is minus the
Kullback-Leibler divergence of q(z | x) = N(mu, sigma^2) from the prior N(0, I).

Where this file departs from the paper, and why:
- Pixels are Bernoulli probabilities x in 0 ... 1. For comparable figures, training and test images are to be
  binarised, each pixel sampled with its grey level (the recipe does that): of grey images L is no log-likelihood.
- Weights start as Keras's do rather than from N(0, 0.01), and the decoder's have no prior.
- The paper's own estimate of the likelihood (appendix D) is for few latents; `log_likelihood` is the one that the field
  reports, of Y. Burda, R. Grosse, R. Salakhutdinov, "Importance Weighted Autoencoders" (2016), eq. 8.
- `convolutional=True` is a variant of ours.

Letters: B images, K samples of each, J latents. The paper's network for MNIST, 784-500-(J, J) and J-500-784, has
785,784 + 1,502 J parameters.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.nn.checks import check_shape
from zoo.nn.model import CheckedModel

LOG_2PI = math.log(2 * math.pi)


class Sampling(layers.Layer):
    """In training a sample z of q(z | x), else the mean of q. Mean, log variance (B, J) -> (B, J).

    Adds the Kullback-Leibler divergence, -1/2 sum_j (1 + log sigma_j^2 - mu_j^2 - sigma_j^2), its mean over a batch, to
    the losses.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed = keras.random.SeedGenerator(2013)

    def call(self, mean, log_variance, training=False):
        self.add_loss(ops.mean(divergence(mean, log_variance)))
        if not training:
            return mean
        noise = keras.random.normal(ops.shape(mean), dtype=mean.dtype, seed=self.seed)
        return mean + ops.exp(0.5 * log_variance) * noise


def divergence(mean, log_variance):
    """Kullback-Leibler divergence of N(mean, exp(log_variance)) from N(0, I) in nats: (B, J) -> (B,), float32."""
    mean, log_variance = ops.cast(mean, "float32"), ops.cast(log_variance, "float32")
    return -0.5 * ops.sum(1 + log_variance - ops.square(mean) - ops.exp(log_variance), axis=-1)


def log_bernoulli(x, logits):
    """log p(x | z), eq. 11: x in 0 ... 1 and logits (..., H, W, C) -> nats (...), float32."""
    x, logits = ops.cast(x, "float32"), ops.cast(logits, "float32")
    return ops.sum(x * logits - ops.softplus(logits), axis=(-3, -2, -1))


@register(
    "vae",
    title="Variational autoencoder",
    year=2013,
    paper="D. P. Kingma, M. Welling, Auto-Encoding Variational Bayes (2013)",
    url="https://arxiv.org/abs/1312.6114",
    lineage=("mlp",),
    new="reparameterisation: latent variables by back-propagation",
)
class VAE(CheckedModel):
    """uint8 images (B, H, W, C) -> logits of their reconstruction's pixels, (B, H, W, C).

    The model has its own loss, -L, so `compile` needs only an optimiser and `fit` no labels. `encoder` and `decoder`
    are models too. Raises `zoo.errors.BadInput` for no hidden unit or no latent, and for images whose sides
    `convolutional` can't halve twice.

    Args:
        input_shape: (H, W, C) of the images.
        latents: J, the number of latents.
        hidden: tanh units of the encoder and of the decoder.
        convolutional: two convolutions with stride 2 before the encoder's hidden layer, and transposed ones after the
            decoder's.
    """

    task = "autoencode_images"

    def __init__(
        self,
        *,
        input_shape: tuple[int, int, int] = (28, 28, 1),
        latents: int = 20,
        hidden: int = 500,
        convolutional: bool = False,
    ):
        if latents < 1 or hidden < 1:
            raise BadInput(f"VAE can't have {hidden} hidden units and {latents} latents; give one or more of each")
        check_shape("VAE", input_shape)
        height, width, channels = input_shape
        if convolutional and (height % 4 or width % 4):
            raise BadInput(f"a convolutional VAE can't halve {height} x {width} images twice; give multiples of 4")
        images = keras.Input(input_shape, dtype="uint8", name="images")
        x = layers.Rescaling(1 / 255, name="rescale")(images)
        if convolutional:
            x = _convolution(layers.Conv2D, 32, "down1")(x)  # (B, H / 2, W / 2, 32)
            x = _convolution(layers.Conv2D, 64, "down2")(x)  # (B, H / 4, W / 4, 64)
        x = layers.Flatten(name="flatten")(x)
        x = layers.Dense(hidden, activation="tanh", name="encoder_hidden")(x)  # (B, hidden)
        mean = layers.Dense(latents, name="mean")(x)  # (B, J)
        log_variance = layers.Dense(latents, name="log_variance")(x)  # (B, J)
        encoder = keras.Model(images, [mean, log_variance], name="encoder")

        z = keras.Input((latents,), name="z")
        x = layers.Dense(hidden, activation="tanh", name="decoder_hidden")(z)
        if convolutional:
            x = layers.Dense(height * width // 16 * 64, activation="relu", name="decoder_expand")(x)
            x = layers.Reshape((height // 4, width // 4, 64), name="grid")(x)  # (B, H / 4, W / 4, 64)
            x = _convolution(layers.Conv2DTranspose, 32, "up1")(x)  # (B, H / 2, W / 2, 32)
            x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same", name="pixels")(x)  # (B, H, W, C)
        else:
            x = layers.Dense(height * width * channels, name="pixels")(x)
            x = layers.Reshape(input_shape, name="image")(x)  # (B, H, W, C)
        decoder = keras.Model(z, x, name="decoder")

        super().__init__(images, decoder(Sampling(name="sampling")(*encoder(images))), name="vae")
        self.encoder, self.decoder = encoder, decoder
        self.arguments = {
            "input_shape": tuple(input_shape),
            "latents": latents,
            "hidden": hidden,
            "convolutional": convolutional,
        }

    def compile(self, optimizer=None, **kwargs):
        """The default optimiser is the paper's Adagrad, with the middle one of its three learning rates, 0.02."""
        super().compile(optimizer=optimizer or keras.optimizers.Adagrad(0.02), **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """-L of eq. 10, the mean over a batch. Labels are ignored. Raises `BadInput` for weights of examples."""
        if sample_weight is not None:
            raise BadInput("a VAE can't weight its examples; leave sample_weight out")
        reconstruction = log_bernoulli(ops.cast(x, "float32") / 255, y_pred)  # (B,)
        return sum(self.losses) - ops.mean(reconstruction)  # `losses` has the divergence, from `Sampling`

    def encode(self, images):
        """q(z | x) of uint8 images (B, H, W, C): its means and standard deviations, NumPy arrays (B, J) each."""
        mean, log_variance = self.encoder(images)
        return ops.convert_to_numpy(mean), ops.convert_to_numpy(ops.exp(0.5 * log_variance))

    def decode(self, z):
        """Decode latents (B, J) to images: pixel probabilities as grey levels, a NumPy array uint8 (B, H, W, C)."""
        probability = ops.convert_to_numpy(ops.sigmoid(self.decoder(ops.convert_to_tensor(z, "float32"))))
        return np.round(255 * probability).astype(np.uint8)

    def sample(self, count: int, *, seed: int = 0):
        """`count` images of latents sampled from the prior, uint8 (count, H, W, C). The same seed gives the same
        images.
        """
        if count < 1:
            raise BadInput(f"can't generate {count} images; give 1 or more")
        return self.decode(np.random.default_rng(seed).standard_normal((count, self.arguments["latents"])))

    def interpolate(self, first, last, steps: int):
        """Images of latents on the straight line between those of two images.

        uint8 (H, W, C), twice -> uint8 (steps, H, W, C).
        """
        if steps < 2:
            raise BadInput(f"can't interpolate in {steps} steps; give 2 or more")
        mean, _ = self.encode(np.stack([first, last]))
        weight = np.linspace(0, 1, steps)[:, None]  # (steps, 1)
        return self.decode((1 - weight) * mean[:1] + weight * mean[1:])

    def elbo(self, images, *, seed: int = 0):
        """L of each image, eq. 10 with one sample, in nats: uint8 (B, H, W, C) -> NumPy float32 (B,)."""
        mean, log_variance = self.encoder(images)
        z = mean + ops.exp(0.5 * log_variance) * keras.random.normal(ops.shape(mean), seed=seed)
        reconstruction = log_bernoulli(ops.cast(images, "float32") / 255, self.decoder(z))
        return ops.convert_to_numpy(reconstruction - divergence(mean, log_variance))

    def log_likelihood(self, images, *, samples: int = 500, seed: int = 0):
        """log p(x) of each image, estimated by importance sampling: log 1/K sum_k p(x | z_k) p(z_k) / q(z_k | x).

        Its expectation is a lower bound that gets tighter with K; with K = 1 it is an estimate of the ELBO. uint8 (B,
        H, W, C) -> NumPy float32 (B,). Needs the memory of K images.
        """
        x = ops.cast(images, "float32") / 255
        means, log_variances = self.encoder(images)
        estimates = []
        for number in range(len(images)):
            noise = keras.random.normal((samples, means.shape[-1]), seed=seed + number)  # (K, J)
            z = means[number] + ops.exp(0.5 * log_variances[number]) * noise
            log_prior = -0.5 * ops.sum(ops.square(z) + LOG_2PI, axis=-1)  # (K,)
            log_q = -0.5 * ops.sum(ops.square(noise) + LOG_2PI + log_variances[number], axis=-1)
            weights = log_bernoulli(x[number], self.decoder(z)) + log_prior - log_q
            estimates.append(ops.logsumexp(weights) - math.log(samples))
        return ops.convert_to_numpy(ops.stack(estimates))

    def get_config(self):
        return dict(self.arguments)


def _convolution(layer, channels, label):
    return layer(channels, 4, strides=2, padding="same", activation="relu", name=label)
