"""Names of checkpoints."""

from dataclasses import dataclass

from zoo.kinds.text import Text


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Text):
    """A checkpoint: its name, or a folder that `zoo train` or `zoo finetune` wrote."""

    noun = "checkpoint"

    def example(self):
        return "lenet5.mnist"
