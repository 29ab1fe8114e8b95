"""A multi-layer perceptron of 300 and 100 hidden units on MNIST.

Reproduce: `zoo train mlp.mnist` (a few minutes on two cores). Expect 98.2 % or more on the 10,000 test images. LeCun
et al. 1998 list this network, 28x28-300-100-10, with 3.05 % errors undistorted. What makes the difference here: tanh
units with cross-entropy rather than squared error, AdamW with a falling rate, and averaged weights.
"""

import keras

from zoo.training.families.mnist import MNIST


class MLPMNIST(MNIST):
    name = "mlp.mnist"
    summary = "A 300-100 multi-layer perceptron reads handwritten digits."
    arguments = {"hidden": [300, 100], "activation": "tanh", "loss": "cross_entropy"}
    epochs = 60
    batch_size = 128
    steps_per_execution = 16
    weights_dtype = "float16"
    targets = {"accuracy": 98.2}
    paper = {"accuracy": 96.95}
    intended_use = "To see how a multi-layer perceptron works; a base to fine-tune on small grey images."

    def optimizer(self, steps):
        rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
        return keras.optimizers.AdamW(rate, weight_decay=1e-4, use_ema=True, ema_momentum=0.999)


RECIPE = MLPMNIST()
