"""Base class of the recipes of translators on Multi30k.

There are few sentences, so the model is small, as Z. Wu and others have it ("Good for Misconceived Reasons", ACL 2021:
2.6 million parameters, 39 to 41 BLEU on tokenised text), and ships the average of its last steps. With more dropout,
0.3, it learns too slowly for 26 epochs: after 32 its figures on training and validation were still alike.
"""

import functools

import keras

from zoo.data import catalogue, tokens
from zoo.data.batches import Batches
from zoo.data.tokens import END, START
from zoo.generation.translation import BEAMS, LENGTH_PENALTY, Translator
from zoo.tasks.translate_text import TASK, bleu
from zoo.training.recipe import Recipe

LANGUAGES = {"en": "English", "de": "German", "fr": "French"}
TOKENS = 3000


class Multi30k(Recipe):
    source: str  # languages
    target: str
    ood_threshold: float | None = None  # least `Translator.familiarity` of 95 % of the validation split's sentences
    architecture = "transformer"
    task = "translate_text"
    arguments = {
        "vocabulary": TOKENS,
        "width": 128,
        "depth": 3,
        "heads": 4,
        "hidden": 256,
        "dropout": 0.15,
        "norm_first": True,
        "context": 128,
    }
    dataset = "multi30k"
    eval_split = "test_2016_flickr"
    epochs = 26
    batch_size = 128
    weights_dtype = "float16"
    outputs = {"logits": {"description": "at each token of the target, one logit for each that might come next"}}
    limits = (
        "Trained on 29,000 descriptions of photographs: it translates sentences such as 'Two children play in the "
        "snow.' well and hardly any others. Untranslated names and numbers are often wrong."
    )
    licence = "Non-commercial research and education, as Multi30k"
    commercial_use = False

    @property
    def summary(self):
        return f"A small Transformer translates {LANGUAGES[self.source]} descriptions into {LANGUAGES[self.target]}."

    @property
    def intended_use(self):
        return "To see a Transformer translate, sentence by sentence (app translate)."

    @property
    def inputs(self):
        source, target = LANGUAGES[self.source], LANGUAGES[self.target]
        return {
            "source": {
                "description": f"tokens of a sentence in {source}, then [END]",
                "language": self.source,
            },
            "target": {
                "description": f"[START], then the tokens so far of its translation into {target}",
                "language": self.target,
            },
        }

    @functools.cache  # noqa: B019 (recipes live as long as the process)
    def tokenizer(self, data_dir):
        train = catalogue.load(self.dataset, "train", data_dir)
        return tokens.byte_pairs(train[self.source] + train[self.target], TOKENS)

    def examples(self, split, data_dir=None, folder=None):
        if folder is None:
            sentences = catalogue.load(self.dataset, split, data_dir)
        else:  # the files of other languages may be absent
            sentences = catalogue.load_folder(self.dataset, split, folder, fields=(self.source, self.target))
        return sentences[self.source], sentences[self.target]

    def training_data(self, data_dir):
        tokenizer = self.tokenizer(data_dir)
        start, end = tokenizer.number(START), tokenizer.number(END)

        def pairs(split):
            sources, targets = map(tokenizer, self.examples(split, data_dir))
            return [([*s, end], [start, *t, end]) for s, t in zip(sources, targets, strict=True)]

        train = pairs("train")
        lengths = [len(source) + len(target) for source, target in train]
        batches = Batches(train, batch_size=self.batch_size, seed=self.seed, transform=TASK.collate, lengths=lengths)
        return batches, TASK.collate(pairs("val"), None, None)

    def optimizer(self, steps):
        warm = min(1000, steps // 5)
        rate = keras.optimizers.schedules.CosineDecay(1e-5, steps - warm, warmup_target=3e-3, warmup_steps=warm)
        return keras.optimizers.AdamW(
            rate, weight_decay=0.01, beta_2=0.98, global_clipnorm=1.0, use_ema=True, ema_momentum=0.998
        )

    def evaluate(self, predict, examples, split):
        sources, references = examples
        translations = Translator(predict.model, predict.tokenizer)(sources)
        search = f"{BEAMS} beams, length penalty {LENGTH_PENALTY:g}"
        return [bleu(translations, references, self.split_name(split), search)], {}
