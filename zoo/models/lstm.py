"""Long short-term memory: cells that keep what they hold until a gate says otherwise.

Sepp Hochreiter, Juergen Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1735-1780 (1997).
https://doi.org/10.1162/neco.1997.9.8.1735

What was new: in a recurrent net errors that go back in time are multiplied at each step, so they vanish or blow up.
Here a cell's state goes from step to step with a weight of exactly 1, the constant error carousel: what flows back
through it neither grows nor fades. Gates, units that multiply, learn when to let something in and when to let it out.

    i_t = sigma(W_i x_t + U_i h_{t-1} + b_i)      input gate
    f_t = sigma(W_f x_t + U_f h_{t-1} + b_f)      forget gate
    g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)       what might be stored
    c_t = f_t c_{t-1} + i_t g_t                   the cell's state
    o_t = sigma(W_o x_t + U_o h_{t-1} + b_o)      output gate
    h_t = o_t tanh(c_t)

The forget gate came later: F. Gers, J. Schmidhuber, F. Cummins, "Learning to Forget", Neural Computation 12(10) (2000),
https://doi.org/10.1162/089976600300015015. Without it, on a stream that never ends, states grow until the cells are of
no use. It is what LSTM has meant since, so it is here by default; `forget_gate=False` is 1997's f_t = 1.
`peepholes=True` lets the gates see the states they guard: i_t and f_t see c_{t-1}, o_t sees c_t, each cell its own
(Gers, Schraudolph, Schmidhuber, "Learning Precise Timing with LSTM Recurrent Networks", 2002).

Where this file departs from the paper, and why:
- One cell in each memory block; tanh where the paper has logistic functions stretched to (-2, 2) and (-1, 1).
- Errors go back in time through everything, not only through the states: what the paper cuts off, to be cheap, gives
  gradients that are exact otherwise.
- The forget gate's bias starts at 1, so that cells remember until they learn to forget (Gers and others).

Parameters: 4 (inputs + units + 1) units for each layer, 3 units more with peepholes; without the forget
gate 3 times the first and 2 units.
"""

import keras
from keras import layers, ops

from zoo.errors import BadInput
from zoo.hub.registry import register


class LSTMCell(layers.Layer):
    """One step: W x_t + b (B, 4 units; i, f, g, o), [h_{t-1}, c_{t-1}] -> h_t (B, units), [h_t, c_t]."""

    def __init__(self, units, forget_gate, peepholes, **kwargs):
        super().__init__(**kwargs)
        self.state_size, self.output_size = [units, units], units
        self.forget_gate, self.peepholes = forget_gate, peepholes

    def build(self, input_shape):
        units = self.output_size
        gates = input_shape[-1] // units
        self.U = self.add_weight(shape=(units, gates * units), initializer="orthogonal", name="U")
        if self.peepholes:
            self.p = self.add_weight(shape=(gates - 1, units), initializer="zeros", name="p")  # i, f, o

    def call(self, inputs, states, training=False):
        h, c = states
        gates = inputs + ops.matmul(h, self.U)  # (B, 4 units), all at once
        if self.forget_gate:
            i, f, g, o = ops.split(gates, 4, axis=-1)
        else:
            i, g, o = ops.split(gates, 3, axis=-1)
        if self.peepholes:
            i = i + self.p[0] * c
            f = f + self.p[1] * c if self.forget_gate else None
        kept = ops.sigmoid(f) * c if self.forget_gate else c  # the constant error carousel
        c = kept + ops.sigmoid(i) * ops.tanh(g)
        if self.peepholes:
            o = o + self.p[-1] * c
        h = ops.sigmoid(o) * ops.tanh(c)
        return h, [h, c]


class GateBias(keras.initializers.Initializer):
    """Zeros, but ones for the forget gate."""

    def __call__(self, shape, dtype=None):
        units = shape[0] // 4
        return ops.cast(ops.logical_and(ops.arange(shape[0]) >= units, ops.arange(shape[0]) < 2 * units), dtype)


