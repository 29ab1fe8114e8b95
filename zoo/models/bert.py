"""BERT: a bidirectional Transformer encoder, pre-trained by predicting masked tokens.

Jacob Devlin, Ming-Wei Chang, Kenton Lee, Kristina Toutanova, "BERT: Pre-training of Deep Bidirectional Transformers for
Language Understanding" (2018). https://arxiv.org/abs/1810.04805

What was new: the encoder of a Transformer, alone. An autoregressive language model conditions on the left context only;
a model that predicts masked tokens uses both sides. Pre-trained on unlabelled text, it needs one more layer, and little
data, for a task.

    input = token + segment + position                   figure 2, three embedding tables
    masked language model: predict 15 % of the tokens from the others             section 3.1, task 1
    next sentence prediction: does B follow A in the text?                        section 3.1, task 2

A text is [CLS] A [SEP] B [SEP]; the output at [CLS] represents the whole of it. With `classes` the model has a
classification layer on it; without, the two heads of pre-training.

Where this file departs from the paper, and why: the optimiser and the masking are the recipe's. With `pooling="mean"`,
off by default, the mean over all tokens represents the text, since [CLS] learns little from little text.

Parameters of the base model (width 768, depth 12): 109,482,240, with the layer on [CLS] and without heads; the paper
says 110 million. Large (1024, 24, 16 heads): 335,141,888.
"""

import math

import keras
from keras import layers, ops

from zoo.errors import BadInput, quoted
from zoo.hub.registry import register
from zoo.nn.attention import PAD, PaddingMask, TransformerBlock
from zoo.nn.checks import check_classes
from zoo.nn.model import LogitsModel

EPSILON = 1e-12  # of layer normalisation, in the published weights


def gelu(x):
    """Gaussian error linear unit, exact: x times the standard normal CDF at x."""
    return 0.5 * x * (1 + ops.erf(x / math.sqrt(2)))


def normal():
    return keras.initializers.TruncatedNormal(stddev=0.02)


class Embeddings(layers.Layer):
    """Adds segment and position embeddings to token embeddings, and normalises.

    (B, T, W), segments int (B, T) -> (B, T, W).
    """

    def __init__(self, context: int, segments: int, dropout: float, **kwargs):
        super().__init__(**kwargs)
        self.context = context
        self.segments = segments
        self.norm = layers.LayerNormalization(epsilon=EPSILON, name="norm")
        self.dropout = layers.Dropout(dropout)

    def build(self, input_shape, *others):
        width = input_shape[-1]
        self.positions = self.add_weight(shape=(self.context, width), initializer=normal(), name="positions")
        self.table = self.add_weight(shape=(self.segments, width), initializer=normal(), name="segments")
        self.norm.build(input_shape)

    def compute_output_shape(self, shape, *others):  # otherwise Keras calls the layer with an arbitrary length
        return shape

    def call(self, x, segments, training=False):
        length = x.shape[1] if x.shape[1] is not None else ops.shape(x)[1]
        if isinstance(length, int) and length > self.context:
            raise BadInput(f"{length} tokens are more than this BERT's context of {self.context}")
        x = x + ops.take(self.table, segments, axis=0) + self.positions[:length]
        return self.dropout(self.norm(x), training=training)


class Mean(layers.Layer):
    """The mean over positions that are not padding: (B, T, W), int (B, T) -> (B, W)."""

    def call(self, x, tokens):
        mask = ops.expand_dims(ops.cast(tokens != PAD, "float32"), -1)  # (B, T, 1)
        mean = ops.sum(ops.cast(x, "float32") * mask, axis=1) / ops.maximum(ops.sum(mask, axis=1), 1)
        return ops.cast(mean, x.dtype)


class MaskedHead(layers.Layer):
    """The masked language model's head: (B, T, W) -> logits (B, T, vocabulary), by the transposed token embeddings."""

    def __init__(self, embedding, **kwargs):
        super().__init__(**kwargs)
        self.embedding = embedding
        width = embedding.output_dim
        self.transform = layers.Dense(width, activation=gelu, kernel_initializer=normal(), name="transform")
        self.norm = layers.LayerNormalization(epsilon=EPSILON, name="norm")

    def build(self, input_shape):
        self.transform.build(input_shape)
        self.norm.build(input_shape)
        self.bias = self.add_weight(shape=(self.embedding.input_dim,), initializer="zeros", name="bias")

    def call(self, x):
        return self.embedding(self.norm(self.transform(x)), reverse=True) + self.bias


