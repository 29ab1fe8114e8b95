"""The types that pass between the dialogue and its skills: a turn in, an answer out."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from .memory import Memory


@dataclass(frozen=True)
class Understanding:
    """A line's intent, one of CLINC150's 150, its probability, and whether the line is in scope at all."""

    intent: str
    confidence: float
    in_scope: bool


def understanding(ranked: list[tuple[str, float]]) -> Understanding:
    """The best of a classifier's intents, which come with probabilities, best first; "oos" is out of scope."""
    intent, confidence = ranked[0]
    return Understanding(intent, float(confidence), intent != "oos")


class Voice:
    """Chooses among phrasings, with a seed: the same seed gives the same conversation."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self._said = {}

    def pick(self, lines) -> str:
        """One of several lines; none comes twice before all have come once, nor twice in a row."""
        lines = tuple(lines)
        said = self._said.setdefault(lines, [])
        if len(said) >= len(lines):
            del said[:-1]
        fresh = [line for line in lines if line not in said] or lines
        said.append(self.random.choice(fresh))
        return said[-1]

    def once(self, line: str) -> str:
        """A line with a space before it the first time, then nothing."""
        first = line not in self._said
        self._said[line] = []
        return f" {line}" if first else ""


@dataclass(frozen=True)
class Turn:
    """A line, and all that a skill may use to answer it."""

    text: str  # with single spaces and plain quotes
    now: datetime  # with a zone
    understanding: Understanding
    memory: Memory
    voice: Voice
    translators: dict[str, Callable[[str], str]]  # language in lower case -> English to it
    context: dict = field(default_factory=dict)  # slots of the skill's last answer, for a follow-up
    meant: tuple = ()  # timers, alarms or reminders as stored, or items of a list, that the line refers to
    declined: str = ""  # the last request that could not be done
    requested: str = ""  # the slot that was asked for
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
    """A question to the user: for a missing slot, or for a confirmation ("sure")."""

    requested: str
    slots: dict  # those that are filled already
    dropped: str = ""  # what to say if the user turns to something else: "No timer is set yet."


@dataclass(frozen=True)
class Answer:
    """What a skill says, and what it did."""

    text: str
    acts: tuple[str, ...] = ()  # names of what was done: "timer.set"
    context: dict | None = None  # slots that a follow-up may change; None: there can be no follow-up
    question: Question | None = None
    about: tuple | None = None  # ids, or items of a list, that it is about, in their order; None: as before
    in_scope: bool = True
    ends: bool = False  # after a goodbye


@dataclass(frozen=True)
class Skill:
    """`read` finds slots in a turn, `do` acts on them."""

    read: Callable[[Turn], dict]
    do: Callable[[Turn, dict], Answer]
    again: bool = False  # whether "again" and "another one" do it once more
    follow_up: str = r"(?!)"  # how follow-ups begin, whatever the classifier makes of them


def sentence(text: str) -> str:
    """A text with a capital at its beginning; the rest as it is."""
    return text[:1].upper() + text[1:]
