"""Multi-head attention, and the block of a Transformer that is made of it."""

import math

from keras import layers, ops

PAD = 0  # the token that fills up


class MultiHeadAttention(layers.Layer):
    """Each place looks where it likes, in several ways at once.

    A. Vaswani and others, "Attention Is All You Need" (2017), section 3.2. https://arxiv.org/abs/1706.03762

        Attention(Q, K, V) = softmax(Q K^T / sqrt(d_k)) V       eq. 1
        MultiHead = Concat(head_1, ..., head_h) W^O             head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V)

    Letters: B examples, T places that look, S places looked at, W width, H heads, D = W / H (the paper's d_k).
    `call` is self-attention, or with `memory` attention to something else. A decoder that keeps keys and values uses
    `keys_and_values` and `attend` one by one.
    """

    def __init__(self, width, heads, dropout=0.0, initializer="glorot_uniform", output_initializer=None, **kwargs):
        super().__init__(**kwargs)
        self.heads, self.depth = heads, width // heads
        options = {"kernel_initializer": initializer}
        self.query, self.key, self.value = (
            layers.Dense(width, name=name, **options) for name in ("query", "key", "value")
        )
        self.output_dense = layers.Dense(width, kernel_initializer=output_initializer or initializer, name="output")
        self.dropout = layers.Dropout(dropout)

    def call(self, x, encoder_output=None, attention_mask=None, training=False):
        """x (B, T, W), memory (B, S, W) or None for x itself -> (B, T, W).

        seen: bool, fits (B, H, T, S): which places each place may look at; None: all.
        """
        return self.attend(
            x, *self.keys_and_values(x if encoder_output is None else encoder_output), attention_mask, training=training
        )

    def keys_and_values(self, encoder_output):
        """memory (B, S, W) -> keys, values (B, H, S, D)."""
        return self._split(self.key(encoder_output)), self._split(self.value(encoder_output))

    def attend(self, x, keys, values, attention_mask=None, training=False):
        """x (B, T, W), keys, values (B, H, S, D) -> (B, T, W)."""
        weights = self.dropout(self.weights_of(x, keys, attention_mask), training=training)  # (B, H, T, S)
        heads = ops.transpose(ops.matmul(weights, values), (0, 2, 1, 3))  # (B, T, H, D)
        return self.output_dense(ops.reshape(heads, ops.shape(x)))

    def weights_of(self, x, keys, attention_mask=None):
        """How much each place looks at each: softmax(Q K^T / sqrt(d_k)), (B, H, T, S)."""
        scores = ops.matmul(self._split(self.query(x)), ops.transpose(keys, (0, 1, 3, 2))) / math.sqrt(self.depth)
        scores = ops.cast(scores, "float32")  # a softmax of bfloat16 would lose what is small
        if attention_mask is not None:
            scores = ops.where(attention_mask, scores, -1e9)
        # As a formula: ops.softmax warns of a single place to look at, which is what the first token has.
        weights = ops.exp(scores - ops.logsumexp(scores, axis=-1, keepdims=True))
        return ops.cast(weights, self.compute_dtype)

    def _split(self, x):
        # -1 for the batch: with two sizes of unknown value the ONNX exporter finds no rank for what follows.
        x = ops.reshape(x, (-1, ops.shape(x)[1], self.heads, self.depth))  # (B, T, H, D)
        return ops.transpose(x, (0, 2, 1, 3))  # (B, H, T, D)


