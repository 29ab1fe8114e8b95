"""Sequence to sequence learning: one recurrent net encodes a sentence, another decodes its translation; and attention.

Ilya Sutskever, Oriol Vinyals, Quoc V. Le, "Sequence to Sequence Learning with Neural Networks", NIPS 2014.
https://arxiv.org/abs/1409.3215 [S]
Dzmitry Bahdanau, Kyunghyun Cho, Yoshua Bengio, "Neural Machine Translation by Jointly Learning to Align and
Translate", ICLR 2015. https://arxiv.org/abs/1409.0473 [B]

What was new in [S]: translation end to end, with nothing in the network about word order or which word translates
which. An LSTM encodes the source; its final states, v, are the initial states of a second LSTM, which decodes the
target token by token:

    p(y_1 ... y_T | x_1 ... x_S) = prod_t p(y_t | v, y_1 ... y_{t-1})          [S] eq. 1

The source is reversed, so that its first words are near the first ones of the target (section 3.3).

What was new in [B]: attention. A long sentence need not fit into one vector; at each step the decoder attends to the
hidden states of a bidirectional encoder, one for each source token. This is `attention=True`:

    h_j = [forwards_j, backwards_j]                                            [B] section 3.2
    a(s_{i-1}, h_j) = v_a . tanh(W_a s_{i-1} + U_a h_j)                        [B] appendix A.1.2
    alpha_ij = exp(e_ij) / sum_k exp(e_ik),  e_ij = a(s_{i-1}, h_j)            [B] eq. 6
    c_i = sum_j alpha_ij h_j                                                   [B] eq. 5
    s_i = f(s_{i-1}, y_{i-1}, c_i)                                             [B] section 3.1
    p(y_i | ...) = g(y_{i-1}, s_i, c_i), a layer of maxout before the logits   [B] eq. 4, appendix A.2.2
    s_0 = tanh(W_s backwards_1)                                                [B] appendix A.2.2

Where this file departs from the papers, and why:
- [B] has gated units, and says that LSTM's may replace them (appendix A.1.1): here one cell serves both papers. Of such
  a decoder only h is s; its cell states start at zero.
- With attention, too, there may be several layers, though [B] has one. The first of the decoder's attends to the
  source.
- g gets s_i, as in eq. 4, where the appendix has s_{i-1}: otherwise the layers above the first would have no effect.
- Initial weights are Keras' own, not uniform from -0.08 to 0.08, and forget gates have a bias of 1, see `LSTMCell`.
- Token 0 pads sentences to one length. It is masked in the source, and as a label it has no loss.
- Neither paper has dropout. Here it is between layers only, as in W. Zaremba and others (2014).

Parameters: 384,112,000 for [S]'s translator (source vocabulary 160,000, vocabulary 80,000, embedding 1000, 4 layers of
1000 units); the paper says 384 million. 87,304,000 for [B]'s (30,000, 620, 1 layer of 1000 units each way).
"""

import keras
from keras import layers, ops

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.nn.attention import PAD
from zoo.nn.model import LogitsModel

# Shapes: B sentences, S tokens of a source, T of a target, E embedding dimension, U units.


