"""GPT: a decoder-only Transformer, pre-trained as an autoregressive language model.

GPT-1: A. Radford, K. Narasimhan, T. Salimans, I. Sutskever, "Improving Language Understanding by Generative
Pre-Training" (2018). https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf
GPT-2: A. Radford and others, "Language Models are Unsupervised Multitask Learners" (2019).
https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf

What was new: the decoder of a Transformer, alone, learns from plain text to predict the next token; fine-tuning it for
other tasks changes little. Larger and with more text, it does some of them zero-shot (GPT-2).

    h_0 = W_e[u] + W_p                                  eq. 2 of GPT-1: token and position embeddings of tokens u
    h_l = block(h_{l-1})                                causal self-attention, then a feed-forward network of 4 W units
    P(u) = softmax(h_n W_e^T)                           tied embeddings: the same W_e, transposed

`version=1` has layer normalisation after each sublayer, as the Transformer does; `version=2` before it and once more at
the end, and its last layer of each sublayer starts smaller by sqrt(2 depth), which lets deeper networks train.

Where this file departs from the papers, and why: the optimiser and its schedule are the recipe's.

Parameters, with their own vocabularies and contexts: GPT-1 116,534,784; GPT-2 124,439,808 (width 768, depth 12; the
paper's table 2 says 117M), 354,823,168 (1024, 24), 774,030,080 (1280, 36), 1,557,611,200 (1600, 48).
"""

import math

import keras
from keras import layers, ops

from zoo.errors import BadInput, UnknownName
from zoo.hub.registry import register
from zoo.nn.attention import TransformerBlock
from zoo.nn.model import LogitsModel

VERSIONS = {1: {"vocabulary": 40478, "context": 512}, 2: {"vocabulary": 50257, "context": 1024}}
EPSILON = 1e-5  # of layer normalisation, in the published weights


def normal(stddev: float = 0.02):
    return keras.initializers.RandomNormal(stddev=stddev)


