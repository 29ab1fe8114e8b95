"""A choice: one of a few texts."""

from dataclasses import dataclass

from zoo.errors import BadInput, quoted
from zoo.kinds.kind import Kind


@dataclass(frozen=True, kw_only=True)
class Choice(Kind):
    """One of a few texts."""

    noun = "choice"
    options: tuple[str, ...]

    @property
    def limits(self) -> str:
        return " or ".join(self.options)

    def check(self, name, value):
        if value not in self.options:
            raise BadInput(f"{name} is {quoted(value)}; choose {self.limits}")
        return value

    def example(self):
        return self.options[0]
