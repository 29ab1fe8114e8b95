"""Numbers within limits."""

import math
from dataclasses import dataclass

from zoo.errors import BadInput, quoted
from zoo.kinds.kind import Kind


@dataclass(frozen=True, kw_only=True)
class Number(Kind):
    """A number within limits, both included. A text that spells a number (a command line's) is taken too.

    Several, `tuple[Number, Number]`, may be spelled in one text: "7 12".
    """

    noun = "number"
    minimum: float = -math.inf
    maximum: float = math.inf
    whole: bool = False  # whether it counts something; the app gets an int
    live: bool = False  # a page runs the app again when it is changed: for what takes less than a second

    @property
    def limits(self) -> str:
        """The limits in words, such as "a number from 0 to 3"."""
        return f"a {'whole ' * self.whole}number{self._range}"

    @property
    def _range(self) -> str:
        if math.isinf(self.minimum) and math.isinf(self.maximum):
            return ""
        if math.isinf(self.maximum):
            return f" from {plain(self.minimum)} up"
        if math.isinf(self.minimum):
            return f" up to {plain(self.maximum)}"
        return f" from {plain(self.minimum)} to {plain(self.maximum)}"

    def check(self, name, value):
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        fits = math.isfinite(number) and self.minimum <= number <= self.maximum
        if isinstance(value, bool) or not fits or (self.whole and not number.is_integer()):
            raise BadInput(f"{name} is {quoted(value)}; give {self.limits}")
        return int(number) if self.whole else number

    def limits_many(self, count):
        return f"{count or 'one or more'} {'whole ' * self.whole}numbers{self._range}"

    def check_many(self, name, values, count=0):
        words = values.replace(",", " ").split() if isinstance(values, str) else values
        try:
            return super().check_many(name, words, count)
        except BadInput:
            raise BadInput(f"{name} is {quoted(values)}; give {self.limits_many(count)}") from None

    def example(self):
        nearest = min(max(1.0, self.minimum), self.maximum)
        return int(nearest) if self.whole else nearest


def plain(number: float) -> str:
    """A number as a person writes it: "0.5", "4294967295"."""
    return str(int(number)) if number == int(number) else f"{number:g}"
