"""What the recipes of networks that make faces have in common: samples against data, as the attribute net sees them."""

import keras
import numpy as np

from zoo import metrics
from zoo.data import faces
from zoo.hub import checkpoint
from zoo.metrics import distributions, samples
from zoo.training.recipe import Recipe

JUDGE, LAYER = "resnet.utkface-attributes", "pool"
NEAR = 10  # years that a face may look away from the mean age of the band that was asked for
LOW = 1  # percent: the share of samples nearer to training than `nearest_distance_low`, where copies would be
ADULT = 16  # years: of younger faces the gender isn't judged
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
            "shape": [64, 64, 3],
            "dtype": "float32",
            "description": "a face in colour, -1 black to 1 white",
            "range": [-1, 1],
        }
    }
    intended_use = "Faces of nobody, for play and teaching (app faces)."
    limits = (
        "Small faces of people who don't exist, some of them odd. It makes what UTKFace's labels mean: age, gender and "
        "ethnicity as others guessed them from photographs, two genders and five ethnicities, the last of them all "
        "others; noisy, and not what anyone said of themselves. Not for deceiving anyone: pictures are marked as "
        "generated in the metadata of what the app faces writes."
    )
    licence = "Non-commercial research, as UTKFace"
    commercial_use = False

    def faces(self, split, data_dir=None, folder=None):
        """Pictures and attributes of a split."""
        return super().examples(split, data_dir, folder)

    # --- measuring ------------------------------------------------------------------------------------------------

    def examples(self, split, data_dir=None, folder=None):
        """(faces, attributes) three times: to compare with, of those that others would be, and of training."""
        other = "validation" if split == self.eval_split else self.eval_split
        return (
            self.faces(split, data_dir, folder),
            self.faces(other, data_dir),
            self.faces(self.trained_split, data_dir),
        )

    def evaluate(self, predict, examples, split):
        (real, _), (other, attributes), training = examples
        # As many as there are to compare with, asked for as those are labelled.
        asked = faces.conditions(attributes)
        made = predict.model.sample(len(other), labels=asked, seed=self.seed)
        judge = Judge(real, *training)
        name = self.split_name(split)
        rows = judge.rows(made, asked, name)
        rows += judge.rows(other, asked, name, role="baseline", protocol=samples.REAL)
        rows += judge.distances(samples.blurred(other), name, role="baseline", protocol=samples.BLURRED)
        shuffled = np.random.default_rng(self.seed).permutation(asked)
        about = f"{samples.REAL}, their labels shuffled"
        rows += judge.attributes(other, shuffled, name, role="baseline", protocol=about)
        return rows, {}

    def goals(self, card):
        """At most half way to what blurring does, no nearer to training than other real faces, and as asked."""
        distances = (samples.baseline(card, "frechet_distance", what) for what in (samples.REAL, samples.BLURRED))
        return self.targets | {
            "frechet_distance": sum(distances) / 2,
            **{metric: samples.baseline(card, metric, samples.REAL) for metric in NEAREST},
            **{metric: samples.baseline(card, metric, samples.REAL) - POINTS for metric in ATTRIBUTES},
        }


class Judge:
    """Compares faces with real ones (N, H, W, 3), and with those of training, in the space of the attribute net.

    training, attributes: the faces that a generator learned from, which are compared with as they are and mirrored, and
    what they are labelled.
    """

    def __init__(self, real, training, attributes):
        net = checkpoint.load(JUDGE)
        self._net = keras.Model(net.input, [net.get_layer(LAYER).output, net.output])
        self.real, _ = self.sees(real)
        self.training = np.concatenate([self.sees(each)[0] for each in (training, training[:, :, ::-1])])
        bands = faces.band(attributes["age"])
        self.middles = np.array([attributes["age"][bands == band].mean() for band in range(len(faces.BANDS))])

    def sees(self, pictures):
        """Features and logits of uint8 faces (N, H, W, 3): float32 (N, D), (N, faces.ANSWERS)."""
        return self._net.predict(pictures, batch_size=256, verbose=0)

    def rows(self, pictures, asked, split, **facts) -> list[dict]:
        return self.distances(pictures, split, **facts) + self.attributes(pictures, asked, split, **facts)

    def distances(self, pictures, split, *, role="result", protocol="") -> list[dict]:
        """How close a set of faces is to the real ones, and each of them to its nearest of training."""
        features, _ = self.sees(pictures)
        near, _ = distributions.nearest(features, self.training)
        about = f"in the space of {JUDGE}'s {LAYER}, against {len(self.real):,} real faces"
        rows = samples.distances(features, self.real, split, about, role=role, protocol=protocol)
        about = f"in the space of {JUDGE}'s {LAYER}, to the faces of training, as they are and mirrored"
        about = f"{protocol}; {about}" if protocol else about
        found = {"nearest_distance": np.median(near), "nearest_distance_low": np.percentile(near, LOW)}
        return rows + [
            metrics.row(metric, split, value, role=role, n=len(near), protocol=about) for metric, value in found.items()
        ]

    def attributes(self, pictures, asked, split, *, role="result", protocol="") -> list[dict]:
        """How often faces look as they should, asked (N, 3) as `faces.conditions` has it."""
        found = faces.read(self.sees(pictures)[1])
        gender, ages, ethnicity = asked.T
        right = {
            "accuracy_gender": (found["gender"] == gender)[BANDS[ages, 0] >= ADULT],
            "accuracy_ethnicity": found["ethnicity"] == ethnicity,
            "accuracy_age": np.abs(found["age"] - self.middles[ages]) <= NEAR,
        }
        about = {
            "accuracy_gender": f"as {JUDGE} sees it, of bands from {ADULT} years on",
            "accuracy_ethnicity": f"as {JUDGE} sees it",
            "accuracy_age": f"as {JUDGE} sees it, within {NEAR} years of the mean age of the band in training",
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
