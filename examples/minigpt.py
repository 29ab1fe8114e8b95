"""A small GPT in plain Keras 3: a decoder-only Transformer that learns to predict the next byte of a text.

Everything that makes a language model is on this page: causal self-attention, pre-norm residual blocks, cross-entropy
on the next token, sampling with a temperature. `zoo/models/gpt.py` is the same model with the paper's sizes, and
`zoo/generation/` generates faster, by keeping the keys and values of earlier positions.

    python examples/minigpt.py                      # the text: Python's own standard library
    python examples/minigpt.py --text my_novel.txt  # or any file

After 2,000 steps, six minutes or so on two cores, the first command reaches 1.38 nats/byte on the last tenth of the
text, and generates lines that look like Python. Seed, backend (TensorFlow here) and text (Python 3.11 here) fix the
figure.
Source: A. Radford and others, "Language Models are Unsupervised Multitask Learners" (2019).
"""

import argparse
import sysconfig
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

CONTEXT = 64  # bytes that the model sees at once
BATCH = 32
WIDTH, DEPTH, HEADS = 128, 3, 4  # embedding dimension, blocks, attention heads
VOCABULARY = 256  # the bytes: no tokeniser to train, no unknown character


class Block(layers.Layer):
    """Causal self-attention, then a two-layer perceptron at each position; both add to x (B, T, WIDTH)."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.norm1, self.norm2 = layers.LayerNormalization(), layers.LayerNormalization()
        self.attention = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)
        self.expand, self.contract = layers.Dense(4 * WIDTH, activation="relu"), layers.Dense(WIDTH)

    def call(self, x):
        y = self.norm1(x)
        x = x + self.attention(y, y, use_causal_mask=True)  # position t attends to positions <= t
        return x + self.contract(self.expand(self.norm2(x)))


class MiniGPT(keras.Model):
    """Bytes int (B, CONTEXT) -> logits (B, CONTEXT, VOCABULARY) of the byte that follows each."""

    def __init__(self):
        super().__init__()
        self.token = layers.Embedding(VOCABULARY, WIDTH)
        self.position = layers.Embedding(CONTEXT, WIDTH)
        self.blocks = [Block() for _ in range(DEPTH)]
        self.norm = layers.LayerNormalization()
        self.logits = layers.Dense(VOCABULARY)

    def call(self, tokens):
        x = self.token(tokens) + self.position(ops.arange(CONTEXT))  # (B, T, WIDTH)
        for block in self.blocks:
            x = block(x)
        return self.logits(self.norm(x))


def read(path: Path | None) -> np.ndarray:
    """The text's bytes, uint8 (N,): of one file, or of the modules at the top of Python's standard library."""
    files = [path] if path else sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    return np.frombuffer(b"".join(file.read_bytes() for file in files), "uint8")


def windows(text: np.ndarray, count: int, rng: np.random.Generator):
    """`count` random windows: inputs, and the byte that follows each of theirs, both int32 (count, CONTEXT)."""
    starts = rng.integers(len(text) - CONTEXT, size=(count, 1))
    pairs = text[starts + np.arange(CONTEXT + 1)].astype("int32")  # (count, CONTEXT + 1)
    return pairs[:, :-1], pairs[:, 1:]


def train(text: np.ndarray, steps: int, seed: int):
    """A model trained for `steps` batches on the first nine tenths of the text, and the log of `fit`."""
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    split = len(text) * 9 // 10  # the validation text comes after the training text: no window straddles both
    model = MiniGPT()
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps, warmup_target=2e-3, warmup_steps=max(1, steps // 20))
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=0.1, beta_2=0.99, clipnorm=1.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    history = model.fit(
        *windows(text[:split], steps * BATCH, rng),
        batch_size=BATCH,
        shuffle=False,
        validation_data=windows(text[split:], 512, rng),
        verbose=2,
    )
    return model, history.history


def generate(model: MiniGPT, prompt: bytes, length: int, seed: int, temperature: float = 0.7) -> bytes:
    """The prompt and `length` more bytes, one sampled after the other from softmax(logits / temperature)."""
    rng = np.random.default_rng(seed)
    text = list(prompt)
    for _ in range(length):
        recent = text[-CONTEXT:]
        padded = np.zeros((1, CONTEXT), "int32")  # always of one length, so that the model compiles once;
        padded[0, : len(recent)] = recent  # what stands to the right of a position can't change its logits
        logits = model.predict_on_batch(padded)[0, len(recent) - 1].astype("float64") / temperature
        probabilities = np.exp(logits - logits.max())
        text.append(int(rng.choice(VOCABULARY, p=probabilities / probabilities.sum())))
    return bytes(text)


def main(arguments: list[str] | None = None):
    parser = argparse.ArgumentParser(description="Train a small GPT on a text, then generate.")
    parser.add_argument("--text", type=Path, help="a file; without it, Python's standard library")
    parser.add_argument("--prompt", default="def read_", help="what the generated text starts with")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    text = read(options.text)
    model, history = train(text, options.steps, options.seed)
    print(f"{model.count_params():,} parameters, a text of {len(text):,} bytes")
    print(f"validation: {history['val_loss'][-1]:.2f} nats/byte")
    print(generate(model, options.prompt.encode(), 400, options.seed).decode(errors="replace"))


if __name__ == "__main__":
    main()
