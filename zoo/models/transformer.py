"""The Transformer: attention is all that goes between places.

Ashish Vaswani, Noam Shazeer, Niki Parmar, Jakob Uszkoreit, Llion Jones, Aidan N. Gomez, Lukasz Kaiser, Illia
Polosukhin, "Attention Is All You Need", NIPS 2017. https://arxiv.org/abs/1706.03762

What was new: no recurrence and no convolution. Every word looks at every other in one step, in several ways at once
(`MultiHeadAttention` in zoo/layers.py, eq. 1), so a whole sentence is computed in parallel, and what belongs together
is near however far apart it stands.

    encoder: N blocks of self-attention and a layer on each place                    section 3.1, figure 1
    decoder: N blocks of masked self-attention, attention to the encoder's output, and a layer on each place
    FFN(x) = max(0, x W_1 + b_1) W_2 + b_2                                           eq. 2
    PE(pos, 2i) = sin(pos / 10000^(2i / W)),  PE(pos, 2i+1) = cos(...)               section 3.5
    lrate = W^-0.5 min(step^-0.5, step warmup^-1.5)                                  eq. 3, `WarmUp`

One table of embeddings serves source, target and, turned around, the logits (section 3.4); in the first two it is
multiplied by sqrt(W). Labels are smoothed by 0.1 (section 5.4).

Where this file departs from the paper, and why:
- Queries, keys, values and outputs of attention have biases, as layers of a net usually have.
- Positions are half sines, half cosines rather than in turn: the same numbers in another order.
- Token 0 fills sentences up to one length. It is not looked at in the source and asks for nothing as a label.
- `norm_first`, off in the default: each part's input is normalised rather than the sum after it, and once more what the
  encoder and the decoder give (R. Xiong and others, "On Layer Normalization in the Transformer Architecture", 2020). On
  little data the paper's order can end with an encoder that makes the same of every word.

Parameters, with the paper's 37,000 tokens: 63,082,496 for the base model (W 512, 6 blocks, 8 heads, 2048 hidden units),
214,245,376 for the big one (1024, 6, 16, 4096); table 3 says 65 and 213 million.
"""

import math

import keras
import numpy as np
from keras import layers, ops

from zoo.errors import BadInput
from zoo.hub.registry import register
from zoo.nn.attention import PAD, Seen, TransformerBlock


def positions(length, width):
    """PE of section 3.5, for the places 0 to length - 1: float32 (length, W), a half sines, a half cosines.

    (The paper has them alternate: the same numbers in another order, which the layers that follow don't know.)
    """
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(0, width, 2) / width)  # (length, W / 2)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype("float32")


class SinusoidalPositions(layers.Layer):
    """Embeddings times sqrt(W), plus what stands for each place: (B, T, W) -> the same.

    places: int (B, T) or (T,); 0, 1, 2, ... when None.
    """

    def __init__(self, context, **kwargs):
        super().__init__(**kwargs)
        self.context = context

    def build(self, input_shape):
        self.table = positions(self.context, input_shape[-1])  # a constant, so neither trained nor stored

    def compute_output_shape(self, shape):  # or else Keras tries `call` with some length or other
        return shape

    def call(self, x, places=None):
        length = x.shape[1]
        if places is None and length is not None and length > self.context:
            raise BadInput(f"{length} tokens are more than the {self.context} that this Transformer can see at once")
        table = ops.cast(self.table, x.dtype)
        placed = table[: ops.shape(x)[1]] if places is None else ops.take(table, places, axis=0)
        return x * math.sqrt(x.shape[-1]) + placed


