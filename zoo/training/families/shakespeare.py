"""Base class of the recipes on Tiny Shakespeare."""

from zoo.data import tokens
from zoo.training.families.language_model import LanguageModel


class Shakespeare(LanguageModel):
    dataset = "tinyshakespeare"
    outputs = {"logits": {"description": "at each character of the text, one logit for each that might come next"}}
    intended_use = "To see a language model learn from one file, and to generate text (app write)."
    limits = (
        "It knows 65 characters and the plays in one file: its sentences sound right and mean little. "
        "Measured on the first half of the last tenth of the published file, as the copy used ends there."
    )
    licence = "Apache-2.0; trained on texts in the public domain"
    commercial_use = True

    def tokenizer(self, data_dir):
        return tokens.characters(self.examples(self.trained_split, data_dir))
