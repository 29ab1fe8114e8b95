"""A generative adversarial net on MNIST: the network that the paper's authors published, with two fifths of its units.

Reproduce: `zoo train gan.mnist`. Instead of their growing momentum and falling rate Adam with a low first momentum, as
in the DCGAN paper, and averaged weights.
"""

import keras

from zoo.training.families.digits import DigitGenerator


class GANMNIST(DigitGenerator):
    name = "gan.mnist"
    summary = "The first generative adversarial network generates handwritten digits from noise."
    arguments = {"hidden": 500, "maxout": [100, 5]}
    epochs = 60
    batch_size = 100
    outputs = {
        "image": {
            "description": "a digit, 0 black to 1 white",
            "range": [0, 1],
        }
    }
    intended_use = "To see how two networks train each other; random digits (`GAN.sample`, app digits)."

    def optimizer(self, steps):
        return keras.optimizers.Adam(2e-4, beta_1=0.5, use_ema=True, ema_momentum=0.999)


RECIPE = GANMNIST()