@register(
    "transformer",
    title="Transformer",
    year=2017,
    paper="A. Vaswani and others, Attention Is All You Need",
    url="https://arxiv.org/abs/1706.03762",
    lineage=("seq2seq",),
)
class Transformer(keras.Model):
    """{"source": int32 (B, S), "target": int32 (B, T)} -> logits (B, T, vocabulary) of the target's token after each.

    Labels are int, (B, T): the target one place on. Token 0 fills up. `compile` needs an optimiser only (`WarmUp` is
    the paper's schedule), the loss is the model's own. `cache` and `decode` are for `zoo.generation.tokens`.
    Raises `zoo.errors.BadInput` for sizes that can't be.

    Args:
        vocabulary: tokens that there are, of both languages.
        width: numbers at each place. depth: blocks of each side. heads: a divisor of width. hidden: units of eq. 2.
        dropout: share dropped in training, of embeddings and of what blocks add (section 5.4).
        norm_first: normalise what goes into each part rather than what comes out, see above.
        label_smoothing: share of the probability that is asked of all tokens alike.
        context: tokens of the longest sentence.
    """

    def __init__(
        self,
        *,
        vocabulary=37000,
        width=512,
        depth=6,
        heads=8,
        hidden=2048,
        dropout=0.1,
        norm_first=False,
        label_smoothing=0.1,
        context=512,
    ):
        if min(vocabulary, width, depth, heads, hidden, context) < 1 or width % heads or width % 2:
            raise BadInput(
                f"Transformer can't have {vocabulary} tokens, a context of {context}, {depth} blocks of width {width} "
                f"with {heads} heads and {hidden} hidden units; give 1 or more, and an even width that heads divide"
            )
        if not (0 <= dropout < 1 and 0 <= label_smoothing < 1):
            raise BadInput(f"dropout {dropout} and label smoothing {label_smoothing} must be from 0 up to 1")
        source = keras.Input((None,), dtype="int32", name="source")
        target = keras.Input((None,), dtype="int32", name="target")
        normal = keras.initializers.RandomNormal(stddev=width**-0.5)  # of deviation 1 after the factor sqrt(W)
        embedding = layers.ReversibleEmbedding(vocabulary, width, embeddings_initializer=normal, name="embedding")
        placed = SinusoidalPositions(context, name="positions")
        drop = layers.Dropout(dropout, name="dropout")
        sizes = (width, heads, hidden, "relu")
        options = {"dropout": dropout, "attention_dropout": 0.0, "norm_first": norm_first}

        attention_mask = Seen(name="seen")(source)
        x = drop(placed(embedding(source)))  # (B, S, W)
        for number in range(1, depth + 1):
            x = TransformerBlock(*sizes, **options, name=f"encoder{number}")(x, attention_mask=attention_mask)
        x = layers.LayerNormalization(epsilon=1e-6, name="encoder_norm")(x) if norm_first else x
        encoder_output, x = x, drop(placed(embedding(target)))  # (B, S, W), (B, T, W)
        for number in range(1, depth + 1):
            block = TransformerBlock(*sizes, **options, causal=True, cross_attention=True, name=f"decoder{number}")
            x = block(x, encoder_output, encoder_mask=attention_mask)
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
        """Cross-entropy with smoothed labels (in training only), the mean over the tokens of a batch."""
        logits = ops.cast(y_pred, "float32")
        smoothing = self.arguments["label_smoothing"] if training else 0.0
        surprise = -ops.log_softmax(logits, axis=-1)  # (B, T, V)
        right = ops.take_along_axis(surprise, ops.cast(y, "int32")[:, :, None], axis=-1)[:, :, 0]  # (B, T)
        loss = (1 - smoothing) * right + smoothing * ops.mean(surprise, axis=-1)
        weight = ops.cast(ops.not_equal(y, PAD), "float32")
        if sample_weight is not None:
            weight = weight * ops.cast(sample_weight, "float32")
        return ops.sum(loss * weight) / ops.maximum(ops.sum(weight), 1e-6)

    def encode(self, source):
        """What the encoder makes of a source (B, S): memory (B, S, W), and which places of it are seen (B, 1, 1, S)."""
        attention_mask = self.get_layer("seen")(source)
        x = self.get_layer("positions")(self.get_layer("embedding")(source))
        for number in range(1, self.arguments["depth"] + 1):
            x = self.get_layer(f"encoder{number}")(x, attention_mask=attention_mask)
        return self._normalized(x, "encoder_norm"), attention_mask

    def cache(self, batch, capacity, source):
        """Room for keys and values of `capacity` places of the target, and those of the source (B, S), encoded here.

        A list: for each block two of (B, H, capacity, D) and two of (B, H, S, D); last, what is seen of the source.
        """
        encoder_output, encoder_mask = self.encode(source)
        heads, width = self.arguments["heads"], self.arguments["width"]
        cache = []
        for block in self._decoder():
            shape = (batch, heads, capacity, width // heads)
            cache += [ops.zeros(shape, self.compute_dtype) for _ in range(2)] + list(
                block.lookup.keys_and_values(encoder_output)
            )
        return [*cache, encoder_mask]

    def decode(self, tokens, cache, index, pad):
        """Read tokens (B, T) that follow those in `cache`. Returns logits (B, vocabulary) of the next, and the cache.

        index: how many came before. pad: int (B,), how many of all, at the front, are only filled up and not seen.
        """
        *cache, encoder_mask = cache
        now = index + ops.arange(ops.shape(tokens)[1])  # (T,)
        places = ops.arange(ops.shape(cache[0])[2])
        attention_mask = ops.logical_and(places <= now[:, None], places >= pad[:, None, None])[
            :, None
        ]  # (B, 1, T, capacity)
        x = self.get_layer("embedding")(tokens)
        x = self.get_layer("positions")(x, places=ops.maximum(now - pad[:, None], 0))  # (B, T, W)
        after = []
        for number, block in enumerate(self._decoder()):
            keys, values, *encoder_output = cache[4 * number : 4 * number + 4]
            x, kept = block.cached(x, keys, values, index, attention_mask, encoder_output, encoder_mask)
            after += [*kept, *encoder_output]
        x = self._normalized(x[:, -1], "decoder_norm")
        return self.get_layer("embedding")(x, reverse=True), [*after, encoder_mask]

    def attention(self, source, target):
        """How much each token of the target looks at each of the source in the last block, mean of heads: (B, T, S)."""
        encoder_output, attention_mask = self.encode(source)
        x = self.get_layer("positions")(self.get_layer("embedding")(target))
        *below, last = self._decoder()
        for block in below:
            x = block(x, encoder_output, encoder_mask=attention_mask)
        return ops.mean(last.lookup_weights(x, encoder_output, attention_mask), axis=1)

    def _normalized(self, x, name):
        return self.get_layer(name)(x) if self.arguments["norm_first"] else x

    def _decoder(self):
        return [self.get_layer(f"decoder{number}") for number in range(1, self.arguments["depth"] + 1)]

    def get_config(self):
        return dict(self.arguments)


@keras.saving.register_keras_serializable(package="zoo")
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """Section 5.3: lrate = factor W^-0.5 min(step^-0.5, step warmup^-1.5), eq. 3. The paper's factor is 1.

    It goes with `keras.optimizers.Adam(WarmUp(512), beta_2=0.98, epsilon=1e-9)`.
    """

    def __init__(self, width, warmup=4000, factor=1.0):
        self.width, self.warmup, self.factor = width, warmup, factor

    def __call__(self, step):
        step = ops.cast(step, "float32") + 1.0
        return self.factor * self.width**-0.5 * ops.minimum(step**-0.5, step * self.warmup**-1.5)  # eq. 3

    def get_config(self):
        return {"width": self.width, "warmup": self.warmup, "factor": self.factor}