@register(
    "lstm",
    title="Long short-term memory",
    year=1997,
    paper="S. Hochreiter, J. Schmidhuber, Long Short-Term Memory",
    url="https://doi.org/10.1162/neco.1997.9.8.1735",
    lineage=("rnn",),
)
class LSTM(keras.Model):
    """int32 symbols (B, T) -> logits (B, T, vocabulary) of the symbol after each. Labels are int, (B, T).

    `compile` needs an optimiser only, the loss is cross-entropy. `cache` and `decode` are for `zoo.generation.tokens`.
    Raises `zoo.errors.BadInput` for sizes that can't be.

    Args:
        vocabulary: symbols that there are.
        embedding: numbers that stand for a symbol.
        units: cells of a layer.
        depth: layers of cells, one on the other.
        dropout: share of what each layer is given, and of what the last gives, that is dropped in training.
        forget_gate, peepholes: see the file's head.
    """

    context = None  # any number of symbols

    def __init__(
        self, *, vocabulary=65, embedding=64, units=256, depth=1, dropout=0.0, forget_gate=True, peepholes=False
    ):
        if min(vocabulary, embedding, units, depth) < 1 or not 0 <= dropout < 1:
            raise BadInput(
                f"LSTM can't have {vocabulary} symbols, {depth} layers of {units} cells, embeddings of {embedding} and "
                f"dropout {dropout}; give 1 or more, and a dropout from 0 up to 1"
            )
        symbols = keras.Input((None,), dtype="int32", name="symbols")
        x = layers.Embedding(vocabulary, embedding, name="embedding")(symbols)  # (B, T, embedding)
        gates = 4 if forget_gate else 3
        for number in range(1, depth + 1):
            x = layers.Dropout(dropout, name=f"dropout{number}")(x)
            # W x_t + b of all steps is one product, before the loop over steps.
            bias = GateBias() if forget_gate else "zeros"
            x = layers.Dense(gates * units, bias_initializer=bias, name=f"gates{number}")(x)  # (B, T, 4 units)
            cell = LSTMCell(units, forget_gate, peepholes, name=f"cell{number}")
            x, *_ = layers.RNN(cell, return_sequences=True, return_state=True, name=f"lstm{number}")(x)  # (B, T, units)
        x = layers.Dropout(dropout, name="dropout")(x)
        logits = layers.Dense(vocabulary, name="output")(x)  # (B, T, vocabulary)
        super().__init__(symbols, logits, name="lstm")
        self.arguments = {
            "vocabulary": vocabulary,
            "embedding": embedding,
            "units": units,
            "depth": depth,
            "dropout": dropout,
            "forget_gate": forget_gate,
            "peepholes": peepholes,
        }

    def compile(self, optimizer="adam", loss=None, **kwargs):
        loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def cache(self, batch, capacity):
        """The states before the first symbol: [h, c] of each layer, (B, units) each."""
        return [ops.zeros((batch, self.arguments["units"])) for _ in range(2 * self.arguments["depth"])]

    def decode(self, symbols, cache, index, pad):
        """Read symbols (B, T) that follow those in `cache`. Returns logits (B, vocabulary) of the next, and the cache.

        index: how many came before. pad: int (B,), how many of all, at the front, are only filled up and not seen.
        """
        seen = index + ops.arange(ops.shape(symbols)[1]) >= pad[:, None]  # (B, T)
        x, after = self.get_layer("embedding")(symbols), []
        for number in range(1, self.arguments["depth"] + 1):
            x = self.get_layer(f"gates{number}")(x)
            before = cache[2 * number - 2 : 2 * number]
            x, *states = self.get_layer(f"lstm{number}")(x, initial_state=before, mask=seen)
            after += states
        return self.get_layer("output")(x[:, -1]), after

    def get_config(self):
        return dict(self.arguments)
