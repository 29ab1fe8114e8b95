"""The perceptron on MNIST: zero or one?

Reproduce: `zoo train perceptron.mnist-01` (two minutes). Expect 99.8 % or more on the 2,115 zeros and ones of the test
split. A line all but separates the two, so the learning rule all but converges.
"""

import keras
import numpy as np

from zoo.errors import BadInput
from zoo.training.families.mnist import MNIST


class PerceptronMNIST01(MNIST):
    name = "perceptron.mnist-01"
    summary = "Rosenblatt's perceptron, trained by his rule, tells handwritten zeros from ones."
    validation = 1000
    epochs = 5
    batch_size = 1  # the learning rule corrects after every single example
    steps_per_execution = 200
    targets = {"accuracy": 99.8}
    protocol = "fraction of the 2,115 zeros and ones of the test split classified right, undistorted"
    inputs = {"image": {"description": "a grey image of a handwritten 0 or 1, white on black"}}
    outputs = {"logits": {"description": "weighted sum minus threshold; the class is 1 where it is positive, else 0"}}
    labels = ["0", "1"]
    intended_use = "To see how the perceptron and its learning rule work."
    limits = "Trained on zeros and ones only, centred and of MNIST's size; it classifies any other image, too."

    def examples(self, split, data_dir=None, folder=None):
        x, y = super().examples(split, data_dir, folder)
        chosen = np.flatnonzero(y < 2)
        if not len(chosen):
            raise BadInput(f"{folder} holds no zeros and ones; put them in folders called 0 and 1")
        return x[chosen], y[chosen]

    def optimizer(self, steps):
        return keras.optimizers.SGD(0.01)


RECIPE = PerceptronMNIST01()
