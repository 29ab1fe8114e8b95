"""What passes between the conversation and its skills: a turn in, an answer out."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from .memory import Memory


@dataclass(frozen=True)
class Understanding:
    """What a line is about: one of CLINC150's 150 intents, its probability, and whether it is any of them at all."""

    intent: str
    confidence: float
    in_scope: bool


def understanding(ranked: list[tuple[str, float]]) -> Understanding:
    """From a classifier's intents with probabilities, best first. What it calls "oos" is out of scope."""
    intent, confidence = ranked[0]
    return Understanding(intent, float(confidence), intent != "oos")


class Voice:
    """Chance, and what it has said: the same seed gives the same conversation."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self._said = {}

    def pick(self, lines) -> str:
        """One of several lines; none comes twice before all have come once, nor twice running."""
        lines = tuple(lines)
        said = self._said.setdefault(lines, [])
        if len(said) >= len(lines):
            del said[:-1]
        fresh = [line for line in lines if line not in said] or lines
        said.append(self.random.choice(fresh))
        return said[-1]

    def once(self, line: str) -> str:
        """A line with a space before it when it is asked for the first time, then nothing."""
        first = line not in self._said
        self._said[line] = []
        return f" {line}" if first else ""


@dataclass(frozen=True)
class Turn:
    """A line that was said, and all that a skill may use to answer it."""

    text: str  # with single spaces and plain quotes
    now: datetime  # with a zone
    understanding: Understanding
    memory: Memory
    voice: Voice
    translators: dict[str, Callable[[str], str]]  # language in lower case -> English to it
    about: dict = field(default_factory=dict)  # slots of the skill's last answer, if it goes on
    refused: str = ""  # a request before, if it could not be done
    want: str = ""  # the slot that was asked for
    # "and": a fragment such as "and in German?", `text` is what comes after "and". "bare": one without such a word.
    following: str = ""

    @property
    def wall(self) -> datetime:
        """Now on the wall clock."""
        return self.now.replace(tzinfo=None)

    @property
    def low(self) -> str:
        return self.text.lower()


@dataclass(frozen=True)
class Question:
    """What is asked back: a slot that is missing, or "sure" for a yes or no."""

    want: str
    slots: dict  # those that are there already
    dropped: str = ""  # what is still not done if the talk turns elsewhere: "No timer is set yet."


@dataclass(frozen=True)
class Answer:
    """What is said, and what was really done."""

    text: str
    acts: tuple[str, ...] = ()  # names of what was done: "timer.set"
    about: dict | None = None  # slots that the next turn may change; None: it can't go on from here
    question: Question | None = None
    in_scope: bool = True
    ends: bool = False  # after a goodbye


@dataclass(frozen=True)
class Skill:
    """`read` finds slots in a turn, `do` acts on them."""

    read: Callable[[Turn], dict]
    do: Callable[[Turn, dict], Answer]
    again: bool = False  # whether "again" and "another one" do it once more
    goes_on: str = r"(?!)"  # how lines begin that go on with it, whatever a classifier makes of them


def sentence(text: str) -> str:
    """A text with a capital at its beginning; the rest as it is."""
    return text[:1].upper() + text[1:]