def gelu(x):
    """Gaussian error linear unit in the tanh approximation that both versions were trained with."""
    return 0.5 * x * (1 + ops.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


class Positions(layers.Layer):
    """Adds the position embeddings W_p: (B, T, W) -> the same. positions: int (B, T); 0, 1, 2, ... when None."""

    def __init__(self, context: int, **kwargs):
        super().__init__(**kwargs)
        self.context = context

    def build(self, input_shape):
        shape = (self.context, input_shape[-1])
        self.table = self.add_weight(shape=shape, initializer=normal(), name="table")

    def compute_output_shape(self, shape):  # otherwise Keras calls the layer with an arbitrary length
        return shape

    def call(self, x, positions=None):
        if positions is not None:
            return x + ops.take(self.table, positions, axis=0)
        length = x.shape[1] if x.shape[1] is not None else ops.shape(x)[1]
        if isinstance(length, int) and length > self.context:
            raise BadInput(f"{length} tokens are more than this GPT's context of {self.context}")
        return x + self.table[:length]


@register(
    "gpt",
    title="GPT",
    year=2018,
    paper="A. Radford, K. Narasimhan, T. Salimans, I. Sutskever, Improving Language Understanding by Generative "
    "Pre-Training; and GPT-2 (2019)",
    url="https://cdn.openai.com/research-covers/language-unsupervised/language_understanding_paper.pdf",
    lineage=("transformer",),
    new="generative pre-training: predict the next token",
)
class GPT(LogitsModel):
    """int32 tokens (B, T) -> logits (B, T, vocabulary) of the next tokens. Labels are int, (B, T).

    `compile` needs only an optimiser; the loss is cross-entropy. `cache` and `decode` are for `zoo.generation.tokens`.
    Raises `zoo.errors.UnknownName` for a version that isn't 1 or 2, `zoo.errors.BadInput` for invalid sizes and for
    more tokens than `context`.

    Args:
        version: 1 or 2, see the module's docstring.
        vocabulary: number of tokens; by default the version's own.
        context: maximal number of tokens of a text; by default the version's own.
        width: embedding dimension.
        depth: blocks.
        heads: attention heads; a divisor of width.
        dropout: rate on embeddings, attention weights and sublayers' outputs.
    """

    task = "generate_text"

    def __init__(
        self,
        *,
        version: int = 2,
        vocabulary: int | None = None,
        context: int | None = None,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        dropout: float = 0.1,
    ):
        if version not in VERSIONS:
            raise UnknownName("version of GPT", str(version), map(str, VERSIONS))
        vocabulary = VERSIONS[version]["vocabulary"] if vocabulary is None else vocabulary
        context = VERSIONS[version]["context"] if context is None else context
        if min(vocabulary, context, width, depth, heads) < 1 or width % heads or not 0 <= dropout < 1:
            raise BadInput(
                f"GPT can't have {vocabulary} tokens, a context of {context}, {depth} blocks of width {width} with "
                f"{heads} heads and dropout {dropout}; give 1 or more, heads that divide the width, and a dropout from "
                "0 up to 1"
            )
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        embedding = layers.ReversibleEmbedding(vocabulary, width, embeddings_initializer=normal(), name="embedding")
        x = Positions(context, name="positions")(embedding(tokens))  # (B, T, W)
        x = layers.Dropout(dropout, name="dropout")(x)
        for number in range(1, depth + 1):
            block = TransformerBlock(
                width,
                heads,
                4 * width,
                gelu,
                dropout=dropout,
                norm_first=version == 2,
                causal=True,
                epsilon=EPSILON,
                initializer=normal(),
                output_initializer=normal(0.02 / math.sqrt(2 * depth)) if version == 2 else None,
                name=f"block{number}",
            )
            x = block(x)
        if version == 2:
            x = layers.LayerNormalization(epsilon=EPSILON, name="norm")(x)
        logits = embedding(x, reverse=True)  # (B, T, vocabulary)
        super().__init__(tokens, logits, name="gpt")
        self.context = context
        self.arguments = {
            "version": version,
            "vocabulary": vocabulary,
            "context": context,
            "width": width,
            "depth": depth,
            "heads": heads,
            "dropout": dropout,
        }

    def compile(self, optimizer="adam", loss=None, **kwargs):
        loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        super().compile(optimizer=optimizer, loss=loss, **kwargs)

    def cache(self, batch, capacity):
        """An empty cache for `capacity` positions: keys and values of each block, (B, H, S, D) each."""
        heads, width = self.arguments["heads"], self.arguments["width"]
        shape = (batch, heads, capacity, width // heads)
        return [ops.zeros(shape, self.compute_dtype) for _ in range(2 * self.arguments["depth"])]

    def decode(self, tokens, cache, index, pad):
        """Decode tokens (B, T) that follow those in `cache`. Returns logits (B, vocabulary) of the next token, and the
        updated cache.

        index: number of tokens in the cache. pad: int (B,), number of padding tokens at the front of each sequence.
        """
        query_positions = index + ops.arange(ops.shape(tokens)[1])  # (T,)
        key_positions = ops.arange(ops.shape(cache[0])[2], dtype="int32")  # (S,)
        causal, not_padding = key_positions <= query_positions[:, None], key_positions >= pad[:, None, None]
        attention_mask = ops.logical_and(causal, not_padding)[:, None]  # (B, 1, T, S)
        x = self.get_layer("embedding")(tokens)
        x = self.get_layer("positions")(x, positions=ops.maximum(query_positions - pad[:, None], 0))  # (B, T, W)
        updated = []
        for number in range(1, self.arguments["depth"] + 1):
            keys, values = cache[2 * number - 2 : 2 * number]
            x, own = self.get_layer(f"block{number}").cached(x, keys, values, index, attention_mask)
            updated += own
        x = x[:, -1]  # (B, W)
        if self.arguments["version"] == 2:
            x = self.get_layer("norm")(x)
        return self.get_layer("embedding")(x, reverse=True), updated

    def get_config(self):
        return dict(self.arguments)
