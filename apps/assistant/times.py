"""Which time of day: "half past seven", "nine oh five pm", "five to midnight", "1400 hours", "in the evening"."""

import itertools
import re
from dataclasses import dataclass

from .days import longest
from .numbers import START

PARTS = {"morning": 9, "afternoon": 15, "evening": 19, "night": 20}  # the hour that a part of the day stands for
_HALF_DAY = r" ?(?P<half>a\.?m\.?|p\.?m\.?)(?!\w)"
_AT = r"\b(?:at|by|for|until|around|about) "
_FREE = rf"{START}(?<!\d )(?<!\boh )(?<!\bhalf )(?<!\bpast )\b"  # an hour here is no part of another time
# What may follow an hour alone; dates stand there as commas.
_NEXT = (
    r"(?=[ ,;!?.]*$|[,;!?.]+ | ,| (?:in the|this|at night|morning|afternoon|evening|night|tonight|to|on|and|please|"
    r"for|so|sharp|every|before|because|or|instead|the|my|i)\b)"
)
_HOUR = r"(?P<hour>\d{1,2}|noon|midday|midnight)\b"
_CLOCK = r"(?: o'? ?clock)?"


def _clocks(lead: str, *patterns: str) -> list[re.Pattern]:
    return [re.compile(rf"{lead}(?:{pattern})(?: sharp\b)?", re.IGNORECASE) for pattern in patterns]


_CLOCKS = [
    *_clocks(
        rf"(?:{_AT}|\bfrom |\b){_FREE}",
        r"(?:12 )?(?P<named>noon|midday|midnight)\b",
        r"(?:an? )?(?P<minutes>quarter|half|\d{1,2}(?= minutes?\b| past\b| after\b))(?: minutes?)? "
        rf"(?P<side>past|after|to|before|til+) {_HOUR}{_CLOCK}(?:{_HALF_DAY})?",
        r"(?P<minutes>\d{1,2}) (?P<side>to|before|til+) (?P<hour>noon|midday|midnight)\b",
        rf"(?P<hour>\d{{1,2}})[:h](?P<minute>[0-5]\d)(?!:?\d)(?:{_HALF_DAY})?",
        rf"(?P<hour>\d{{1,2}}) (?:oh|o|0) (?P<minute>\d)\b(?:{_HALF_DAY})?",
        rf"(?P<hour>\d{{1,2}})[ .]?(?P<minute>[0-5]\d)?(?:{_HALF_DAY}| o'? ?clock\b)",
        r"(?P<hour>\d{1,2}) (?P<minute>[1-5]\d)\b(?=[ ,]*$| ?,| in the | this | at night| tonight| morning| "
        r"afternoon| evening)",
    ),
    # "10 to 12" may be pages, 1.30 a price, "a quarter of 5" a part of five.
    *_clocks(
        rf"(?:{_AT}|(?:^|(?<=,) ))",
        rf"(?P<minutes>\d{{1,2}}) (?P<side>to|before|til+) {_HOUR}{_CLOCK}(?:{_HALF_DAY})?",
        rf"(?:an? )?(?P<minutes>quarter) (?P<side>of) {_HOUR}{_CLOCK}(?:{_HALF_DAY})?",
        r"(?P<hour>\d{1,2})\.(?P<minute>[0-5]\d)(?!\d| (?:dollars?|euros?|pounds?|percent)\b)",
    ),
    # An hour alone needs a word before it, and "for" only begins a time: "a table for 2".
    *_clocks(
        r"(?:\bat|\bby|\buntil|\baround|^[ ,]*for|^[ ,]*to) ",
        rf"(?P<hour>\d{{1,2}})(?:h\b|(?P<minute>[0-5]\d)(?: hours)?)?{_NEXT}",
    ),
    *_clocks(r"^[ ,]*", r"(?P<hour>\d{1,2})(?P<minute>(?<=\d\d)[0-5]\d)?[ ,]*$"),
]
_PART = re.compile(
    r"\b(?:(?:in the |this |at |every )?(?:early |late )?(?<!good )(?P<part>morning|afternoon|evening|night)|tonight)"
    r"\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Clock:
    """A time of day; `sure` if it is one of 24 hours, not one that may be in the morning or in the afternoon."""

    hour: int
    minute: int
    sure: bool

    def in_half(self, afternoon: bool) -> "Clock":
        return Clock(self.hour % 12 + 12 * afternoon, self.minute, True)


def find(text: str) -> list[tuple[int, int, Clock]]:
    """The times of day in a text with numbers in digits and commas in place of dates, in order: (start, end, clock).

    In "7 and 8 am" both are in the morning.
    """
    found = []
    for match in longest(_CLOCKS, text):
        if clock := _clock(match.groupdict()):
            start = match.start() + len(match[0]) - len(match[0].lstrip(" ,"))
            found.append((start, start + len(match[0].strip(" ,")), clock))
    for i, (first, second) in enumerate(itertools.pairwise(found)):
        joined = re.fullmatch(r" (?:and|or) (?:the |at )?", text[first[1] : second[0]], re.IGNORECASE)
        if joined and second[2].sure and not first[2].sure:
            found[i] = (*first[:2], first[2].in_half(second[2].hour >= 12))
    return found


def find_parts(text: str) -> list[tuple[int, int, str]]:
    """The parts of the day in a text: (start, end, name); "tonight" is a night."""
    return [(*match.span(), (match["part"] or "night").lower()) for match in _PART.finditer(text)]


def _clock(found: dict) -> Clock | None:
    """The time of day of a pattern's groups; None if there is no such time."""
    if found.get("named"):
        return Clock(0 if found["named"].lower() == "midnight" else 12, 0, True)
    hour_text, half = found["hour"].lower(), found.get("half")
    hour = {"noon": 12, "midday": 12, "midnight": 0}.get(hour_text)
    sure = hour is not None
    if hour is None:
        hour = int(hour_text)
        sure = bool(half) or hour == 0 or hour > 12 or hour_text.startswith("0")
        if hour > 23 or (half and not 1 <= hour <= 12):
            return None
        hour = hour % 12 + 12 * (half[0].lower() == "p") if half else hour
    minute = int(found.get("minute") or 0)
    if found.get("minutes"):
        minute = {"quarter": 15, "half": 30}.get(found["minutes"].lower()) or int(found["minutes"])
        if found["side"].lower() not in ("past", "after"):
            hour, minute = 12 if hour == 1 else (hour - 1) % 24, 60 - minute
    return Clock(hour, minute, sure) if 0 <= minute < 60 else None
