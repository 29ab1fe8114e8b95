"""LSTM on Tiny Shakespeare, character by character, as A. Karpathy's char-rnn (2015).

Reproduce: `zoo data prepare tinyshakespeare --from FOLDER`, then `zoo train lstm.shakespeare`.
"""

import keras

from zoo.training.families.shakespeare import Shakespeare


class LSTMShakespeare(Shakespeare):
    name = "lstm.shakespeare"
    summary = "An LSTM generates plays in the manner of Shakespeare, character by character."
    context = 128
    arguments = {"vocabulary": 65, "embedding": 64, "units": 256, "depth": 2, "dropout": 0.2}
    epochs = 30
    batch_size = 64
    targets = {"nll": 1.60}

    def optimizer(self, steps):
        warm = min(200, steps // 10)
        rate = keras.optimizers.schedules.CosineDecay(1e-4, steps - warm, warmup_target=3e-3, warmup_steps=warm)
        return keras.optimizers.AdamW(rate, weight_decay=0.01, global_clipnorm=1.0, use_ema=True, ema_momentum=0.998)


RECIPE = LSTMShakespeare()
