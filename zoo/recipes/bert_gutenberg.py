"""A small BERT, pre-trained on old novels and new chats.

Reproduce: `zoo data prepare gutenberg --from FOLDER`, the same for topical_chat, then `zoo train bert.gutenberg`.

Two million words are few: BERT had 3,300 million. The novels are of the 19th century; so that the network also learns
today's words, half of the text are conversations of Topical-Chat, which `bert.rt-polarity` and `bert.clinc150` need.
"""

import functools

import keras
import numpy as np

from zoo.data import catalogue, tokens
from zoo.data.batches import Batches
from zoo.tasks.model_masked_text import mask_tokens, passages
from zoo.training.recipe import Recipe

TOKENS = 4000
CHATS = ("valid_freq", "valid_rare", "test_freq")  # trained on; of the last split a part is measured on
HELD_CHATS = ("test_rare",)


class BERTGutenberg(Recipe):
    name = "bert.gutenberg"
    summary = "A small BERT pre-trained on a few novels and chats: a start for classifying texts."
    arguments = {"vocabulary": TOKENS, "context": 128, "width": 128, "depth": 4, "heads": 4, "dropout": 0.1}
    task = "model_masked_text"
    dataset = "gutenberg"
    also_trained_on = ("topical_chat",)
    eval_split = "validation"
    epochs = 30
    batch_size = 64
    weights_dtype = "int8"
    inputs = {
        "tokens": {"description": "[CLS] A [SEP] B [SEP]"},
        "segments": {"description": "0 at the tokens of A, 1 at those of B"},
    }
    outputs = {
        "masked": {"description": "at each position, one logit for each token that might stand there"},
        "next": {"description": "logits: B does not follow A, B follows A"},
    }
    intended_use = "To fine-tune on labelled texts (zoo finetune), and to see what predicting masked tokens teaches."
    limits = (
        "Two million words of novels and chats, 1.4 million parameters: BERT had 3,300 million words and has 110 "
        "million parameters. Of today's world it has what two people chatted about in 2018."
    )
    licence = "Apache-2.0; trained on texts in the public domain and under CDLA-Sharing 1.0"
    commercial_use = True

    @functools.cache  # noqa: B019 (recipes live as long as the process)
    def tokenizer(self, data_dir):
        return tokens.word_pieces(self._texts(False, data_dir), TOKENS, self.arguments["context"])

    def _texts(self, held: bool, data_dir) -> list[str]:
        books = catalogue.load("gutenberg", "validation" if held else "train", data_dir)
        chats = [catalogue.load("topical_chat", split, data_dir) for split in (HELD_CHATS if held else CHATS)]
        return books + [chat for split in chats for chat in split]

    def examples(self, split, data_dir=None, folder=None):
        if folder is not None:
            return super().examples(split, data_dir, folder)
        return self._texts(split != self.trained_split, data_dir)

    def training_data(self, data_dir):
        tokenizer = self.tokenizer(data_dir)
        mask = functools.partial(mask_tokens, tokenizer=tokenizer)
        train = passages(self._texts(False, data_dir), tokenizer, np.random.default_rng(self.seed))
        batches = Batches(
            train, batch_size=self.batch_size, seed=self.seed, transform=mask, lengths=list(map(len, train))
        )
        rng = np.random.default_rng(self.seed)
        held = passages(self._texts(True, data_dir), tokenizer, rng)[:1000]
        return batches, mask(held, None, rng)

    def optimizer(self, steps):
        warm = min(1000, steps // 10)
        rate = keras.optimizers.schedules.CosineDecay(1e-5, steps - warm, warmup_target=1e-3, warmup_steps=warm)
        return keras.optimizers.AdamW(rate, weight_decay=0.01, beta_2=0.98, global_clipnorm=1.0)


RECIPE = BERTGutenberg()
