"""The base classes of models: a `keras.Model` that says in one line what is wrong with the data it is given.

Keras casts what it gets: an image of floats from 0 to 1 becomes a black uint8 one, and a label that is out of range
trains without a word, to an accuracy of 0. What is checked is the first batch, on the host, before the training begins:
a step costs what it did.
"""

import inspect
import types
from collections.abc import Iterable

import keras
import numpy as np

from zoo.errors import BadInput, UnknownName, quoted

FIRST = 256  # examples whose values are checked
ACCURACY = ("accuracy", "acc")
METRICS = (*ACCURACY, "crossentropy", "ce")  # names that `compile` takes and `keras.metrics.get` doesn't
TOKENS = ("tokens", "source", "target")  # names of inputs


class CheckedModel(keras.Model):
    """A functional `keras.Model` whose `fit`, `evaluate`, `predict`, `train_on_batch` and `test_on_batch` check their
    first batch.

    Raises `zoo.errors.BadInput` for inputs of other shapes, pixels that are not 0 to 255 where the model takes uint8,
    NaN and infinity where it takes floats, and tokens that are not in the vocabulary. Subclasses check the targets,
    too. Lists of examples are taken as arrays.

    task: what it is trained for, a file in `zoo/tasks`; of cards that `zoo.save` makes. Empty where there is none.
    """

    task = ""
    _batch_checked = _fitting = False

    def compile(self, optimizer="rmsprop", loss=None, *, metrics=None, weighted_metrics=None, **kwargs):
        """As of `keras.Model`. Raises `BadInput` for a loss, where the model has its own, and `UnknownName` for a name
        that no metric has."""
        if loss is not None and self.has_own_loss:
            raise BadInput(f"{self.title} has a loss of its own, which this one would not replace; leave loss out")
        self._batch_checked = False
        metrics, weighted_metrics = (
            None if each is None else keras.tree.map_structure(self._metric, each)
            for each in (metrics, weighted_metrics)
        )
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, weighted_metrics=weighted_metrics, **kwargs)

    def _metric(self, metric):
        """A metric of `compile`, as Keras gets it."""
        if isinstance(metric, str) and metric.lower() not in METRICS:
            try:
                keras.metrics.get(metric)
            except ValueError:  # Keras itself would say so in the first step, without the names it has
                raise UnknownName("metric", metric, {*METRICS, *dir(keras.metrics)}) from None
        return metric

    def compile_from_config(self, config):
        """As of `keras.Model`, which leaves models with a `compile` of their own uncompiled: for `load_model`."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)  # so that its state can be read

    @property
    def title(self) -> str:
        """What errors call the model."""
        return type(self).__name__

    @property
    def has_own_loss(self) -> bool:
        return type(self).compute_loss is not keras.Model.compute_loss

    def fit(self, x=None, y=None, *args, validation_data=None, **kwargs):
        """As of `keras.Model`, after the checks."""
        x, y = self._checked(x, y)
        if isinstance(validation_data, tuple | list):
            given = keras.utils.unpack_x_y_sample_weight(tuple(validation_data))
            validation_data = (*self._checked(*given[:2]), *given[2:])
        elif validation_data is not None:
            validation_data, _ = self._checked(validation_data)
        self._fitting = True  # its validation needs no more checks
        try:
            return super().fit(x, y, *args, validation_data=validation_data, **kwargs)
        finally:
            self._fitting = False

    def evaluate(self, x=None, y=None, *args, **kwargs):
        """As of `keras.Model`, after the checks."""
        x, y = (x, y) if self._fitting else self._checked(x, y)
        return super().evaluate(x, y, *args, **kwargs)

    def predict(self, x, *args, **kwargs):
        """As of `keras.Model`, after the checks of the inputs."""
        if not _is_feed(x):
            x = self._as_arrays(x, len(self.inputs))
            self.check_inputs(x)
        return super().predict(x, *args, **kwargs)

    def train_on_batch(self, x, y=None, *args, **kwargs):
        """As of `keras.Model`; the first batch after `compile` is checked."""
        x, y = self._checked_once(x, y)
        return super().train_on_batch(x, y, *args, **kwargs)

    def test_on_batch(self, x, y=None, *args, **kwargs):
        """As of `keras.Model`; the first batch after `compile` is checked."""
        x, y = self._checked_once(x, y)
        return super().test_on_batch(x, y, *args, **kwargs)

    def _checked_once(self, x, y) -> tuple:
        x, y = self._as_arrays(x, len(self.inputs)), self._as_arrays(y, len(self.outputs))
        if not self._batch_checked:
            self._check(x, y)
            self._batch_checked = True
        return x, y

    def _checked(self, x, y=None) -> tuple:
        """`x` and `y`, lists as arrays, after a check of them, or of the first batch of what yields batches."""
        if not _is_feed(x):
            x, y = self._as_arrays(x, len(self.inputs)), self._as_arrays(y, len(self.outputs))
            self._check(x, y)
            return x, y
        first, x = _first_batch(x)
        if first is not None:
            self._check(*keras.utils.unpack_x_y_sample_weight(first)[:2])
        return x, y

    def _check(self, x, y) -> None:
        self.check_inputs(x)
        self.check_targets(y)

    def _as_arrays(self, data, count: int):
        """Inputs or targets, `count` arrays, where each may be a list of numbers or of examples: Keras would take one
        such list for several arrays. Raises `BadInput` for lists that are no array."""
        if isinstance(data, dict):
            return {name: self._as_array(each) for name, each in data.items()}
        if not isinstance(data, list):
            return data
        if len(data) == count == 1 and getattr(data[0], "shape", ()):  # the array, in a list
            return data[0]
        return self._as_array(data) if count == 1 or len(data) != count else [self._as_array(each) for each in data]

    def _as_array(self, values):
        if not isinstance(values, list):
            return values
        try:
            array = np.asarray(values)
        except (TypeError, ValueError):  # such as rows of several lengths
            raise BadInput(f"{self.title} takes arrays; this list has examples of several shapes") from None
        if array.dtype.kind not in "buif":
            raise BadInput(f"{self.title} takes arrays of numbers; this list has {quoted(str(array.flat[0]))}")
        return array

    def check_inputs(self, x) -> None:
        """Raise `BadInput` for inputs that the model doesn't take. What Keras alone understands is left to it."""
        inputs = self.input
        if isinstance(inputs, dict):
            pairs = [(each, x[name]) for name, each in inputs.items() if name in x] if isinstance(x, dict) else []
        else:
            given = x if isinstance(x, list | tuple) else [x]
            inputs = inputs if isinstance(inputs, list) else [inputs]
            pairs = list(zip(inputs, given, strict=True)) if len(inputs) == len(given) else []
        for tensor, values in pairs:
            if hasattr(values, "shape") and hasattr(values, "dtype"):
                self._check_shape(tensor, values)
                if keras.backend.standardize_dtype(tensor.dtype) == "uint8":
                    check_pixels(self.title, values)
                elif "int" in tensor.dtype:
                    self._check_tokens(tensor, values)
                else:
                    self._check_finite(tensor, values)

    def _check_shape(self, tensor, values) -> None:
        wanted, found = tuple(tensor.shape[1:]), tuple(values.shape[1:])
        if wanted[-1:] == (1,) and len(found) == len(wanted) - 1:
            found = (*found, 1)  # Keras adds the axis, and takes it away
        elif found[-1:] == (1,) and len(found) == len(wanted) + 1:
            found = found[:-1]
        if len(found) != len(wanted) or any(a not in (None, b) for a, b in zip(wanted, found, strict=True)):
            sizes = ", ".join(["batch", *("any" if size is None else str(size) for size in wanted)])
            raise BadInput(f"{self.title} takes {tensor.name} of shape ({sizes}), not {tuple(values.shape)}")

    def _check_tokens(self, tensor, values) -> None:
        """Tokens are below the size of the vocabulary; of a source, of its own where it has one."""
        arguments = self.get_config()
        size = arguments.get(f"{tensor.name}_vocabulary") or arguments.get("vocabulary")
        if not size or tensor.name not in TOKENS:
            return
        tokens = _numpy(values)
        if tokens is not None and tokens.size and not 0 <= tokens.min() <= tokens.max() < size:
            raise BadInput(
                f"{self.title} has a vocabulary of {size} tokens, 0 to {size - 1}; those of {tensor.name} go from "
                f"{tokens.min()} to {tokens.max()}"
            )

    def _check_finite(self, tensor, values) -> None:
        """Numbers are finite: one NaN makes all weights NaN. The first examples stand for all."""
        numbers = _numpy(values[:FIRST])
        if numbers is not None and numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
            raise BadInput(f"{self.title} takes finite numbers; {tensor.name} has NaN or infinity in it")

    def check_targets(self, y) -> None:
        """Raise `BadInput` for targets that the loss doesn't take; here none are known."""