class TransformerBlock(layers.Layer):
    """Attention among places, if asked for attention to something else, then two layers on each place by itself.

    Each of these parts is added to what comes into it, and normalised: after that, LayerNorm(x + Sublayer(x)), as in
    "Attention Is All You Need", section 3.1, or before, x + Sublayer(LayerNorm(x)), as in GPT-2.
    (B, T, W) -> the same. `cached` does it for places that follow others.

    Args:
        hidden: units of the first of the two layers on each place. activation: of those.
        dropout: of what each part adds, and of attention where `attention_dropout` is None.
        causal: whether each place sees only itself and those before it.
        looks_up: whether it attends to a memory, as a decoder does to what was encoded.
        output_initializer: of the layers whose output is added; `initializer`, that of all others, when None.
    """

    def __init__(
        self,
        width,
        heads,
        hidden,
        activation,
        *,
        dropout=0.0,
        attention_dropout=None,
        norm_first=False,
        causal=False,
        cross_attention=False,
        epsilon=1e-6,
        initializer="glorot_uniform",
        output_initializer=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.norm_first, self.causal = norm_first, causal
        last = output_initializer or initializer
        look = dropout if attention_dropout is None else attention_dropout
        self.attention = MultiHeadAttention(width, heads, look, initializer, last, name="attention")
        self.norm1 = layers.LayerNormalization(epsilon=epsilon, name="norm1")
        self.lookup = (
            MultiHeadAttention(width, heads, look, initializer, last, name="lookup") if cross_attention else None
        )
        self.norm_lookup = layers.LayerNormalization(epsilon=epsilon, name="norm_lookup") if cross_attention else None
        self.hidden = layers.Dense(hidden, activation=activation, kernel_initializer=initializer, name="hidden")
        self.output_dense = layers.Dense(width, kernel_initializer=last, name="output")
        self.norm2 = layers.LayerNormalization(epsilon=epsilon, name="norm2")
        self.dropout = layers.Dropout(dropout)

    def call(self, x, encoder_output=None, attention_mask=None, encoder_mask=None, training=False):
        """seen: bool, fits (B, H, T, T): which places each may look at; memory_seen: bool, fits (B, H, T, S)."""
        if self.causal:
            length = ops.shape(x)[1]
            attention_mask = (
                causal(length) if attention_mask is None else ops.logical_and(attention_mask, causal(length))
            )

        def attend(x):
            return self.attention(x, attention_mask=attention_mask, training=training)

        def look_up(x):
            return self.lookup(x, encoder_output, attention_mask=encoder_mask, training=training)

        x = self._add(x, self.norm1, attend, training)
        if encoder_output is not None:
            x = self._add(x, self.norm_lookup, look_up, training)
        return self._add(x, self.norm2, self._feed_forward, training)

    def cached(self, x, keys, values, index, attention_mask, encoder_output=None, encoder_mask=None):
        """x (B, T, W) at `index`; keys, values (B, H, S, D) of all places, of which x fills in its own.

        memory: keys and values of what is looked up. Returns x, and [keys, values] with its own.
        """
        cache = []

        def attend(x):
            for kept, new in zip((keys, values), self.attention.keys_and_values(x), strict=True):
                cache.append(ops.slice_update(kept, (0, 0, index, 0), ops.cast(new, kept.dtype)))
            return self.attention.attend(x, *cache, attention_mask)

        x = self._add(x, self.norm1, attend)
        if encoder_output is not None:
            x = self._add(x, self.norm_lookup, lambda x: self.lookup.attend(x, *encoder_output, encoder_mask))
        return self._add(x, self.norm2, self._feed_forward), cache

    def lookup_weights(self, x, encoder_output, encoder_mask=None):
        """How much each place of x (B, T, W), which sees itself and those before, looks at each of the memory
        (B, S, W): (B, H, T, S)."""
        x = self._add(x, self.norm1, lambda x: self.attention(x, attention_mask=causal(ops.shape(x)[1])))
        x = self.norm_lookup(x) if self.norm_first else x
        return self.lookup.weights_of(x, self.lookup.keys_and_values(encoder_output)[0], encoder_mask)

    def _feed_forward(self, x):
        return self.output_dense(self.hidden(x))

    def _add(self, x, norm, part, training=False):
        if self.norm_first:
            return x + self.dropout(part(norm(x)), training=training)
        return norm(x + self.dropout(part(x), training=training))


class Seen(layers.Layer):
    """Which places hold a token, and may be looked at: int (B, T) -> bool (B, 1, 1, T), for all heads and places."""

    def call(self, tokens):
        return (tokens != PAD)[:, None, None, :]


def causal(length):
    """Which of `length` places each may look at: itself and those before. bool (T, T)."""
    return ops.arange(length) <= ops.arange(length)[:, None]
