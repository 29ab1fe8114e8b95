"""Base class of the recipes of language models, which predict the next token of a text."""

from zoo.data.batches import Windows
from zoo.tasks.generate_text import token_sequence, windows
from zoo.training.recipe import Recipe


class LanguageModel(Recipe):
    """Learns from windows of `context` tokens."""

    task = "generate_text"
    context: int
    eval_split = "validation"
    weights_dtype = "int8"
    inputs = {"tokens": {"description": "tokens of a text, at most as many as the context"}}

    def training_data(self, data_dir):
        tokenizer = self.tokenizer(data_dir)
        trained = token_sequence(tokenizer, self.examples(self.trained_split, data_dir))
        batches = Windows(trained, self.context, batch_size=self.batch_size, seed=self.seed)
        held = token_sequence(tokenizer, self.examples(self.eval_split, data_dir))
        return batches, windows(held, self.context)