class LogitsModel(CheckedModel):
    """A model whose outputs are logits of classes, (B, ..., C), or one logit, (B, 1), of two: of an image, a text, each
    token, each pixel. Its labels are whole numbers, (B, ...).

    `compile` takes "accuracy" for what it is: with one logit, class 1 is where the logit is positive.
    """

    def compile(self, optimizer="rmsprop", loss=None, **kwargs):
        """As of `CheckedModel`. Raises `BadInput` also for losses and metrics that take probabilities."""
        if loss is not None and not self.has_own_loss and _takes_probabilities(loss, keras.losses.get):
            raise BadInput(
                f"{self.title} gives logits, and {_name(loss)} takes probabilities; leave loss out, or give a loss of "
                "keras.losses with from_logits=True"
            )
        super().compile(optimizer, loss, **kwargs)

    def _metric(self, metric):
        """As of `CheckedModel`, for logits."""
        metric = super()._metric(metric)
        single = isinstance(self.output_shape, tuple) and self.output_shape[-1] == 1
        if isinstance(metric, str) and metric in ACCURACY:
            # Keras' own for (B, 1) counts what is above 0.5, the middle of probabilities.
            return keras.metrics.BinaryAccuracy(name=metric, threshold=0.0) if single else metric
        if _takes_probabilities(metric, keras.metrics.get):
            raise BadInput(
                f"{self.title} gives logits, and the metric {_name(metric)} takes probabilities; give it "
                "from_logits=True"
            )
        if single and _threshold(metric) in (None, 0.5, [0.5]):
            raise BadInput(
                f"{self.title} gives a logit, positive for class 1, and the metric {_name(metric)} counts those above "
                'the threshold 0.5; give "accuracy", or a threshold of 0'
            )
        return metric

    @property
    def takes_labels(self) -> bool:
        """Whether the loss takes whole numbers as labels; a loss of the user's own may take anything."""
        return self.has_own_loss or "sparse" in _name(getattr(self, "loss", None)).lower()

    def check_targets(self, y) -> None:
        """Raise `BadInput` for labels of another shape or number than the outputs, where the loss takes labels."""
        if self.takes_labels and isinstance(self.output_shape, tuple):
            self.check_labels(y)

    def check_labels(self, y) -> None:
        """Raise `BadInput` unless `y` are whole numbers (B, ...), each of a class; (B, 1) is taken, too."""
        *_, classes = self.output_shape
        count = max(2, classes)
        wanted = f"labels, whole numbers from 0 to {count - 1}"
        if y is None:
            raise BadInput(f"{self.title} learns from labels; give {wanted}")
        labels, shape = _numpy(y), self.output_shape[:-1]
        if labels is None:
            return
        if labels.shape[1:] == (1,) and len(shape) == 1:
            labels = labels[:, 0]
        sizes = zip(shape[1:], labels.shape[1:], strict=False)
        if labels.ndim != len(shape) or any(a not in (None, b) for a, b in sizes):
            one_hot = labels.ndim == len(shape) + 1 and labels.shape[-1] == count
            axes = ", ".join(["batch", *("any" if size is None else str(size) for size in shape[1:])])
            hint = "; these are one-hot: give y.argmax(axis=-1)" if one_hot else ""
            raise BadInput(f"{self.title} takes {wanted}, of shape ({axes}), not {labels.shape}{hint}")
        if labels.dtype.kind not in "buif" or (labels.dtype.kind == "f" and (labels % 1 != 0).any()):
            raise BadInput(f"{self.title} takes {wanted}; these are {labels.dtype} such as {labels.flat[0]!s:.40}")
        labels = labels[labels != getattr(getattr(self, "loss", None), "ignore_class", None)]
        if labels.size and (labels.min() < 0 or labels.max() >= count):
            more = "; they begin at 1: give y - 1" if labels.min() == 1 and labels.max() == count else ""
            raise BadInput(f"{self.title} takes {wanted}; these go from {labels.min():g} to {labels.max():g}{more}")


