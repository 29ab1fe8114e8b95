"""Sequence to sequence learning: one recurrent net reads a sentence, another writes its translation; and attention.

Ilya Sutskever, Oriol Vinyals, Quoc V. Le, "Sequence to Sequence Learning with Neural Networks", NIPS 2014.
https://arxiv.org/abs/1409.3215 [S]
Dzmitry Bahdanau, Kyunghyun Cho, Yoshua Bengio, "Neural Machine Translation by Jointly Learning to Align and
Translate", ICLR 2015. https://arxiv.org/abs/1409.0473 [B]

What was new in [S]: a whole sentence becomes another with nothing in the net that knows of words' order or which word
stands for which. An LSTM reads the source to its end; what its cells hold then, v, is all that a second LSTM is given,
which goes on from there word by word:

    p(y_1 ... y_T | x_1 ... x_S) = prod_t p(y_t | v, y_1 ... y_{t-1})          [S] eq. 1

The source is read backwards, so that its first words are near the first ones of the target (section 3.3).

What was new in [B]: a long sentence need not fit into one vector. The decoder looks back, at each step where it likes,
at what two LSTMs, reading forwards and backwards, made of each word. This is `attention=True`:

    h_j = [forwards_j, backwards_j]                                            [B] section 3.2
    a(s_{i-1}, h_j) = v_a . tanh(W_a s_{i-1} + U_a h_j)                        [B] appendix A.1.2
    alpha_ij = exp(e_ij) / sum_k exp(e_ik),  e_ij = a(s_{i-1}, h_j)            [B] eq. 6
    c_i = sum_j alpha_ij h_j                                                   [B] eq. 5
    s_i = f(s_{i-1}, y_{i-1}, c_i)                                             [B] section 3.1
    p(y_i | ...) = g(y_{i-1}, s_i, c_i), a layer of maxout before the logits   [B] eq. 4, appendix A.2.2
    s_0 = tanh(W_s backwards_1)                                                [B] appendix A.2.2

Where this file departs from the papers, and why:
- [B] has gated units, and says that LSTM's may stand in for them (appendix A.1.1): here one cell serves both papers.
  Of such a decoder only h is s; its cells are empty at first.
- With attention, too, there may be several layers, though [B] has one. The first of the decoder's looks at the source.
- g is given s_i, as in eq. 4, where the appendix has s_{i-1}: so the layers above the first count, too.
- Initial weights are Keras' own, not uniform from -0.08 to 0.08, and cells remember at first, see `LSTMCell`.
- Token 0 fills sentences up to one length. It is not read in the source and asks for nothing as a label.
- Neither paper has dropout. It is between layers only, as W. Zaremba and others have it (2014).

Parameters: 384,112,000 for [S]'s translator (source vocabulary 160,000, vocabulary 80,000, embedding 1000, 4 layers of
1000 units); the paper says 384 million. 87,304,000 for [B]'s (30,000, 620, 1 layer of 1000 units each way).
"""

import keras
from keras import layers, ops

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.nn.attention import PAD

# Shapes: B sentences, S tokens of a source, T of a target, E numbers of an embedding, U units.