@register(
    "bert",
    title="BERT",
    year=2018,
    paper="J. Devlin, M.-W. Chang, K. Lee, K. Toutanova, BERT: Pre-training of Deep Bidirectional Transformers for "
    "Language Understanding",
    url="https://arxiv.org/abs/1810.04805",
    lineage=("transformer",),
    new="bidirectional pre-training by predicting masked tokens",
)
class BERT(LogitsModel):
    """{"tokens": int32 (B, T), "segments": int32 (B, T), 0 or 1} -> logits (B, classes), or the outputs of both heads.

    Token 0 is padding. Labels of a classifier are int, (B,), or probabilities (B, classes). Without `classes` the
    output is {"masked": logits (B, T, vocabulary), "next": logits (B, 2)}, and the labels are {"masked": int (B, T), -1
    where the token isn't masked, "next": int (B,), 1 where B follows A}. `compile` needs only an optimiser; the model
    has its own loss. Raises `zoo.errors.BadInput` for invalid sizes and for more tokens than `context`.

    Args:
        vocabulary: number of tokens.
        context: maximal number of tokens of a text.
        width: embedding dimension.
        depth: blocks.
        heads: attention heads; a divisor of width. The hidden layers of blocks have 4 width units.
        dropout: rate on embeddings, attention weights, sublayers' outputs, and before the classification layer.
        classes: number of classes; None for the two heads of pre-training.
        pooling: input of the pooling layer: "cls", the output at [CLS], or "mean", the mean over all tokens (as in N.
            Reimers, I. Gurevych, "Sentence-BERT", 2019).
    """

    def __init__(
        self,
        *,
        vocabulary: int = 30522,
        context: int = 512,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        dropout: float = 0.1,
        classes: int | None = None,
        pooling: str = "cls",
    ):
        if min(vocabulary, context, width, depth, heads) < 1 or width % heads or not 0 <= dropout < 1:
            raise BadInput(
                f"BERT can't have {vocabulary} tokens, a context of {context}, {depth} blocks of width {width} with "
                f"{heads} heads and dropout {dropout}; give 1 or more, heads that divide the width, and a dropout "
                "from 0 up to 1"
            )
        if classes is not None:
            check_classes("BERT", classes)
        if pooling not in ("cls", "mean"):
            raise BadInput(f"BERT's pooling is 'cls' or 'mean', not {quoted(pooling)}")
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        segments = keras.Input((None,), dtype="int32", name="segments")
        embedding = layers.ReversibleEmbedding(vocabulary, width, embeddings_initializer=normal(), name="embedding")
        x = Embeddings(context, 2, dropout, name="embeddings")(embedding(tokens), segments)  # (B, T, W)
        attention_mask = PaddingMask(name="padding_mask")(tokens)
        for number in range(1, depth + 1):
            block = TransformerBlock(
                width,
                heads,
                4 * width,
                gelu,
                dropout=dropout,
                epsilon=EPSILON,
                initializer=normal(),
                name=f"block{number}",
            )
            x = block(x, attention_mask=attention_mask)
        pooled = x[:, 0] if pooling == "cls" else Mean(name="mean")(x, tokens)  # (B, W)
        pooled = layers.Dense(width, activation="tanh", kernel_initializer=normal(), name="pooler")(pooled)
        if classes is None:
            next_sentence = layers.Dense(2, kernel_initializer=normal(), name="next")(pooled)
            outputs = {"masked": MaskedHead(embedding, name="masked")(x), "next": next_sentence}
        else:
            pooled = layers.Dropout(dropout, name="dropout")(pooled)
            outputs = layers.Dense(classes, kernel_initializer=normal(), name="classes")(pooled)
        super().__init__({"tokens": tokens, "segments": segments}, outputs, name="bert")
        self.arguments = {
            "vocabulary": vocabulary,
            "context": context,
            "width": width,
            "depth": depth,
            "heads": heads,
            "dropout": dropout,
            "classes": classes,
            "pooling": pooling,
        }

    @property
    def task(self):
        return "model_masked_text" if self.arguments["classes"] is None else "classify_texts"

    def check_labels(self, y):
        """As of `LogitsModel`; of a classifier also probabilities (B, classes)."""
        if len(getattr(y, "shape", ())) != 2 or y.shape != (len(y), self.arguments["classes"]):
            super().check_labels(y)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Cross-entropy of the classes; or its mean over masked tokens plus that of the next sentence."""
        if self.arguments["classes"] is not None:
            if len(y.shape) == 2:
                loss = ops.categorical_crossentropy(y, ops.cast(y_pred, "float32"), from_logits=True)  # (B,)
            else:
                loss = cross_entropy(y, y_pred)  # (B,)
            if sample_weight is not None:
                loss = loss * ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
            return ops.mean(loss)
        masked = ops.cast(y["masked"] >= 0, "float32")  # (B, T)
        loss = cross_entropy(ops.maximum(y["masked"], 0), y_pred["masked"]) * masked
        return ops.sum(loss) / ops.maximum(ops.sum(masked), 1.0) + ops.mean(cross_entropy(y["next"], y_pred["next"]))

    def get_config(self):
        return dict(self.arguments)


def cross_entropy(labels, logits):
    """Cross-entropy of labels int (...) and logits (..., classes): float32 (...)."""
    return ops.sparse_categorical_crossentropy(labels, ops.cast(logits, "float32"), from_logits=True)