def check_pixels(title: str, values) -> None:
    """Raise `BadInput` for images that aren't whole numbers from 0 to 255; the first ones stand for all."""
    if keras.backend.standardize_dtype(values.dtype) == "uint8":
        return
    pixels = _numpy(values[:FIRST])
    if pixels is None or not pixels.size or pixels.dtype.kind not in "buif":
        return
    low, high = pixels.min(), pixels.max()
    # Floats up to 1 are taken for images from 0 to 1, also where they are black and white only.
    as_in_files = low >= 0 and high <= 255 and (pixels % 1 == 0).all()
    if not as_in_files or (pixels.dtype.kind == "f" and 0 < high <= 1):
        hint = "leave out the division by 255" if low >= 0 and high <= 1 else "give them as they are in files"
        raise BadInput(
            f"{title} takes pixels as whole numbers from 0 to 255, and scales them itself; these are {pixels.dtype} "
            f"from {low:g} to {high:g}: {hint}"
        )


def _is_feed(x) -> bool:
    """Whether x yields batches, as a PyDataset, a generator, a data set of TensorFlow or a loader of PyTorch does."""
    if isinstance(x, keras.utils.PyDataset | types.GeneratorType):
        return True
    return isinstance(x, Iterable) and not hasattr(x, "shape") and not isinstance(x, list | tuple | dict | str)


