"""The perceptron: a linear classifier that learns by error correction.

F. Rosenblatt, "The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain",
Psychological Review 65(6), 386-408 (1958). https://doi.org/10.1037/h0042519

What was new: connections that change with experience. A response unit R adds up its weighted inputs, fires if the sum
exceeds a threshold, and after an error moves its weights towards the correct response:

    a = sum_i w_i x_i - threshold        R responds 1 if a > 0, else 0
    w <- w + lr t x                      after an error, with t = +1 for class 1 and -1 for class 0
    w <- w                               otherwise

If a hyperplane separates the two classes, the rule finds one after finitely many corrections (the convergence theorem);
if none does, as for XOR, it never converges: see `examples/xor.py`.

The rule is gradient descent on the perceptron criterion mean(max(0, -t a)): with plain `SGD` and batches of one pattern
the two are equal, step for step. Larger batches take the mean correction of their patterns.

Where this file departs from the paper, and why:
- The 1958 machine had a layer of randomly wired association units A between retina and response. Those don't learn;
  here the retina is connected to R directly, which is what "perceptron" means today.
- The paper compares several kinds of reinforcement. The error-correction rule above is the one that Rosenblatt settled
  on and proved convergent (Principles of Neurodynamics, 1962).
- A sum of exactly zero counts as an error for both classes. All weights start at zero, so every first sum is a tie:
  if ties were correct, nothing would ever be learned.

Parameters: one weight per input and the threshold, 785 for 28 x 28 images.
"""

import math

import keras
from keras import layers, ops

from zoo.hub.registry import register
from zoo.nn.checks import check_shape
from zoo.nn.model import LogitsModel


def step(a):
    """R's all-or-none output: 1 where the sum `a` exceeds zero, else 0 (int32, the shape of `a`)."""
    return ops.cast(a > 0, "int32")


@register(
    "perceptron",
    title="Perceptron",
    year=1958,
    paper="F. Rosenblatt, The Perceptron: A Probabilistic Model for Information Storage and Organization in the Brain",
    url="https://doi.org/10.1037/h0042519",
    new="a machine that learns its weights from examples",
)
class Perceptron(LogitsModel):
    """Two classes, one unit: uint8 images (B, H, W, C) or float vectors (B, D) -> the sum a, (B, 1).

    Images (three axes) are divided by 255; vectors (one axis) are not rescaled. Labels are 0 or 1, (B,). `compile`
    needs only an optimiser; the model has its own loss; `SGD` with `batch_size=1` is Rosenblatt's rule.

    input_shape: (H, W, C) of images, or (D,) of vectors. Raises `zoo.errors.BadInput` for others.
    """

    task = "classify_images"

    def __init__(self, *, input_shape: tuple[int, ...] = (28, 28, 1)):
        check_shape("Perceptron", input_shape)
        image = len(input_shape) == 3
        retina = keras.Input(input_shape, dtype="uint8" if image else "float32", name="retina")
        x = layers.Rescaling(1 / 255, name="rescale")(retina) if image else retina
        x = layers.Reshape((math.prod(input_shape),), name="flatten")(x)  # (B, D)
        # Keras adds a bias where Rosenblatt subtracts a threshold: bias = -threshold.
        a = layers.Dense(1, kernel_initializer="zeros", name="R")(x)  # (B, 1)
        super().__init__(retina, a, name="perceptron")
        self.arguments = {"input_shape": tuple(input_shape)}

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The perceptron criterion mean(max(0, -t a)), whose gradient at a = 0 is that of an error."""
        a = ops.cast(ops.reshape(y_pred, (-1,)), "float32")  # (B,)
        t = 2 * ops.cast(ops.reshape(y, (-1,)), "float32") - 1  # (B,), -1 or +1
        wrong = ops.cast(t * a <= 0, "float32")
        loss = -wrong * t * a
        if sample_weight is not None:
            loss = loss * ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        return ops.mean(loss)

    def respond(self, x):
        """R's response to each input: 0 or 1, int32 (B,)."""
        return step(self(x)[:, 0])

    def get_config(self):
        return dict(self.arguments)
