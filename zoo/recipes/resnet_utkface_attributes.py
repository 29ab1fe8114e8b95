"""ResNet-20 estimates age, gender and ethnicity of a face, as others perceived them.

Reproduce: `zoo data prepare utkface --from FOLDER`, then `zoo train resnet.utkface-attributes`. It serves to measure
generators of faces. First on images of 48 x 48 pixels, then on whole ones, for a few epochs.

Ages are learned as a distribution around the one that is stated (B.-B. Gao and others, "Age Estimation Using
Expectation of Label Distribution Learning", 2018), whose mean is the estimate.
"""

import cv2
import keras
import numpy as np
from keras import ops

from zoo import metrics
from zoo.data import faces
from zoo.data.augment import cut_out, shift_and_mirror
from zoo.data.batches import Batches
from zoo.training.recipe import Recipe

SPREAD = 2.5  # years, of the distribution of ages around the stated one
YEAR = 0.1  # weight of the error in years, beside the cross-entropies


def attribute_loss(y, logits):
    """Cross-entropies of gender, ethnicity and the distribution of ages, and the error of its mean.

    y: ints (B, 3), gender, ethnicity and age; logits: (B, faces.ANSWERS) -> (B,)
    """
    y, logits = ops.cast(y, "int32"), ops.cast(logits, "float32")
    first = len(faces.GENDERS)
    second = first + len(faces.ETHNICITIES)
    years = ops.arange(1, faces.OLDEST + 1, dtype="float32")  # (A,)
    age = ops.cast(y[:, 2:], "float32")  # (B, 1)
    wanted = ops.softmax(-ops.square((years - age) / SPREAD) / 2)  # (B, A)
    found = ops.log_softmax(logits[:, second:])
    kinds = sum(
        keras.losses.sparse_categorical_crossentropy(y[:, column], part, from_logits=True)
        for column, part in enumerate((logits[:, :first], logits[:, first:second]))
    )
    off = ops.abs(ops.sum(ops.exp(found) * years, axis=1) - age[:, 0])
    return kinds - ops.sum(wanted * found, axis=1) + YEAR * off


class Attributes(Recipe):
    name = "resnet.utkface-attributes"
    summary = (
        "ResNet-20 estimates age, gender and ethnicity of a face, as others perceived them, to measure generators."
    )
    task = "estimate_attributes"
    dataset = "utkface"
    arguments = {"depth": 20, "classes": faces.ANSWERS, "input_shape": (64, 64, 3)}
    epochs = 12
    batch_size = 64
    precision = "mixed_bfloat16"
    weights_dtype = "float16"
    targets = {"accuracy_gender": 90.0, "accuracy_ethnicity": 78.0, "mean_absolute_error": 6.5}
    inputs = {"image": {"description": "a face, cropped and aligned as in UTKFace"}}
    outputs = {"attributes": {"description": "logits of 2 genders, 5 ethnicities and the ages from 1 to 116 years"}}
    intended_use = "To measure generators of faces. Not to judge people."
    limits = (
        "Its outputs are what others guessed from photographs: two genders and five ethnicities, of which the last is "
        "all others, noisy and not what anyone said of themselves. It is right for some groups more often than for "
        "others (the card's curves have the figures), and wrong on faces that are turned, covered or cropped otherwise."
    )
    licence = "Non-commercial research, as UTKFace"
    commercial_use = False

    @staticmethod
    def transform(x, y, rng):
        return cut_out(*shift_and_mirror(x, y, rng), rng, side=20)

    def training_data(self, data_dir):
        x, y = self.examples(self.trained_split, data_dir)
        batches = Batches(x, columns(y), batch_size=self.batch_size, seed=self.seed, transform=self.transform)
        x, y = self.examples("validation", data_dir)
        return batches, (x, columns(y))

    def optimizer(self, steps):
        rate = keras.optimizers.schedules.CosineDecay(5e-4, steps, alpha=0.01)
        return keras.optimizers.AdamW(rate, weight_decay=0.1, use_ema=True, ema_momentum=0.998)

    def compile(self, model, steps, **options):
        model.compile(self.optimizer(steps), attribute_loss, **options)

    def starts_from(self):
        return Smaller()

    def evaluate(self, predict, examples, split):
        x, y = examples
        found = faces.read(predict(x)["attributes"])
        name, protocol = self.split_name(split), "as UTKFace labels the faces; the split is ours"
        rows = [
            metrics.row(metric, name, value, n=len(x), protocol=protocol)
            for metric, value in figures(found, y, np.ones(len(x), bool)).items()
        ]
        parts = {gender: y["gender"] == number for number, gender in enumerate(faces.GENDERS)}
        parts |= {ethnicity: y["ethnicity"] == number for number, ethnicity in enumerate(faces.ETHNICITIES)}
        parts |= {f"{first}-{last}": (first <= y["age"]) & (y["age"] <= last) for first, last in faces.BANDS}
        groups = [
            {"group": group, "n": int(own.sum()), **figures(found, y, own)} for group, own in parts.items() if own.any()
        ]
        return rows, {"groups": groups}


def columns(attributes: dict) -> np.ndarray:
    """Gender, ethnicity and age: ints (N, 3)."""
    return np.stack([attributes[name] for name in ("gender", "ethnicity", "age")], axis=1)


def figures(found, y, own) -> dict:
    """Accuracies and mean absolute error for the faces `own`, bool (N,)."""
    right = {name: 100 * np.mean(found[name][own] == y[name][own]) for name in ("gender", "ethnicity")}
    return {
        "accuracy_gender": round(float(right["gender"]), 2),
        "accuracy_ethnicity": round(float(right["ethnicity"]), 2),
        "mean_absolute_error": round(float(np.abs(found["age"][own] - y["age"][own]).mean()), 2),
    }


class Smaller(Attributes):
    """The first stage, at three quarters of the size and so with half the computation."""

    name, side = "resnet.utkface-attributes-48", 48
    arguments = Attributes.arguments | {"input_shape": (None, None, 3)}
    epochs = 40

    def training_data(self, data_dir):
        batches, (x, y) = super().training_data(data_dir)
        return batches, (smaller(x, self.side), y)

    @staticmethod
    def transform(x, y, rng):
        x, y = Attributes.transform(x, y, rng)
        return smaller(x, Smaller.side), y

    def optimizer(self, steps):
        warm = steps // 20
        rate = keras.optimizers.schedules.CosineDecay(1e-5, steps - warm, 0.1, warmup_target=3e-3, warmup_steps=warm)
        return keras.optimizers.AdamW(rate, weight_decay=0.1, use_ema=True, ema_momentum=0.998)

    def starts_from(self):
        return None


def smaller(x, side):
    """uint8 (N, H, W, 3) -> (N, side, side, 3)"""
    return np.stack([cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in x])


RECIPE = Attributes()