class LSTMCell(layers.Layer):
    """One time step: W x_t + b (B, 4 U; i, f, g, o), [h_{t-1}, c_{t-1}] (B, U) -> h_t (B, U), [h_t, c_t].

    The equations are in zoo/models/lstm.py. The forget gate has 1 added, so that cells keep their state until they
    learn to forget.
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.state_size, self.output_size = [units, units], units

    def build(self, input_shape):
        units = self.output_size
        self.U = self.add_weight(shape=(units, 4 * units), initializer="orthogonal", name="U")

    def call(self, inputs, states, training=False):
        h, c = states
        i, f, g, o = ops.split(inputs + ops.matmul(h, self.U), 4, axis=-1)  # (B, U) each
        c = ops.sigmoid(f + 1.0) * c + ops.sigmoid(i) * ops.tanh(g)
        h = ops.sigmoid(o) * ops.tanh(c)
        return h, [h, c]


class AttentiveLSTM(layers.Layer):
    """An LSTM with attention to an encoder's output at each time step.

    Returns hidden states h (B, T, U), contexts (B, T, 2 U), attention weights alpha (B, T, S), and the last h and c
    (B, U). (`keras.layers.RNN` can't pass its cell a constant such as the encoder's output.)
    """

    def __init__(self, units: int, **kwargs):
        super().__init__(**kwargs)
        self.query = layers.Dense(units, use_bias=False, name="W_a")
        self.score = layers.Dense(1, use_bias=False, name="v_a")
        self.context = layers.Dense(4 * units, use_bias=False, name="C")
        self.cell = LSTMCell(units, name="cell")
        self.units = units

    def build(self, x_shape, encoder_output_shape, *others):
        self.query.build((None, self.units))
        self.score.build((None, self.units))
        self.context.build((None, encoder_output_shape[-1]))
        self.cell.build(x_shape)

    def call(self, x, encoder_output, keys, encoder_mask, h, c, step_mask=None):
        """x (B, T, 4 U): W x_t + b of all steps; encoder_output (B, S, 2 U): h_j; keys (B, S, U): U_a h_j.

        encoder_mask: bool (B, S), True where attention may go. h, c: initial states (B, U). step_mask: bool (B, T),
        False for steps that leave the states as they are; None: no such steps.
        """

        def step(states, inputs):
            h, c, *_ = states
            x, *taken = inputs
            alpha = self.alpha(h, keys, encoder_mask)  # (B, S)
            context = ops.matmul(alpha[:, None], encoder_output)[:, 0]  # (B, 2 U), eq. 5
            _, [h, c] = self.cell(x + self.context(context), [h, c])
            updated = [h, c, context, alpha]
            if taken:
                pairs = zip(updated, states, strict=True)
                updated = [ops.where(taken[0][:, None], new, old) for new, old in pairs]
            return updated, updated

        no_context, no_alpha = ops.zeros_like(encoder_output[:, 0]), ops.zeros_like(encoder_output[:, :, 0])
        x = ops.transpose(x, (1, 0, 2))  # (T, B, 4 U)
        inputs = [x] if step_mask is None else [x, ops.transpose(step_mask)]
        [h, c, *_], all_steps = ops.scan(step, [h, c, no_context, no_alpha], inputs)
        outputs, _, contexts, alphas = (ops.transpose(each, (1, 0, 2)) for each in all_steps)  # (B, T, ...)
        return outputs, contexts, alphas, h, c

    def alpha(self, h, keys, encoder_mask):
        """Attention weights of one step: s_{i-1} (B, U) -> (B, S)."""
        scores = self.score(ops.tanh(self.query(h)[:, None] + keys))[:, :, 0]  # (B, S), appendix A.1.2
        scores = ops.cast(scores, "float32")  # a bfloat16 softmax would lose small weights
        scores = ops.where(encoder_mask, scores, -1e9)
        # Written out because ops.softmax warns of an axis of length 1, which a source of one token has.
        weights = ops.exp(scores - ops.logsumexp(scores, axis=-1, keepdims=True))  # eq. 6
        return ops.cast(weights, self.compute_dtype)


class Maxout(layers.Layer):
    """The maximum of each two neighbouring units: (B, T, U) -> (B, T, U / 2)."""

    def call(self, x):
        return ops.maximum(x[..., ::2], x[..., 1::2])


def gates(units: int, name: str):
    """W x_t + b of all time steps, as one matrix product before the loop over time: (B, T, ...) -> (B, T, 4 U)."""
    return layers.Dense(4 * units, name=f"{name}_gates")


def lstm(units: int, name: str, **options):
    """(B, T, 4 U) -> hidden states h (B, T, U), and the last h and c (B, U)."""
    return layers.RNN(
        LSTMCell(units, name=f"{name}_cell"), return_sequences=True, return_state=True, name=name, **options
    )


def lstm_encoder(vocabulary: int, embedding: int, units: int, depth: int, dropout: float) -> keras.Model:
    """The encoder of [S]: source (B, S) -> the final h and c (B, U) of each layer."""
    source = keras.Input((None,), dtype="int32", name="source")
    reverse = ops.flip(source, axis=1)  # padding comes first then, and is masked
    mask, states = ops.not_equal(reverse, PAD), []
    x = layers.Embedding(vocabulary, embedding, name="embedding")(reverse)  # (B, S, E)
    for number in range(1, depth + 1):
        x = layers.Dropout(dropout, name=f"dropout{number}")(x)
        x, *last = lstm(units, f"lstm{number}")(gates(units, f"lstm{number}")(x), mask=mask)  # (B, S, U)
        states += last
    return keras.Model(source, states, name="encoder")


def bidirectional_encoder(vocabulary: int, embedding: int, units: int, depth: int, dropout: float) -> keras.Model:
    """The encoder of [B]: source (B, S) -> encoder output (B, S, 2 U), keys (B, S, U), mask (B, S), and the decoder's
    initial h and c (B, U) of each layer."""
    source = keras.Input((None,), dtype="int32", name="source")
    mask, states = ops.not_equal(source, PAD), []
    x = layers.Embedding(vocabulary, embedding, name="embedding")(source)  # (B, S, E)
    for number in range(1, depth + 1):
        x = layers.Dropout(dropout, name=f"dropout{number}")(x)
        forward, backward = f"forwards{number}", f"backwards{number}"
        forwards, *_ = lstm(units, forward)(gates(units, forward)(x), mask=mask)  # (B, S, U)
        backwards, first, _ = lstm(units, backward, go_backwards=True)(gates(units, backward)(x), mask=mask)
        x = ops.concatenate([forwards, ops.flip(backwards, axis=1)], axis=-1)  # h_j, (B, S, 2 U)
        h = layers.Dense(units, activation="tanh", use_bias=False, name=f"W_s{number}")(first)  # s_0
        states += [h, ops.zeros_like(h)]
    keys = layers.Dense(units, use_bias=False, name="U_a")(x)  # once for all steps, as A.1.2 advises
    return keras.Model(source, [x, keys, mask, *states], name="encoder")


@register(
    "seq2seq",
    title="Sequence to sequence learning",
    year=2014,
    paper="I. Sutskever, O. Vinyals, Q. V. Le, Sequence to Sequence Learning with Neural Networks",
    url="https://arxiv.org/abs/1409.3215",
    lineage=("lstm",),
    new="encoder and decoder: a sentence in, a sentence out",
)
class Seq2Seq(LogitsModel):
    """{"source": int32 (B, S), "target": int32 (B, T)} -> logits (B, T, vocabulary) of the target's next tokens.

    Labels are int, (B, T): the target shifted by one (teacher forcing). Token 0 is padding. `compile` needs only an
    optimiser; the model has its own loss. `cache` and `decode` are for `zoo.generation.tokens`. Raises
    `zoo.errors.BadInput` for invalid sizes.

    Args:
        vocabulary: number of tokens of the target, and of the source unless that has its own.
        source_vocabulary: number of tokens of the source; None for `vocabulary`.
        embedding: embedding dimension.
        units: cells of a layer, and with attention of each direction; even then.
        depth: layers of the encoder and of the decoder.
        dropout: rate on the input of each layer and on the output of the last.
        attention: False for [S]'s model, True for [B]'s; see the module's docstring.
    """

    task = "translate_text"

    context = None  # no maximal length

    def __init__(
        self,
        *,
        vocabulary: int = 80000,
        source_vocabulary: int | None = None,
        embedding: int = 1000,
        units: int = 1000,
        depth: int = 4,
        dropout: float = 0.0,
        attention: bool = False,
    ):
        tokens = vocabulary if source_vocabulary is None else source_vocabulary
        if min(vocabulary, tokens, embedding, units, depth) < 1 or not 0 <= dropout < 1:
            raise BadInput(
                f"Seq2Seq can't have {tokens} source and {vocabulary} target tokens, {depth} layers of "
                f"{units} cells, embeddings of {embedding} and dropout {dropout}; give 1 or more, and a dropout from 0 "
                "up to 1"
            )
        if attention and units % 2:
            raise BadInput(f"Seq2Seq with attention can't have {units} cells; give an even number, for maxout's pairs")
        source = keras.Input((None,), dtype="int32", name="source")
        target = keras.Input((None,), dtype="int32", name="target")
        encoder = (bidirectional_encoder if attention else lstm_encoder)(tokens, embedding, units, depth, dropout)
        encoded = encoder(source)
        encoder_output, states = (encoded[:3], encoded[3:]) if attention else ([], encoded)

        x = embedded = layers.Embedding(vocabulary, embedding, name="embedding")(target)  # (B, T, E)
        for number in range(1, depth + 1):
            x = layers.Dropout(dropout, name=f"dropout{number}")(x)
            x = gates(units, f"decoder{number}")(x)  # (B, T, 4 U)
            initial = states[2 * number - 2 : 2 * number]
            if attention and number == 1:
                layer = AttentiveLSTM(units, name="decoder1")
                x, contexts, *_ = layer(x, *encoder_output, *initial)  # (B, T, U), (B, T, 2 U)
            else:
                x, *_ = lstm(units, f"decoder{number}")(x, initial_state=initial)  # (B, T, U)
        if attention:
            x = ops.concatenate([x, embedded, contexts], axis=-1)
            # U_o, V_o and C_o of the appendix, concatenated to one matrix.
            x = Maxout(name="maxout")(layers.Dense(units, name="deep")(x))  # (B, T, U / 2)
        x = layers.Dropout(dropout, name="dropout")(x)
        logits = layers.Dense(vocabulary, name="output")(x)  # (B, T, vocabulary)
        super().__init__({"source": source, "target": target}, logits, name="seq2seq")
        self.arguments = {
            "vocabulary": vocabulary,
            "source_vocabulary": source_vocabulary,
            "embedding": embedding,
            "units": units,
            "depth": depth,
            "dropout": dropout,
            "attention": attention,
        }

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Cross-entropy, the mean over the tokens of a batch: minus the log of [S] eq. 1, per token."""
        logits = ops.cast(y_pred, "float32")
        loss = ops.sparse_categorical_crossentropy(y, logits, from_logits=True)  # (B, T)
        weight = ops.cast(ops.not_equal(y, PAD), "float32")
        if sample_weight is not None:
            weight = weight * ops.cast(sample_weight, "float32")
        return ops.sum(loss * weight) / ops.maximum(ops.sum(weight), 1e-6)

    def encode(self, source):
        """The encoder's outputs for a source (B, S), a list: see `lstm_encoder` and `bidirectional_encoder`."""
        return list(self.get_layer("encoder")(source))

    def cache(self, batch, capacity, source):
        """The encoder's outputs for a source (B, S), and the decoder's initial states: a list, as `encode`'s.

        (It needs no capacity for the target: the states summarise what was decoded.)
        """
        return self.encode(source)

    def decode(self, tokens, cache, index, pad):
        """Decode tokens (B, T) that follow those in `cache`. Returns logits (B, vocabulary) of the next token, and the
        updated cache.

        index: number of tokens before these. pad: int (B,), number of padding tokens at the front of each sequence.
        """
        mask = index + ops.arange(ops.shape(tokens)[1]) >= pad[:, None]  # (B, T)
        x, contexts, _, updated = self._run_decoder(tokens, cache, mask)
        if self.arguments["attention"]:
            embedded = self.get_layer("embedding")(tokens[:, -1:])
            x = ops.concatenate([x[:, -1:], embedded, contexts[:, -1:]], axis=-1)
            x = self.get_layer("maxout")(self.get_layer("deep")(x))  # (B, 1, U / 2)
        return self.get_layer("output")(x[:, -1]), updated

    def attention(self, source, target):
        """Attention weights of each token of the target, alpha of [B] eq. 6: (B, T, S)."""
        if not self.arguments["attention"]:
            raise BadInput("this Seq2Seq has no attention; build it with attention=True")
        return self._run_decoder(target, self.encode(source))[2]

    def _run_decoder(self, tokens, cache, mask=None):
        """Tokens (B, T) -> h (B, T, U) of the last layer, contexts (B, T, 2 U), alpha (B, T, S), the updated cache."""
        encoder_output, states = (cache[:3], cache[3:]) if self.arguments["attention"] else ([], cache)
        x, updated = self.get_layer("embedding")(tokens), list(encoder_output)
        contexts = alphas = None
        for number in range(1, self.arguments["depth"] + 1):
            x, layer = self.get_layer(f"decoder{number}_gates")(x), self.get_layer(f"decoder{number}")
            initial = states[2 * number - 2 : 2 * number]
            if encoder_output and number == 1:
                x, contexts, alphas, *last = layer(x, *encoder_output, *initial, step_mask=mask)
            else:
                x, *last = layer(x, initial_state=initial, mask=mask)
            updated += last
        return x, contexts, alphas, updated

    def get_config(self):
        return dict(self.arguments)
