"""A DCGAN on MNIST, conditioned on the digit to generate.

Reproduce: `zoo train dcgan.mnist`. A narrow one, 32 channels next to the images, with what the field has settled on
since: a projection discriminator, spectral normalisation with Adam's first momentum at zero, the hinge loss, averaged
weights.
"""

import keras

from zoo.hub import checkpoint
from zoo.training.families.digits import DigitGenerator


class DCGANMNIST(DigitGenerator):
    name = "dcgan.mnist"
    summary = "A deep convolutional GAN generates the handwritten digit that is asked for."
    arguments = {"input_shape": [28, 28, 1], "channels": 32, "conditions": [10], "spectral": True}
    epochs = 20
    batch_size = 64
    conditional, loss = True, "hinge"
    targets = {"accuracy": 97.0}
    inputs = DigitGenerator.inputs | {"labels": {"description": "the digit"}}
    outputs = {
        "image": {
            "description": "a digit, -1 black to 1 white",
            "range": [-1, 1],
        }
    }
    intended_use = "Digits of one's choice (`DCGAN.sample`, app digits); to see a conditional GAN."

    def goals(self, card):
        """At most a third of the Fréchet distance of the GAN that it improves on."""
        return self.targets | {"frechet_distance": checkpoint.card("gan.mnist").result("frechet_distance")["value"] / 3}

    def optimizer(self, steps):
        return keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.9, use_ema=True, ema_momentum=0.999)


RECIPE = DCGANMNIST()
