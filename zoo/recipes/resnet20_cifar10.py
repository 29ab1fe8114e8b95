"""ResNet-20 on CIFAR-10.

Reproduce: `zoo data prepare cifar10`, then `zoo train resnet20.cifar10`. It trains two nets alike: plain-20, which has
no shortcuts (the control), and ResNet-20, which ships. The paper reports 91.25 % after 164 epochs at three rates; here
the rate rises for two epochs and falls as a cosine, which needs fewer.
"""

import keras

from zoo.recipes.cifar10 import CIFAR10


class ResNet20CIFAR10(CIFAR10):
    name = "resnet20.cifar10"
    architecture = "resnet"
    summary = "ResNet-20 names ten kinds of things in small pictures."
    arguments = {"depth": 20}
    epochs = 40
    targets = {"accuracy": 90.5}
    paper = {"accuracy": 91.25}
    intended_use = "To see what shortcuts do, to compare with the paper, and as a small base to fine-tune."

    def optimizer(self, steps):
        warm = min(700, steps // 10)
        rate = keras.optimizers.schedules.CosineDecay(1e-3, steps - warm, warmup_target=0.1, warmup_steps=warm)
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=5e-3)

    def controls(self):
        return [Plain20()]


class Plain20(ResNet20CIFAR10):
    """The same layers without shortcuts."""

    name = "resnet20.cifar10-plain"
    arguments = {"depth": 20, "plain": True}
    paper = {}
    protocol = "plain-20, the same layers without shortcuts, trained alike"

    def controls(self):
        return []


RECIPE = ResNet20CIFAR10()