def _first_batch(feed) -> tuple:
    """The first batch, None where there is none, and the feed, which begins with this batch."""
    if isinstance(feed, keras.utils.PyDataset):
        return feed[0], feed
    if isinstance(feed, types.GeneratorType):
        first = next(feed, None)
        return first, _again(first, feed)
    return next(iter(feed), None), feed


def _again(first, rest):
    if first is not None:
        yield first
    yield from rest


def _numpy(values) -> np.ndarray | None:
    """An array or a tensor in NumPy; None for what is none, such as rows of several lengths."""
    try:
        return np.asarray(keras.ops.convert_to_numpy(values))
    except (TypeError, ValueError):
        return None


def _name(thing) -> str:
    """What errors call a loss or a metric."""
    return thing if isinstance(thing, str) else getattr(thing, "__name__", type(thing).__name__)


def _config(thing) -> dict:
    """The arguments of a loss or a metric: of an object of Keras, or the defaults of a function."""
    if isinstance(thing, keras.losses.Loss | keras.metrics.Metric):
        return thing.get_config() if type(thing).__module__.startswith("keras.") else {}
    parameters = inspect.signature(thing).parameters if callable(thing) else {}
    return {name: each.default for name, each in parameters.items()}


def _takes_probabilities(thing, find) -> bool:
    """Whether a loss or metric, by its name or as an object, takes probabilities; find: what looks for a name."""
    if isinstance(thing, str):
        if thing.lower() in ("crossentropy", "ce"):
            return True
        try:
            thing = find(thing)
        except ValueError:  # Keras will say so
            return False
    return _config(thing).get("from_logits") is False


def _threshold(metric):
    """The threshold of a metric, or its list of them; 0 for a metric that has none."""
    config = _config(keras.metrics.get(metric) if isinstance(metric, str) else metric)
    return config.get("threshold", config.get("thresholds", 0))
