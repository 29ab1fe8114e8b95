"""GPT on six novels: prose in the manner of Austen, Chesterton and Melville.

Reproduce: `zoo data prepare gutenberg --from FOLDER`, then `zoo train gpt.gutenberg`. Byte pairs, as GPT-2 has them;
lines of the source are joined to paragraphs, and verse and plays are left out.
"""

import functools

import keras

from zoo.data import catalogue, tokens
from zoo.training.families.language_model import LanguageModel

NOVELISTS = ("austen-", "chesterton-", "melville-")  # how the ids of their books begin
TOKENS = 4096


class GPTGutenberg(LanguageModel):
    name = "gpt.gutenberg"
    summary = "A small GPT generates prose like that of old novels."
    dataset = "gutenberg"
    context = 128
    arguments = {"vocabulary": TOKENS, "context": 128, "width": 160, "depth": 5, "heads": 5, "dropout": 0.2}
    epochs = 20
    batch_size = 64
    outputs = {"logits": {"description": "at each token of the text, one logit for each that might come next"}}
    intended_use = "To see a language model learn from books, and to generate text (app write); a base to fine-tune."
    limits = (
        "Trained on a million tokens of six novels: it has their grammar and manner, and its sense lasts for half a "
        "sentence. It may say what books of the 18th and 19th century say of people."
    )
    licence = "Apache-2.0; trained on texts in the public domain"
    commercial_use = True

    def examples(self, split, data_dir=None, folder=None):
        if folder is not None:
            return [unwrapped(text) for text in super().examples(split, data_dir, folder)]
        books = catalogue.examples(self.dataset, split, data_dir)
        return [unwrapped(book["text"]) for book in books if book["id"].startswith(NOVELISTS)]

    @functools.cache  # noqa: B019 (recipes live as long as the process)
    def tokenizer(self, data_dir):
        return tokens.byte_pairs(self.examples(self.trained_split, data_dir), TOKENS)

    def optimizer(self, steps):
        warm = min(200, steps // 10)
        rate = keras.optimizers.schedules.CosineDecay(1e-4, steps - warm, warmup_target=2e-3, warmup_steps=warm)
        return keras.optimizers.AdamW(
            rate, weight_decay=0.1, beta_2=0.98, global_clipnorm=1.0, use_ema=True, ema_momentum=0.998
        )


def unwrapped(text: str) -> str:
    """A text with one line a paragraph."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
    return "".join(f"{paragraph}\n" for paragraph in paragraphs if paragraph)


RECIPE = GPTGutenberg()
