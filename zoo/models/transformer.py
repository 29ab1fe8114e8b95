"""The Transformer: an encoder-decoder in which only attention connects positions.

Ashish Vaswani, Noam Shazeer, Niki Parmar, Jakob Uszkoreit, Llion Jones, Aidan N. Gomez, Lukasz Kaiser, Illia
Polosukhin, "Attention Is All You Need", NIPS 2017. https://arxiv.org/abs/1706.03762

What was new: no recurrence and no convolution. Every token attends to every other in one step, with several heads
(`MultiHeadAttention` in zoo/nn/attention.py, eq. 1), so a whole sentence is computed in parallel, and the path between
two related tokens is short however far apart they are.

    encoder: N blocks of self-attention and a position-wise feed-forward network        section 3.1, figure 1
    decoder: N blocks of causal self-attention, cross-attention to the encoder's output, and a feed-forward network
    FFN(x) = max(0, x W_1 + b_1) W_2 + b_2                                           eq. 2
    PE(pos, 2i) = sin(pos / 10000^(2i / W)),  PE(pos, 2i+1) = cos(...)               section 3.5
    lrate = W^-0.5 min(step^-0.5, step warmup^-1.5)                                  eq. 3, `WarmUp`

Source embeddings, target embeddings and, transposed, the output layer share one matrix (section 3.4); the embeddings
are multiplied by sqrt(W). Label smoothing is 0.1 (section 5.4).

Where this file departs from the paper, and why:
- The projections of attention have biases, as layers of a network usually have.
- The positional encoding has sines in its first half and cosines in the second rather than alternating: the same
  numbers in another order.
- Token 0 pads sentences to one length. The padding mask hides it in the source, and as a label it has no loss.
- `norm_first`, off by default: layer normalisation of each sublayer's input rather than of the sum, and of the outputs
  of encoder and decoder (R. Xiong and others, "On Layer Normalization in the Transformer Architecture", 2020). On
  little data the paper's order can end with an encoder whose output is the same for every token.

Parameters, with the paper's 37,000 tokens: 63,082,496 for the base model (W 512, 6 blocks, 8 heads, 2048 hidden units),
214,245,376 for the big one (1024, 6, 16, 4096); table 3 says 65 and 213 million.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.nn.attention import PAD, PaddingMask, TransformerBlock
from zoo.nn.model import LogitsModel

LARGEST_ENCODING = 10**7  # numbers of the positional encoding


def positional_encoding(length: int, width: int) -> np.ndarray:
    """PE of section 3.5 for positions 0 to length - 1: float32 (length, W), sines, then cosines.

    (The paper alternates them: the same numbers in another order, to which the following layers are indifferent.)
    """
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(0, width, 2) / width)  # (length, W / 2)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype("float32")


class SinusoidalPositions(layers.Layer):
    """Embeddings times sqrt(W), plus the positional encoding: (B, T, W) -> the same.

    positions: int (B, T) or (T,); 0, 1, 2, ... when None.
    """

    def __init__(self, context: int, **kwargs):
        super().__init__(**kwargs)
        self.context = context

    def build(self, input_shape):
        self.table = positional_encoding(self.context, input_shape[-1])  # a constant: neither trained nor stored

    def compute_output_shape(self, shape):  # otherwise Keras calls the layer with an arbitrary length
        return shape

    def call(self, x, positions=None):
        length = x.shape[1]
        if positions is None and length is not None and length > self.context:
            raise BadInput(f"{length} tokens are more than this Transformer's context of {self.context}")
        table = ops.cast(self.table, x.dtype)
        encoding = table[: ops.shape(x)[1]] if positions is None else ops.take(table, positions, axis=0)
        return x * math.sqrt(x.shape[-1]) + encoding


@register(
    "transformer",
    title="Transformer",
    year=2017,
    paper="A. Vaswani and others, Attention Is All You Need",
    url="https://arxiv.org/abs/1706.03762",
    lineage=("seq2seq",),
    new="attention alone: no recurrence, no convolution",
)
class Transformer(LogitsModel):
    """{"source": int32 (B, S), "target": int32 (B, T)} -> logits (B, T, vocabulary) of the target's next tokens.

    Labels are int, (B, T): the target shifted by one. Token 0 is padding. `compile` needs only an optimiser (`WarmUp`
    is the paper's schedule); the model has its own loss. `cache` and `decode` are for `zoo.generation.tokens`. Raises
    `zoo.errors.BadInput` for invalid sizes.

    Args:
        vocabulary: number of tokens, shared by both languages.
        width: embedding dimension; even.
        depth: blocks of the encoder and of the decoder.
        heads: attention heads; a divisor of width.
        hidden: units of eq. 2.
        dropout: rate on the embeddings and on each sublayer's output (section 5.4).
        norm_first: normalise the input of each sublayer rather than the sum, see above.
        label_smoothing: probability mass that smoothed labels spread over all tokens.
        context: maximal length of a sentence.
    """

    task = "translate_text"

    def __init__(
        self,
        *,
        vocabulary: int = 37000,
        width: int = 512,
        depth: int = 6,
        heads: int = 8,
        hidden: int = 2048,
        dropout: float = 0.1,
        norm_first: bool = False,
        label_smoothing: float = 0.1,
        context: int = 512,
    ):
        too_small = min(vocabulary, width, depth, heads, hidden, context) < 1
        if too_small or width % heads or width % 2 or context * width > LARGEST_ENCODING:
            raise BadInput(
                f"Transformer can't have {vocabulary} tokens, a context of {context}, {depth} blocks of width {width} "
                f"with {heads} heads and {hidden} hidden units; give 1 or more, an even width that heads divide, and a "
                f"context of {LARGEST_ENCODING // max(width, 1):,} at most"
            )
        if not (0 <= dropout < 1 and 0 <= label_smoothing < 1):
            raise BadInput(f"dropout {dropout} and label smoothing {label_smoothing} must be from 0 up to 1")
        source = keras.Input((None,), dtype="int32", name="source")
        target = keras.Input((None,), dtype="int32", name="target")
        normal = keras.initializers.RandomNormal(stddev=width**-0.5)  # standard deviation 1 after the factor sqrt(W)
        embedding = layers.ReversibleEmbedding(vocabulary, width, embeddings_initializer=normal, name="embedding")
        add_positions = SinusoidalPositions(context, name="positions")
        drop = layers.Dropout(dropout, name="dropout")
        sizes = (width, heads, hidden, "relu")
        options = {"dropout": dropout, "attention_dropout": 0.0, "norm_first": norm_first}

        padding_mask = PaddingMask(name="padding_mask")(source)
        x = drop(add_positions(embedding(source)))  # (B, S, W)
        for number in range(1, depth + 1):
            x = TransformerBlock(*sizes, **options, name=f"encoder{number}")(x, attention_mask=padding_mask)
        x = layers.LayerNormalization(epsilon=1e-6, name="encoder_norm")(x) if norm_first else x
        encoder_output, x = x, drop(add_positions(embedding(target)))  # (B, S, W), (B, T, W)
        for number in range(1, depth + 1):
            block = TransformerBlock(*sizes, **options, causal=True, cross_attention=True, name=f"decoder{number}")
            x = block(x, encoder_output, encoder_mask=padding_mask)
        x = layers.LayerNormalization(epsilon=1e-6, name="decoder_norm")(x) if norm_first else x
        logits = embedding(x, reverse=True)  # (B, T, vocabulary)
        super().__init__({"source": source, "target": target}, logits, name="transformer")
        self.context = context
        self.arguments = {
            "vocabulary": vocabulary,
            "width": width,
            "depth": depth,
            "heads": heads,
            "hidden": hidden,
            "dropout": dropout,
            "norm_first": norm_first,
            "label_smoothing": label_smoothing,
            "context": context,
        }

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Cross-entropy, with smoothed labels in training only; the mean over the tokens of a batch."""
        logits = ops.cast(y_pred, "float32")
        smoothing = self.arguments["label_smoothing"] if training else 0.0
        nll = -ops.log_softmax(logits, axis=-1)  # (B, T, V)
        label_nll = ops.take_along_axis(nll, ops.cast(y, "int32")[:, :, None], axis=-1)[:, :, 0]  # (B, T)
        loss = (1 - smoothing) * label_nll + smoothing * ops.mean(nll, axis=-1)
        weight = ops.cast(ops.not_equal(y, PAD), "float32")
        if sample_weight is not None:
            weight = weight * ops.cast(sample_weight, "float32")
        return ops.sum(loss * weight) / ops.maximum(ops.sum(weight), 1e-6)

    def encode(self, source):
        """Encoder output (B, S, W) and padding mask (B, 1, 1, S) of a source (B, S)."""
        padding_mask = self.get_layer("padding_mask")(source)
        x = self.get_layer("positions")(self.get_layer("embedding")(source))
        for number in range(1, self.arguments["depth"] + 1):
            x = self.get_layer(f"encoder{number}")(x, attention_mask=padding_mask)
        return self._normalized(x, "encoder_norm"), padding_mask

    def cache(self, batch, capacity, source):
        """An empty cache for `capacity` positions of the target; the source (B, S) is encoded here.

        A list: for each block keys and values of self-attention (B, H, capacity, D) and of cross-attention (B, H, S,
        D); last, the padding mask of the source.
        """
        encoder_output, encoder_mask = self.encode(source)
        heads, width = self.arguments["heads"], self.arguments["width"]
        cache = []
        for block in self._decoder():
            shape = (batch, heads, capacity, width // heads)
            cache += [ops.zeros(shape, self.compute_dtype) for _ in range(2)]
            cache += block.cross_attention.keys_and_values(encoder_output)
        return [*cache, encoder_mask]

    def decode(self, tokens, cache, index, pad):
        """Decode tokens (B, T) that follow those in `cache`. Returns logits (B, vocabulary) of the next token, and the
        updated cache.

        index: number of tokens in the cache. pad: int (B,), number of padding tokens at the front of each sequence.
        """
        *cache, encoder_mask = cache
        query_positions = index + ops.arange(ops.shape(tokens)[1])  # (T,)
        key_positions = ops.arange(ops.shape(cache[0])[2])  # (capacity,)
        causal, not_padding = key_positions <= query_positions[:, None], key_positions >= pad[:, None, None]
        attention_mask = ops.logical_and(causal, not_padding)[:, None]  # (B, 1, T, capacity)
        x = self.get_layer("embedding")(tokens)
        x = self.get_layer("positions")(x, positions=ops.maximum(query_positions - pad[:, None], 0))  # (B, T, W)
        updated = []
        for number, block in enumerate(self._decoder()):
            keys, values, *encoder_output = cache[4 * number : 4 * number + 4]
            x, own = block.cached(x, keys, values, index, attention_mask, encoder_output, encoder_mask)
            updated += [*own, *encoder_output]
        x = self._normalized(x[:, -1], "decoder_norm")
        return self.get_layer("embedding")(x, reverse=True), [*updated, encoder_mask]

    def attention(self, source, target):
        """Cross-attention weights of the last block, the mean over its heads: (B, T, S)."""
        encoder_output, padding_mask = self.encode(source)
        x = self.get_layer("positions")(self.get_layer("embedding")(target))
        *below, last = self._decoder()
        for block in below:
            x = block(x, encoder_output, encoder_mask=padding_mask)
        return ops.mean(last.cross_attention_weights(x, encoder_output, padding_mask), axis=1)

    def _normalized(self, x, name):
        return self.get_layer(name)(x) if self.arguments["norm_first"] else x

    def _decoder(self):
        return [self.get_layer(f"decoder{number}") for number in range(1, self.arguments["depth"] + 1)]

    def get_config(self):
        return dict(self.arguments)


@keras.saving.register_keras_serializable(package="zoo")
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """The schedule of section 5.3: lrate = factor W^-0.5 min(step^-0.5, step warmup^-1.5), eq. 3. The paper's factor is
    1.

    Use it as `keras.optimizers.Adam(WarmUp(512), beta_2=0.98, epsilon=1e-9)`.
    """

    def __init__(self, width: int, warmup: int = 4000, factor: float = 1.0):
        self.width, self.warmup, self.factor = width, warmup, factor

    def __call__(self, step):
        step = ops.cast(step, "float32") + 1.0
        return self.factor * self.width**-0.5 * ops.minimum(step**-0.5, step * self.warmup**-1.5)  # eq. 3

    def get_config(self):
        return {"width": self.width, "warmup": self.warmup, "factor": self.factor}
