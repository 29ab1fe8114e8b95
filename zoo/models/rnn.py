"""The simple recurrent network: each step sees the input and the hidden state of the step before.

Jeffrey L. Elman, "Finding Structure in Time", Cognitive Science 14(2), 179-211 (1990).
https://doi.org/10.1207/s15516709cog1402_1

What was new: time is represented by the network's state rather than by a longer input. Context units hold a copy of the
hidden units of the step before, and are an input beside the next symbol. Trained to predict the next letter or word,
the network discovers by itself where words end, and that there are nouns and verbs.

    h_t = f(W x_t + U h_{t-1} + c)      figure 2: W from the input units, U from the context units
    y_t = V h_t + b                     logits of the next symbol

Each symbol has an input unit of its own, so W x_t is a row of W: the embedding layer `input`.

Where this file departs from the paper, and why:
- The paper's outputs are logistic units, trained towards 0 and 1 by squared error. Here, as everywhere in the zoo, they
  are logits, trained by cross-entropy.
- Initial weights are Glorot and Bengio's (2010), and for U orthogonal.

The copy in the context units is an input like any other: the gradient goes back one step and no further.
`through_time=True` is back-propagation through time, to the start of the sequence (Rumelhart, Hinton, Williams 1986).
It shows how gradients vanish: each step multiplies them by f'(a_t) U, and f' is at most 1/4, the sigmoid's
(`docs/figures/vanishing_gradients.py`).

Parameters: 31,981 for the net of the paper's simple sentences, 31-150-31.
"""

import keras
from keras import layers, ops

from zoo.errors import BadInput, UnknownName
from zoo.hub.registry import register
from zoo.nn.model import LogitsModel

ACTIVATIONS = ("sigmoid", "tanh")


class ElmanCell(layers.Layer):
    """One time step of the hidden units: W x_t (B, units), [h_{t-1}] -> h_t (B, units), [h_t]."""

    def __init__(self, units: int, activation: str, through_time: bool, **kwargs):
        super().__init__(**kwargs)
        self.state_size = self.output_size = units
        self.activation = keras.activations.get(activation)
        self.through_time = through_time

    def build(self, input_shape):
        units = self.state_size
        self.U = self.add_weight(shape=(units, units), initializer="orthogonal", name="U")
        self.c = self.add_weight(shape=(units,), initializer="zeros", name="c")

    def call(self, inputs, states, training=False):
        context = states[0] if self.through_time else ops.stop_gradient(states[0])
        h = self.activation(inputs + ops.matmul(context, self.U) + self.c)
        return h, [h]


@register(
    "rnn",
    title="Simple recurrent network",
    year=1990,
    paper="J. L. Elman, Finding Structure in Time",
    url="https://doi.org/10.1207/s15516709cog1402_1",
    lineage=("mlp",),
    new="time as state: context units feed the hidden layer back",
)
class RNN(LogitsModel):
    """int32 tokens (B, T) -> logits (B, T, vocabulary) of the next tokens. Labels are int, (B, T).

    `compile` needs only an optimiser; the loss is cross-entropy. `cache` and `decode` are for `zoo.generation.tokens`.
    Raises `zoo.errors.UnknownName` for an unknown activation, `zoo.errors.BadInput` for invalid sizes.

    Args:
        vocabulary: number of tokens (the paper's symbols).
        units: hidden units, and as many context units.
        activation: "sigmoid" or "tanh".
        through_time: back-propagate through time, see the module's docstring.
    """

    task = "generate_text"

    context = None  # no maximal length

    def __init__(
        self, *, vocabulary: int = 31, units: int = 150, activation: str = "sigmoid", through_time: bool = False
    ):
        if activation not in ACTIVATIONS:
            raise UnknownName("activation of RNN", activation, ACTIVATIONS)
        if min(vocabulary, units) < 1:
            raise BadInput(f"RNN can't have {vocabulary} tokens and {units} units; give 1 or more")
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        x = layers.Embedding(vocabulary, units, embeddings_initializer="glorot_uniform", name="input")(tokens)
        cell = ElmanCell(units, activation, through_time, name="cell")
        h, _ = layers.RNN(cell, return_sequences=True, return_state=True, name="hidden")(x)  # (B, T, units)
        logits = layers.Dense(vocabulary, name="output")(h)  # (B, T, vocabulary)
        super().__init__(tokens, logits, name="rnn")
        self.arguments = {
            "vocabulary": vocabulary,
            "units": units,
            "activation": activation,
            "through_time": through_time,
        }

    def compile(self, optimizer="adam", loss=None, **kwargs):
        loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def cache(self, batch, capacity):
        """The initial state: [h], zeros (B, units)."""
        return [ops.zeros((batch, self.arguments["units"]))]

    def decode(self, tokens, cache, index, pad):
        """Decode tokens (B, T) that follow those in `cache`. Returns logits (B, vocabulary) of the next token, and the
        updated cache.

        index: number of tokens before these. pad: int (B,), number of padding tokens at the front of each sequence.
        """
        mask = index + ops.arange(ops.shape(tokens)[1]) >= pad[:, None]  # (B, T)
        x = self.get_layer("input")(tokens)
        h, *cache = self.get_layer("hidden")(x, initial_state=cache, mask=mask)
        return self.get_layer("output")(h[:, -1]), cache

    def get_config(self):
        return dict(self.arguments)
