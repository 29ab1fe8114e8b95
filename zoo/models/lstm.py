"""Long short-term memory: recurrent cells whose gates decide what to store, keep and output.

Sepp Hochreiter, Juergen Schmidhuber, "Long Short-Term Memory", Neural Computation 9(8), 1735-1780 (1997).
https://doi.org/10.1162/neco.1997.9.8.1735

What was new: in a recurrent net the gradient is multiplied at each step back in time, so it vanishes or explodes. Here
a cell's state goes from step to step with a weight of exactly 1, the constant error carousel: the gradient that flows
back through it neither vanishes nor explodes. Gates, multiplicative units, learn when to write to the state and when
to read it.

    i_t = sigma(W_i x_t + U_i h_{t-1} + b_i)      input gate
    f_t = sigma(W_f x_t + U_f h_{t-1} + b_f)      forget gate
    g_t = tanh(W_g x_t + U_g h_{t-1} + b_g)       candidate state
    c_t = f_t c_{t-1} + i_t g_t                   cell state
    o_t = sigma(W_o x_t + U_o h_{t-1} + b_o)      output gate
    h_t = o_t tanh(c_t)                           hidden state

The forget gate came later: F. Gers, J. Schmidhuber, F. Cummins, "Learning to Forget", Neural Computation 12(10) (2000),
https://doi.org/10.1162/089976600300015015. Without it, on an endless stream, states grow until the cells are useless.
It has been part of the LSTM since, so it is the default; `forget_gate=False` is 1997's f_t = 1.
`peepholes=True` connects the cell states to the gates: i_t and f_t see c_{t-1}, o_t sees c_t, with one weight a cell
(Gers, Schraudolph, Schmidhuber, "Learning Precise Timing with LSTM Recurrent Networks", 2002).

Where this file departs from the paper, and why:
- One cell in each memory block; tanh where the paper has logistic functions stretched to (-2, 2) and (-1, 1).
- Full back-propagation through time. The paper truncates the gradient to the path through the states, to save
  computation; the gradient here is exact.
- The forget gate's bias starts at 1, so that cells keep their state until they learn to forget (Gers and others).

Parameters: 4 (inputs + units + 1) units for each layer, 3 units more with peepholes; without the forget
gate 3 times the first and 2 units.
"""

import keras
from keras import layers, ops

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.nn.model import LogitsModel


class LSTMCell(layers.Layer):
    """One step: W x_t + b (B, 4 units; i, f, g, o), [h_{t-1}, c_{t-1}] -> h_t (B, units), [h_t, c_t]."""

    def __init__(self, units: int, forget_gate: bool, peepholes: bool, **kwargs):
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
        gates = inputs + ops.matmul(h, self.U)  # (B, 4 units), of all gates
        if self.forget_gate:
            i, f, g, o = ops.split(gates, 4, axis=-1)
        else:
            i, g, o = ops.split(gates, 3, axis=-1)
        if self.peepholes:
            i = i + self.p[0] * c
            f = f + self.p[1] * c if self.forget_gate else None
        c = ops.sigmoid(f) * c if self.forget_gate else c  # the constant error carousel
        c = c + ops.sigmoid(i) * ops.tanh(g)
        if self.peepholes:
            o = o + self.p[-1] * c
        h = ops.sigmoid(o) * ops.tanh(c)
        return h, [h, c]


class GateBias(keras.initializers.Initializer):
    """Ones for the forget gate, zeros for the others."""

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
    new="gated cells that carry gradients over long time lags",
)
class LSTM(LogitsModel):
    """int32 tokens (B, T) -> logits (B, T, vocabulary) of the next tokens. Labels are int, (B, T).

    `compile` needs only an optimiser; the loss is cross-entropy. `cache` and `decode` are for `zoo.generation.tokens`.
    Raises `zoo.errors.BadInput` for invalid sizes.

    Args:
        vocabulary: number of tokens.
        embedding: embedding dimension.
        units: cells of a layer.
        depth: stacked layers.
        dropout: rate on the input of each layer and on the output of the last.
        forget_gate, peepholes: see the module's docstring.
    """

    task = "generate_text"

    context = None  # no maximal length

    def __init__(
        self,
        *,
        vocabulary: int = 65,
        embedding: int = 64,
        units: int = 256,
        depth: int = 1,
        dropout: float = 0.0,
        forget_gate: bool = True,
        peepholes: bool = False,
    ):
        if min(vocabulary, embedding, units, depth) < 1 or not 0 <= dropout < 1:
            raise BadInput(
                f"LSTM can't have {vocabulary} tokens, {depth} layers of {units} cells, embeddings of {embedding} and "
                f"dropout {dropout}; give 1 or more, and a dropout from 0 up to 1"
            )
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        x = layers.Embedding(vocabulary, embedding, name="embedding")(tokens)  # (B, T, embedding)
        gates = 4 if forget_gate else 3
        for number in range(1, depth + 1):
            x = layers.Dropout(dropout, name=f"dropout{number}")(x)
            # W x_t + b of all time steps is one matrix product, before the loop over time.
            bias = GateBias() if forget_gate else "zeros"
            x = layers.Dense(gates * units, bias_initializer=bias, name=f"gates{number}")(x)  # (B, T, 4 units)
            cell = LSTMCell(units, forget_gate, peepholes, name=f"cell{number}")
            x, *_ = layers.RNN(cell, return_sequences=True, return_state=True, name=f"lstm{number}")(x)  # (B, T, units)
        x = layers.Dropout(dropout, name="dropout")(x)
        logits = layers.Dense(vocabulary, name="output")(x)  # (B, T, vocabulary)
        super().__init__(tokens, logits, name="lstm")
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
        """The initial states: [h, c] of each layer, zeros (B, units) each."""
        return [ops.zeros((batch, self.arguments["units"])) for _ in range(2 * self.arguments["depth"])]

    def decode(self, tokens, cache, index, pad):
        """Decode tokens (B, T) that follow those in `cache`. Returns logits (B, vocabulary) of the next token, and the
        updated cache.

        index: number of tokens before these. pad: int (B,), number of padding tokens at the front of each sequence.
        """
        mask = index + ops.arange(ops.shape(tokens)[1]) >= pad[:, None]  # (B, T)
        x, updated = self.get_layer("embedding")(tokens), []
        for number in range(1, self.arguments["depth"] + 1):
            x = self.get_layer(f"gates{number}")(x)
            states = cache[2 * number - 2 : 2 * number]
            x, *states = self.get_layer(f"lstm{number}")(x, initial_state=states, mask=mask)
            updated += states
        return self.get_layer("output")(x[:, -1]), updated

    def get_config(self):
        return dict(self.arguments)
