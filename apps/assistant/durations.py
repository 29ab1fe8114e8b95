"""How long: "an hour and a half", "1/2 hour", "1:30 hours", "1h30" -> seconds, and back into words.

Libraries were measured on 45 durations from this app's tests: recognizers-text reads 23 of them, ovos-date-parser 22,
dateparser 15 and quantulum3 12, and they take 5 to 18 of the others for another length without a word: "1:30 hours" for
30 hours. So this is our own.
"""

import re
from dataclasses import dataclass

from .numbers import AMOUNT, NUMBER, START, WORDS, Digits, amount, corrected, digits
from .phrases import CORRECTION

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)\b"
_UNIT = rf"(?P<unit>{UNIT}|(?<=\d)[hms](?=\d|\b))"
_CLOCK = r"\d+:[0-5]\d(?::[0-5]\d(?=[ -]*h))?(?=[ -]*[hm])"  # 1:30 hours, 1:30 minutes, 1:30:15 hours
_ONE = (
    rf"(?:(?P<clock>{_CLOCK})|(?P<amount>{AMOUNT}))[ -]*{_UNIT}"
    r"(?: and (?P<more>(?:an? )?(?:half|quarter|third)|\d/\d)\b(?! (?:the|of|my|an?)\b))?"
)
# A sign belongs to all that follows; "pasta - 5 minutes" has none. "a second timer" is one more of them.
_SIGN = r"(?P<sign>(?<!\S)-(?=\d)|\bnegative |(?<=\bfor )minus )?"
_FIRST = re.compile(rf"{_SIGN}{START}(?!a second (?:timer|alarm|reminder|one|time)\b){_ONE}", re.IGNORECASE)
_NEXT = re.compile(rf"(?:,? and |,? ?){_ONE}", re.IGNORECASE)
# A number without a unit at the end counts in the next smaller one: "1h30", "1 hour 30".
_TAIL = re.compile(
    r"(?<=[hm])(\d{1,2})(?!\w)|"
    r"(?:(?<=hour|ours|nute|utes|mins)|(?<=\dh|\dm)) (?:and )?(\d{1,2})(?=\W*$| to\b| from now\b)",
    re.IGNORECASE,
)
# "5 or 10 minutes", "an hour or two", "a tenth of an hour": not sure how long.
_UNSURE_BEFORE = re.compile(r"(?<!from )\b\d+ (?:or|to) $|(?<!timer )(?<!timers )\bof $", re.IGNORECASE)
_UNSURE_AFTER = re.compile(rf" (?:or|to) \d+(?! ?{UNIT})\b", re.IGNORECASE)
_LAST = re.compile(rf"{START}{NUMBER}$")
_LISTED = re.compile(
    rf"{START}(?P<numbers>{NUMBER}(?:(?:,? (?:and|or) |, ){NUMBER})+)(?P<between>[ -]?){_UNIT}", re.IGNORECASE
)


@dataclass(frozen=True)
class Duration:
    """A duration, and where it stands in a text with numbers in digits."""

    seconds: float
    start: int
    end: int
    smallest: int  # the seconds of its smallest unit

    @property
    def in_days(self) -> bool:
        """Whether it counts days of the calendar rather than elapsed time: "2 weeks", but not "a day and a half"."""
        return self.smallest == SECONDS["week"] or (
            self.smallest == SECONDS["day"] and self.seconds % SECONDS["day"] == 0
        )


def find(text: str) -> Duration | None:
    """The first duration in a text with numbers in digits."""
    return next(find_all(text), None)


def find_all(text: str):
    """All durations in a text with numbers in digits, in their order.

    What follows in the same unit, or a larger one, is another: "5 minutes and 10 minutes".
    """
    at = 0
    while match := _FIRST.search(text, at):
        start, total, sign = match.start(), 0.0, -1 if match["sign"] else 1
        size = float("inf")
        unsure = _UNSURE_BEFORE.search(text[:start])
        while match is not None and _size(match) < size:
            size, at = _size(match), match.end()
            total += _seconds(match)
            if tail := _TAIL.match(text, at):
                total, at = total + size / 60 * int(tail[1] or tail[2]), tail.end()
            match = _NEXT.match(text, at)
        if not unsure and not _UNSURE_AFTER.match(text, at):
            yield Duration(sign * total, start, at, size)


def meant(text: str) -> str:
    """A text with each number's unit, and without what it takes back itself.

    "5 and 10 minutes" -> "5 minutes and 10 minutes"; "5 minutes no wait 10" -> "10 minutes". Others stay as they are.
    """
    known = digits(text)
    if listed := _LISTED.search(known):
        unit = listed["between"] + listed["unit"]
        each = re.sub(NUMBER, lambda number: number[0] + unit, listed["numbers"])
        return meant(f"{known[: listed.start()]}{each}{known[listed.end() :]}")
    for wrong in CORRECTION.finditer(known):
        head, tail = known[: wrong.start()], known[wrong.end() :]
        old = [(each.start, each.end) for each in find_all(head)] or [each.span() for each in _LAST.finditer(head)]
        new, lone = find(tail), re.match(NUMBER, tail)
        timed = new is not None and new.start == 0
        if old and (timed or lone):
            start, end = old[-1]
            units = [each["unit"] for each in re.finditer(_UNIT, head[start:end], re.IGNORECASE)]
            if not timed and units:
                tail = f"{lone[0]} {units[-1]}{tail[lone.end() :]}"
            return meant(" ".join(f"{head[:start]} {head[end:]} {tail}".split()))
    return text


def read(text: str) -> tuple[float, str] | None:
    """The first duration in a text, in seconds, and the text without it; typing errors are corrected.

    None if there is none.
    """
    for attempt in (text, corrected(text, [*WORDS, *SECONDS, *(f"{unit}s" for unit in SECONDS)])):
        known = Digits(attempt)
        found = find(known.text)
        if found:
            return found.seconds, known.without(found.start, found.end)
    return None


def spoken(seconds: float) -> str:
    """Seconds in words, to the second: 4800 -> "1 hour 20 minutes"."""
    left, words = round(seconds), []
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, size)
        if count:
            words.append(f"{count} {unit}{'s' * (count != 1)}")
    return " ".join(words) or "0 seconds"


def _size(match) -> int:
    """The seconds of a unit."""
    return SECONDS[next(name for name in SECONDS if name[0] == match["unit"][0].lower())]


def _seconds(match) -> float:
    size = _size(match)
    if match["clock"]:
        return sum(int(part) * size / 60**place for place, part in enumerate(match["clock"].split(":")))
    return float(size * (amount(match["amount"]) + (amount(match["more"]) if match["more"] else 0)))
