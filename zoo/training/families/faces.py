"""Base class of the recipes of face generators: samples are compared with data by features of the attribute net."""

import keras
import numpy as np

from zoo import metrics
from zoo.data import faces
from zoo.hub import checkpoint
from zoo.metrics import distributions, samples
from zoo.training.recipe import Recipe

CLASSIFIER, LAYER = "resnet.utkface-attributes", "pool"
NEAR = 10  # years that a face may look off the mean age of the band that was asked for
LOW = 1  # percent of the samples that are nearer to training than `nearest_distance_low`, where copies would be
ADULT = 16  # years; the gender of younger faces is not evaluated
BANDS = np.array(faces.BANDS)
ATTRIBUTES = ("accuracy_gender", "accuracy_ethnicity", "accuracy_age")
NEAREST = ("nearest_distance", "nearest_distance_low")
POINTS = 3.0  # percent: by how much less often faces may look as asked than real ones as labelled


class Faces(Recipe):
    """A conditional generator of faces; a subclass has the network."""

    task = "denoise_images"
    dataset = "utkface"
    weights_dtype = "float16"
    targets = {"precision": 0.4, "recall": 0.4}
    outputs = {
        "image": {
            "description": "a face in colour, -1 black to 1 white",
            "range": [-1, 1],
        }
    }
    intended_use = "Faces of people who don't exist, for play and teaching (app faces)."
    limits = (
        "Small faces of people who don't exist, some of them odd. Labels mean what UTKFace's mean: age, gender and "
        "ethnicity as others guessed them from photographs, two genders and five ethnicities, the last of them all "
        "others; noisy, and not what anyone said of themselves. Not for deceiving anyone: images that the app faces "
        "writes are marked as generated in their metadata."
    )
    licence = "Non-commercial research, as UTKFace"
    commercial_use = False

    def faces(self, split, data_dir=None, folder=None):
        """Images and attributes of a split."""
        return super().examples(split, data_dir, folder)

    # --- measuring ------------------------------------------------------------------------------------------------

    def examples(self, split, data_dir=None, folder=None):
        """(faces, attributes) three times: to compare with, of a baseline of other real faces, and of training."""
        other = "validation" if split == self.eval_split else self.eval_split
        return (
            self.faces(split, data_dir, folder),
            self.faces(other, data_dir),
            self.faces(self.trained_split, data_dir),
        )

    def evaluate(self, predict, examples, split):
        (real, _), (other, attributes), training = examples
        # As many as in the baseline, conditioned on its labels.
        asked = faces.conditions(attributes)
        made = predict.model.sample(len(other), labels=asked, seed=self.seed)
        comparison = Comparison(real, *training)
        name = self.split_name(split)
        rows = comparison.rows(made, asked, name)
        rows += comparison.rows(other, asked, name, role="baseline", protocol=samples.REAL)
        rows += comparison.distances(samples.blurred(other), name, role="baseline", protocol=samples.BLURRED)
        shuffled = np.random.default_rng(self.seed).permutation(asked)
        about = f"{samples.REAL}, their labels shuffled"
        rows += comparison.attributes(other, shuffled, name, role="baseline", protocol=about)
        return rows, {}

    def goals(self, card):
        """Half way from real to blurred faces at most, no nearer to training than other real ones, and as asked for."""
        distances = (samples.baseline(card, "frechet_distance", what) for what in (samples.REAL, samples.BLURRED))
        return self.targets | {
            "frechet_distance": sum(distances) / 2,
            **{metric: samples.baseline(card, metric, samples.REAL) for metric in NEAREST},
            **{metric: samples.baseline(card, metric, samples.REAL) - POINTS for metric in ATTRIBUTES},
        }


class Comparison:
    """Compares faces with real ones (N, H, W, 3), and with those of training, by features of the attribute net.

    training, attributes: the faces that a generator was trained on, which are compared with as they are and mirrored,
    and their labels.
    """

    def __init__(self, real, training, attributes):
        net = checkpoint.load(CLASSIFIER)
        self._net = keras.Model(net.input, [net.get_layer(LAYER).output, net.output])
        self.real, _ = self.features(real)
        self.training = np.concatenate([self.features(each)[0] for each in (training, training[:, :, ::-1])])
        bands = faces.band(attributes["age"])
        self.middles = np.array([attributes["age"][bands == band].mean() for band in range(len(faces.BANDS))])

    def features(self, images):
        """Features and logits of uint8 faces (N, H, W, 3): float32 (N, D), (N, faces.ANSWERS)."""
        return self._net.predict(images, batch_size=256, verbose=0)

    def rows(self, images, asked, split, **facts) -> list[dict]:
        return self.distances(images, split, **facts) + self.attributes(images, asked, split, **facts)

    def distances(self, images, split, *, role="result", protocol="") -> list[dict]:
        """How close a set of faces is to the real ones, and each of them to its nearest training face."""
        features, _ = self.features(images)
        near, _ = distributions.nearest(features, self.training)
        about = f"features of {CLASSIFIER}'s layer {LAYER}, against {len(self.real):,} real faces"
        rows = samples.distances(features, self.real, split, about, role=role, protocol=protocol)
        about = f"features of {CLASSIFIER}'s layer {LAYER}, to the training faces, as they are and mirrored"
        about = f"{protocol}; {about}" if protocol else about
        found = {"nearest_distance": np.median(near), "nearest_distance_low": np.percentile(near, LOW)}
        return rows + [
            metrics.row(metric, split, value, role=role, n=len(near), protocol=about) for metric, value in found.items()
        ]

    def attributes(self, images, asked, split, *, role="result", protocol="") -> list[dict]:
        """How often faces match their conditions: asked (N, 3), as from `faces.conditions`."""
        found = faces.read(self.features(images)[1])
        gender, ages, ethnicity = asked.T
        right = {
            "accuracy_gender": (found["gender"] == gender)[BANDS[ages, 0] >= ADULT],
            "accuracy_ethnicity": found["ethnicity"] == ethnicity,
            "accuracy_age": np.abs(found["age"] - self.middles[ages]) <= NEAR,
        }
        about = {
            "accuracy_gender": f"as {CLASSIFIER} estimates it, of age bands from {ADULT} years on",
            "accuracy_ethnicity": f"as {CLASSIFIER} estimates it",
            "accuracy_age": f"as {CLASSIFIER} estimates it, within {NEAR} years of the band's mean age in training",
        }
        return [
            metrics.row(
                metric,
                split,
                100 * np.mean(values),
                role=role,
                n=len(values),
                protocol=f"{protocol}; {about[metric]}" if protocol else about[metric],
            )
            for metric, values in right.items()
        ]