class LSTMCell(layers.Layer):
    """One step: W x_t + b (B, 4 U; i, f, g, o), [h_{t-1}, c_{t-1}] (B, U) -> h_t (B, U), [h_t, c_t].

    The equations are in zoo/lstm.py. The forget gate has 1 added, so that cells remember until they learn to forget.
    """

    def __init__(self, units, **kwargs):
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
    """An LSTM that at each step looks at a memory first. Returns h (B, T, U), contexts (B, T, 2 U), how much it looked
    at what, alpha (B, T, S), and the last h and c (B, U).

    (`keras.layers.RNN` has no way to give its cell something that stays the same.)
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.query = layers.Dense(units, use_bias=False, name="W_a")
        self.score = layers.Dense(1, use_bias=False, name="v_a")
        self.context = layers.Dense(4 * units, use_bias=False, name="C")
        self.cell = LSTMCell(units, name="cell")
        self.units = units

    def build(self, x_shape, encoder_shape, *others):
        self.query.build((None, self.units))
        self.score.build((None, self.units))
        self.context.build((None, encoder_shape[-1]))
        self.cell.build(x_shape)

    def call(self, x, encoder_output, keys, attention_mask, h, c, taken=None):
        """x (B, T, 4 U): W x_t + b of all steps. memory (B, S, 2 U), keys (B, S, U): h_j and U_a h_j.

        seen: bool (B, S), what may be looked at. h, c: (B, U). taken: bool (B, T), which steps are taken; None: all.
        """

        def step(before, now):
            h, c, *_ = before
            x, *now_taken = now
            alpha = self.alpha(h, keys, attention_mask)  # (B, S)
            context = ops.matmul(alpha[:, None], encoder_output)[:, 0]  # (B, 2 U), eq. 5
            _, [h, c] = self.cell(x + self.context(context), [h, c])
            after = [h, c, context, alpha]
            if now_taken:
                after = [ops.where(now_taken[0][:, None], new, old) for new, old in zip(after, before, strict=True)]
            return after, after

        nothing = [
            ops.zeros_like(encoder_output[:, 0]),
            ops.zeros_like(encoder_output[:, :, 0]),
        ]  # no context yet, none looked at
        x = ops.transpose(x, (1, 0, 2))  # (T, B, 4 U)
        steps = [x] if taken is None else [x, ops.transpose(taken)]
        [h, c, *_], after = ops.scan(step, [h, c, *nothing], steps)
        outputs, _, contexts, alphas = (ops.transpose(each, (1, 0, 2)) for each in after)  # (B, T, ...)
        return outputs, contexts, alphas, h, c

    def alpha(self, h, keys, attention_mask):
        """How much a step looks at each token of the source: s_{i-1} (B, U) -> (B, S)."""
        scores = self.score(ops.tanh(self.query(h)[:, None] + keys))[:, :, 0]  # (B, S), appendix A.1.2
        scores = ops.where(
            attention_mask, ops.cast(scores, "float32"), -1e9
        )  # a softmax of bfloat16 would lose what is small
        # As a formula: ops.softmax warns of a single token to look at.
        weights = ops.exp(scores - ops.logsumexp(scores, axis=-1, keepdims=True))  # eq. 6
        return ops.cast(weights, self.compute_dtype)


class Maxout(layers.Layer):
    """The larger of each two neighbours: (B, T, U) -> (B, T, U / 2)."""

    def call(self, x):
        return ops.maximum(x[..., ::2], x[..., 1::2])


def gates(units, name):
    """W x_t + b of all steps, as one product before the loop over steps: (B, T, ...) -> (B, T, 4 U)."""
    return layers.Dense(4 * units, name=f"{name}_gates")


def lstm(units, name, **options):
    """(B, T, 4 U) -> h (B, T, U), and the last h and c (B, U)."""
    return layers.RNN(
        LSTMCell(units, name=f"{name}_cell"), return_sequences=True, return_state=True, name=name, **options
    )


def reader(vocabulary, embedding, units, depth, dropout):
    """The encoder of [S]: source (B, S) -> what its cells hold in the end, h and c (B, U) of each layer."""
    source = keras.Input((None,), dtype="int32", name="source")
    reverse = ops.flip(source, axis=1)  # what filled up comes first then, and is not read
    attention_mask, states = ops.not_equal(reverse, PAD), []
    x = layers.Embedding(vocabulary, embedding, name="embedding")(reverse)  # (B, S, E)
    for number in range(1, depth + 1):
        x = layers.Dropout(dropout, name=f"dropout{number}")(x)
        x, *last = lstm(units, f"lstm{number}")(gates(units, f"lstm{number}")(x), mask=attention_mask)  # (B, S, U)
        states += last
    return keras.Model(source, states, name="encoder")


def two_way_reader(vocabulary, embedding, units, depth, dropout):
    """The encoder of [B]: source (B, S) -> memory (B, S, 2 U), keys (B, S, U), seen (B, S), h and c of each layer."""
    source = keras.Input((None,), dtype="int32", name="source")
    attention_mask, states = ops.not_equal(source, PAD), []
    x = layers.Embedding(vocabulary, embedding, name="embedding")(source)  # (B, S, E)
    for number in range(1, depth + 1):
        x = layers.Dropout(dropout, name=f"dropout{number}")(x)
        there, back = f"forwards{number}", f"backwards{number}"
        forwards, *_ = lstm(units, there)(gates(units, there)(x), mask=attention_mask)  # (B, S, U)
        backwards, first, _ = lstm(units, back, go_backwards=True)(gates(units, back)(x), mask=attention_mask)
        x = ops.concatenate([forwards, ops.flip(backwards, axis=1)], axis=-1)  # h_j, (B, S, 2 U)
        h = layers.Dense(units, activation="tanh", use_bias=False, name=f"W_s{number}")(first)  # s_0
        states += [h, ops.zeros_like(h)]
    keys = layers.Dense(units, use_bias=False, name="U_a")(x)  # once for all steps, as A.1.2 advises
    return keras.Model(source, [x, keys, attention_mask, *states], name="encoder")


@register(
    "seq2seq",
    title="Sequence to sequence learning",
    year=2014,
    paper="I. Sutskever, O. Vinyals, Q. V. Le, Sequence to Sequence Learning with Neural Networks",
    url="https://arxiv.org/abs/1409.3215",
    lineage=("lstm",),
)
class Seq2Seq(keras.Model):
    """{"source": int32 (B, S), "target": int32 (B, T)} -> logits (B, T, vocabulary) of the target's token after each.

    Labels are int, (B, T): the target one place on. Token 0 fills up. `compile` needs an optimiser only, the loss is
    the model's own. `cache` and `decode` are for `zoo.generation.tokens`.
    Raises `zoo.errors.BadInput` for sizes that can't be.

    Args:
        vocabulary: tokens that there are, of the target, and of the source unless that has its own.
        source_vocabulary: tokens of the source; None for as many as `vocabulary`.
        embedding: numbers that stand for a token.
        units: cells of a layer, and with attention of each direction; even then.
        depth: layers of cells of each side.
        dropout: share of what each layer is given, and of what the last gives, that is dropped in training.
        attention: False for [S]'s model, True for [B]'s; see the file's head.
    """

    context = None  # any number of tokens

    def __init__(
        self,
        *,
        vocabulary=80000,
        source_vocabulary=None,
        embedding=1000,
        units=1000,
        depth=4,
        dropout=0.0,
        attention=False,
    ):
        tokens = vocabulary if source_vocabulary is None else source_vocabulary
        if min(vocabulary, tokens, embedding, units, depth) < 1 or not 0 <= dropout < 1:
            raise BadInput(
                f"Seq2Seq can't have {tokens} tokens of a source and {vocabulary} of a target, {depth} layers of "
                f"{units} cells, embeddings of {embedding} and dropout {dropout}; give 1 or more, and a dropout from 0 "
                "up to 1"
            )
        if attention and units % 2:
            raise BadInput(f"Seq2Seq with attention can't have {units} cells; give an even number, for maxout's pairs")
        source = keras.Input((None,), dtype="int32", name="source")
        target = keras.Input((None,), dtype="int32", name="target")
        encoder = (two_way_reader if attention else reader)(tokens, embedding, units, depth, dropout)
        known = encoder(source)
        encoder_output, states = (known[:3], known[3:]) if attention else ([], known)

        x = words = layers.Embedding(vocabulary, embedding, name="embedding")(target)  # (B, T, E)
        for number in range(1, depth + 1):
            x = layers.Dropout(dropout, name=f"dropout{number}")(x)
            x = gates(units, f"decoder{number}")(x)  # (B, T, 4 U)
            before = states[2 * number - 2 : 2 * number]
            if attention and number == 1:
                x, contexts, *_ = AttentiveLSTM(units, name="decoder1")(
                    x, *encoder_output, *before
                )  # (B, T, U), (B, T, 2 U)
            else:
                x, *_ = lstm(units, f"decoder{number}")(x, initial_state=before)  # (B, T, U)
        if attention:
            x = ops.concatenate([x, words, contexts], axis=-1)
            # U_o, V_o and C_o of the appendix, side by side in one matrix.
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
        """Cross-entropy, the mean over the tokens of a batch: what makes the target likely, [S] eq. 1."""
        logits = ops.cast(y_pred, "float32")
        loss = ops.sparse_categorical_crossentropy(y, logits, from_logits=True)  # (B, T)
        weight = ops.cast(ops.not_equal(y, PAD), "float32")
        if sample_weight is not None:
            weight = weight * ops.cast(sample_weight, "float32")
        return ops.sum(loss * weight) / ops.maximum(ops.sum(weight), 1e-6)

    def encode(self, source):
        """What the encoder makes of a source (B, S), a list: see `reader` and `two_way_reader`."""
        return list(self.get_layer("encoder")(source))

    def cache(self, batch, capacity, source):
        """The source (B, S), encoded here, and the states before the first token of the target. A list, as `encode`'s.

        (The target needs no room: what was read of it is in the states.)
        """
        return self.encode(source)

    def decode(self, tokens, cache, index, pad):
        """Read tokens (B, T) that follow those in `cache`. Returns logits (B, vocabulary) of the next, and the cache.

        index: how many came before. pad: int (B,), how many of all, at the front, are only filled up and not seen.
        """
        taken = index + ops.arange(ops.shape(tokens)[1]) >= pad[:, None]  # (B, T)
        x, contexts, _, after = self._read(tokens, cache, taken)
        if self.arguments["attention"]:
            words = self.get_layer("embedding")(tokens[:, -1:])
            x = ops.concatenate([x[:, -1:], words, contexts[:, -1:]], axis=-1)
            x = self.get_layer("maxout")(self.get_layer("deep")(x))  # (B, 1, U / 2)
        return self.get_layer("output")(x[:, -1]), after

    def attention(self, source, target):
        """How much each token of the target looks at each of the source, alpha of [B] eq. 6: (B, T, S)."""
        if not self.arguments["attention"]:
            raise BadInput("this Seq2Seq looks at no source; only one that was made with attention=True does")
        return self._read(target, self.encode(source))[2]

    def _read(self, tokens, cache, taken=None):
        """Tokens (B, T) -> h (B, T, U) of the last layer, contexts (B, T, 2 U), alpha (B, T, S), the cache after."""
        encoder_output, states = (cache[:3], cache[3:]) if self.arguments["attention"] else ([], cache)
        x, after = self.get_layer("embedding")(tokens), list(encoder_output)
        contexts = alphas = None
        for number in range(1, self.arguments["depth"] + 1):
            x, layer = self.get_layer(f"decoder{number}_gates")(x), self.get_layer(f"decoder{number}")
            before = states[2 * number - 2 : 2 * number]
            if encoder_output and number == 1:
                x, contexts, alphas, *last = layer(x, *encoder_output, *before, taken=taken)
            else:
                x, *last = layer(x, initial_state=before, mask=taken)
            after += last
        return x, contexts, alphas, after

    def get_config(self):
        return dict(self.arguments)
