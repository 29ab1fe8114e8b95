"""Flags: yes or no."""

from dataclasses import dataclass

from zoo.errors import BadInput, quoted
from zoo.kinds.kind import Kind


@dataclass(frozen=True, kw_only=True)
class Flag(Kind):
    """Yes or no: a bool. "true" and "false" (a command line's) are taken too."""

    noun = "flag"

    def check(self, name, value):
        known = {True: True, False: False, "true": True, "false": False}
        if not isinstance(value, bool | str) or value not in known:
            raise BadInput(f"{name} is {quoted(value)}; give true or false")
        return known[value]

    def example(self):
        return True
