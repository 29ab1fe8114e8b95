"""Multi-head attention, and the Transformer block that is made of it."""

import math

from keras import layers, ops

PAD = 0  # the padding token


class MultiHeadAttention(layers.Layer):
    """Multi-head scaled dot-product attention.

    A. Vaswani and others, "Attention Is All You Need" (2017), section 3.2. https://arxiv.org/abs/1706.03762

        Attention(Q, K, V) = softmax(Q K^T / sqrt(d_k)) V       eq. 1
        MultiHead = Concat(head_1, ..., head_h) W^O             head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V)

    Letters: B examples, T query positions, S key positions, W width, H heads, D = W / H (the paper's d_k).
    `call` is self-attention, or cross-attention with `encoder_output`. A decoder that caches keys and values uses
    `keys_and_values` and `attend` separately.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        dropout: float = 0.0,
        initializer="glorot_uniform",
        output_initializer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.heads, self.depth = heads, width // heads
        options = {"kernel_initializer": initializer}
        self.query, self.key, self.value = (
            layers.Dense(width, name=name, **options) for name in ("query", "key", "value")
        )
        self.output_dense = layers.Dense(width, kernel_initializer=output_initializer or initializer, name="output")
        self.dropout = layers.Dropout(dropout)

    def call(self, x, encoder_output=None, attention_mask=None, training=False):
        """x (B, T, W), encoder_output (B, S, W) or None for self-attention -> (B, T, W).

        attention_mask: bool, broadcast to (B, H, T, S): True where a query may attend to a key; None: everywhere.
        """
        source = x if encoder_output is None else encoder_output
        return self.attend(x, *self.keys_and_values(source), attention_mask, training=training)

    def keys_and_values(self, source):
        """source (B, S, W) -> keys, values (B, H, S, D)."""
        return self._split(self.key(source)), self._split(self.value(source))

    def attend(self, x, keys, values, attention_mask=None, training=False):
        """x (B, T, W), keys, values (B, H, S, D) -> (B, T, W)."""
        weights = self.dropout(self.attention_weights(x, keys, attention_mask), training=training)  # (B, H, T, S)
        heads = ops.transpose(ops.matmul(weights, values), (0, 2, 1, 3))  # (B, T, H, D)
        return self.output_dense(ops.reshape(heads, ops.shape(x)))

    def attention_weights(self, x, keys, attention_mask=None):
        """softmax(Q K^T / sqrt(d_k)) for x (B, T, W) and keys (B, H, S, D): (B, H, T, S)."""
        scores = ops.matmul(self._split(self.query(x)), ops.transpose(keys, (0, 1, 3, 2))) / math.sqrt(self.depth)
        scores = ops.cast(scores, "float32")  # a bfloat16 softmax would lose small weights
        if attention_mask is not None:
            scores = ops.where(attention_mask, scores, -1e9)
        # Written out because ops.softmax warns of an axis of length 1, which the first token of a text has.
        weights = ops.exp(scores - ops.logsumexp(scores, axis=-1, keepdims=True))
        return ops.cast(weights, self.compute_dtype)

    def _split(self, x):
        # -1 for the batch: with two dimensions of unknown size the ONNX exporter can't infer the rank.
        x = ops.reshape(x, (-1, ops.shape(x)[1], self.heads, self.depth))  # (B, T, H, D)
        return ops.transpose(x, (0, 2, 1, 3))  # (B, H, T, D)


class TransformerBlock(layers.Layer):
    """A Transformer layer: self-attention, optional cross-attention, and a position-wise feed-forward network.

    Each of these sublayers has a residual connection and layer normalisation: of the sum, LayerNorm(x + Sublayer(x)),
    as in "Attention Is All You Need", section 3.1, or before the sublayer, x + Sublayer(LayerNorm(x)), as in GPT-2.
    (B, T, W) -> the same. `cached` computes new positions from cached keys and values.

    Args:
        width, heads: of attention; heads divide the width.
        hidden, activation: of the feed-forward network's hidden layer.
        dropout: rate on each sublayer's output, and on attention weights where `attention_dropout` is None.
        norm_first: normalise before the sublayer, see above.
        causal: apply a causal mask: each position attends to itself and earlier ones.
        cross_attention: add cross-attention to an encoder's output, as in a decoder.
        output_initializer: of the last layer of each sublayer; `initializer`, that of all other layers, when None.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        hidden: int,
        activation,
        *,
        dropout: float = 0.0,
        attention_dropout: float | None = None,
        norm_first: bool = False,
        causal: bool = False,
        cross_attention: bool = False,
        epsilon: float = 1e-6,
        initializer="glorot_uniform",
        output_initializer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.norm_first, self.causal = norm_first, causal
        last = output_initializer or initializer
        rate = dropout if attention_dropout is None else attention_dropout
        self.attention = MultiHeadAttention(width, heads, rate, initializer, last, name="attention")
        self.norm1 = layers.LayerNormalization(epsilon=epsilon, name="norm1")
        self.cross_attention = self.norm_cross_attention = None
        if cross_attention:
            self.cross_attention = MultiHeadAttention(width, heads, rate, initializer, last, name="cross_attention")
            self.norm_cross_attention = layers.LayerNormalization(epsilon=epsilon, name="norm_cross_attention")
        self.hidden = layers.Dense(hidden, activation=activation, kernel_initializer=initializer, name="hidden")
        self.output_dense = layers.Dense(width, kernel_initializer=last, name="output")
        self.norm2 = layers.LayerNormalization(epsilon=epsilon, name="norm2")
        self.dropout = layers.Dropout(dropout)

    def call(self, x, encoder_output=None, attention_mask=None, encoder_mask=None, training=False):
        """x (B, T, W), encoder_output (B, S, W) or None -> (B, T, W).

        attention_mask, encoder_mask: bool, broadcast to (B, H, T, T) and (B, H, T, S): True where a query may attend.
        """
        if self.causal:
            mask = causal_mask(ops.shape(x)[1])
            attention_mask = mask if attention_mask is None else ops.logical_and(attention_mask, mask)

        def attend(x):
            return self.attention(x, attention_mask=attention_mask, training=training)

        def attend_to_encoder(x):
            return self.cross_attention(x, encoder_output, attention_mask=encoder_mask, training=training)

        x = self._residual(x, self.norm1, attend, training)
        if encoder_output is not None:
            x = self._residual(x, self.norm_cross_attention, attend_to_encoder, training)
        return self._residual(x, self.norm2, self._feed_forward, training)

    def cached(self, x, keys, values, index, attention_mask, encoder_output=None, encoder_mask=None):
        """x (B, T, W) at positions from `index` on; keys, values (B, H, S, D): the cache, which gets those of x.

        encoder_output: cached keys and values of cross-attention. Returns x, and the updated [keys, values].
        """
        cache = []

        def attend(x):
            for old, new in zip((keys, values), self.attention.keys_and_values(x), strict=True):
                cache.append(ops.slice_update(old, (0, 0, index, 0), ops.cast(new, old.dtype)))
            return self.attention.attend(x, *cache, attention_mask)

        def attend_to_encoder(x):
            return self.cross_attention.attend(x, *encoder_output, encoder_mask)

        x = self._residual(x, self.norm1, attend)
        if encoder_output is not None:
            x = self._residual(x, self.norm_cross_attention, attend_to_encoder)
        return self._residual(x, self.norm2, self._feed_forward), cache

    def cross_attention_weights(self, x, encoder_output, encoder_mask=None):
        """Attention weights of a causal decoder block, for x (B, T, W) and encoder_output (B, S, W): (B, H, T, S)."""
        x = self._residual(x, self.norm1, lambda x: self.attention(x, attention_mask=causal_mask(ops.shape(x)[1])))
        x = self.norm_cross_attention(x) if self.norm_first else x
        keys, _ = self.cross_attention.keys_and_values(encoder_output)
        return self.cross_attention.attention_weights(x, keys, encoder_mask)

    def _feed_forward(self, x):
        return self.output_dense(self.hidden(x))

    def _residual(self, x, norm, sublayer, training=False):
        if self.norm_first:
            return x + self.dropout(sublayer(norm(x)), training=training)
        return norm(x + self.dropout(sublayer(x), training=training))


class PaddingMask(layers.Layer):
    """True where a position holds a token, not padding: int (B, T) -> bool (B, 1, 1, T), for all heads and queries."""

    def call(self, tokens):
        return (tokens != PAD)[:, None, None, :]


def causal_mask(length):
    """True where a query's position may attend to a key's: to itself and to earlier ones. bool (T, T)."""
    return ops.arange(length) <= ops.arange(length)[:, None]
