"""AlexNet's CIFAR-10 network: two convolutions, two locally connected layers, local response normalisation.

Reproduce: `zoo data prepare cifar10`, then `zoo train alexnet.cifar10`. The paper has 11 % errors with this net, and
13 % without local response normalisation (`normalization=False`). Shifted and mirrored pictures, as Krizhevsky's random
crops; instead of his hand-lowered rate AdamW, a rate that falls as a cosine, and averaged weights.
"""

import keras

from zoo.recipes.cifar10 import CIFAR10


class AlexNetCIFAR10(CIFAR10):
    name = "alexnet.cifar10"
    summary = "The CIFAR-10 network of the AlexNet paper names ten kinds of things."
    arguments = {"classes": 10, "layout": "cifar10"}
    epochs = 28
    targets = {"accuracy": 87.0}
    paper = {"accuracy": 89.0}
    intended_use = "To see what AlexNet's ingredients do at a size that trains on a laptop; a base to fine-tune."

    def optimizer(self, steps):
        warm = min(500, steps // 10)
        rate = keras.optimizers.schedules.CosineDecay(1e-5, steps - warm, warmup_target=5e-4, warmup_steps=warm)
        return keras.optimizers.AdamW(rate, weight_decay=0.2, use_ema=True, ema_momentum=0.998)


RECIPE = AlexNetCIFAR10()
