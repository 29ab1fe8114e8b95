"""GPT on Tiny Shakespeare, character by character.

Reproduce: `zoo data prepare tinyshakespeare --from FOLDER`, then `zoo train gpt.shakespeare`. A. Karpathy's nanoGPT has
1.88 nats a character with a small net on a laptop's CPU and 1.47 with one of 10.7 million parameters on a GPU, measured
in windows from their first character on; here the network is between those, and its weights are averaged over the
last steps. It was trained and measured on a copy of the file that ends after 1,059,544 of 1,115,394 characters: the
same 90 % for training, and half of the rest.
"""

import keras

from zoo.training.families.shakespeare import Shakespeare


class GPTShakespeare(Shakespeare):
    name = "gpt.shakespeare"
    summary = "A small GPT generates plays in the manner of Shakespeare, character by character."
    context = 256
    arguments = {"vocabulary": 65, "context": 256, "width": 160, "depth": 5, "heads": 5, "dropout": 0.2}
    epochs = 40
    batch_size = 32
    targets = {"nll": 1.55}

    def optimizer(self, steps):
        warm = min(200, steps // 10)
        rate = keras.optimizers.schedules.CosineDecay(1e-4, steps - warm, warmup_target=1e-3, warmup_steps=warm)
        return keras.optimizers.AdamW(
            rate, weight_decay=0.1, beta_2=0.99, global_clipnorm=1.0, use_ema=True, ema_momentum=0.998
        )


RECIPE = GPTShakespeare()
