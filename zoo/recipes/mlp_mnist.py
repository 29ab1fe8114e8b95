"""A multi-layer perceptron of 300 and 100 hidden units on MNIST.

Reproduce: `zoo train mlp.mnist` (a few minutes on two cores). Expect 98.2 % or more on the 10,000 test images. LeCun
et al. 1998 list this net, 28x28-300-100-10, with 3.05 % errors undistorted. What makes the difference here: tanh
units with cross-entropy rather than squared error, AdamW with a falling rate, and averaged weights.
"""

import keras

from zoo.recipes.recipe import Recipe


class MLPMNIST(Recipe):
    name = "mlp.mnist"
    summary = "A 300-100 multi-layer perceptron reads handwritten digits."
    arguments = {"hidden": [300, 100], "activation": "tanh", "loss": "cross_entropy"}
    dataset = "mnist"
    epochs = 60
    batch_size = 128
    steps_per_execution = 16
    half = True
    targets = {"accuracy": 98.2}
    paper = {"accuracy": 96.95}
    input = {
        "kind": "image",
        "shape": [28, 28, 1],
        "dtype": "uint8",
        "description": "a grey picture of a handwritten digit, white on black, centred as in MNIST",
    }
    output = {"kind": "logits", "shape": [10], "dtype": "float32", "description": "one logit a digit"}
    labels = [str(digit) for digit in range(10)]
    intended_use = "To see how a multi-layer perceptron works; a base to fine-tune on small grey pictures."
    limits = "Digits centred and of MNIST's size and stroke; it does not know when a picture is no digit."
    licence = "Apache-2.0 for the weights; trained on MNIST (CC BY-SA 3.0 as usually stated)"
    commercial_use = True

    def optimizer(self, steps):
        rate = keras.optimizers.schedules.CosineDecay(1e-3, steps)
        return keras.optimizers.AdamW(rate, weight_decay=1e-4, use_ema=True, ema_momentum=0.999)


RECIPE = MLPMNIST()
