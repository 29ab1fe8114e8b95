"""How long: "an hour and a half", "twenty minutes", "1h30" -> seconds, and back into words.

dateparser and parsedatetime were tried; both read "in an hour and a half" as an hour, or not at all.
"""

import re

from .numbers import WORDS, Digits, corrected, digits
from .phrases import CORRECTION

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
_UNIT = r"(?P<unit>(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)\b|(?<=\d)[hms](?=\d|\b))"
_AMOUNT = (
    r"(?P<amount>\d+(?:\.\d+)?|(?:a )?half(?: an?)?|a couple(?: of)?|an?|(?:an? )?quarter of an|"
    r"(?P<quarters>\d) quarters of an)"
)
_ONE = rf"{_AMOUNT}[ -]*{_UNIT}(?: and an? (?P<more>half|quarter))?"
# A sign belongs to all that follows; "pasta - 5 minutes" has none. "a second timer" is one more of them.
_SIGN = r"(?P<sign>(?<!\S)-(?=\d)|\bnegative |(?<=\bfor )minus )?"
_TERM = re.compile(rf"{_SIGN}(?<![\w.])(?!a second (?:timer|alarm|reminder|one|time)\b){_ONE}", re.IGNORECASE)
_INNER = re.compile(rf"(?:,? and |,? ?){_ONE}", re.IGNORECASE)
_NUMBER = r"\d+(?:\.\d+)?"
_LAST = re.compile(rf"(?<![\w.]){_NUMBER}$")
_SHARED = re.compile(
    rf"\b(?P<numbers>{_NUMBER}(?:(?:,? (?:and|or) |, ){_NUMBER})+)(?P<between>[ -]?){_UNIT}", re.IGNORECASE
)
_TAIL = re.compile(r"(?<=h)(\d{1,2})(?!\w)|(?<=hour|ours) (?:and )?(\d{1,2})(?=\W*$)", re.IGNORECASE)  # "1h30"


def find(text: str) -> tuple[float, int, int] | None:
    """The first duration in a text with numbers in digits: (seconds, start, end)."""
    return next(find_all(text), None)


def find_all(text: str):
    """All durations in a text with numbers in digits, in their order: (seconds, start, end).

    What follows in the same unit, or a larger one, is another: "5 minutes and 10 minutes".
    """
    match = _TERM.search(text)
    while match is not None:
        start, total, size = match.start(), 0.0, float("inf")
        sign = -1 if match["sign"] else 1
        while match is not None and _size(match) < size:
            total, size, end = total + _seconds(match), _size(match), match.end()
            if tail := _TAIL.match(text, end):
                total, end = total + 60 * int(tail[1] or tail[2]), tail.end()
            match = _INNER.match(text, end)
        yield sign * total, start, end
        match = _TERM.search(text, end)


def meant(text: str) -> str:
    """A text with each number's unit, and without what it takes back itself.

    "5 and 10 minutes" -> "5 minutes and 10 minutes"; "5 minutes no wait 10" -> "10 minutes". Others stay as they are.
    """
    known = digits(text)
    if shared := _SHARED.search(known):
        unit = shared["between"] + shared["unit"]
        each = re.sub(_NUMBER, lambda number: number[0] + unit, shared["numbers"])
        return meant(f"{known[: shared.start()]}{each}{known[shared.end() :]}")
    for wrong in CORRECTION.finditer(known):
        head, tail = known[: wrong.start()], known[wrong.end() :]
        old = [(start, end) for _, start, end in find_all(head)] or [each.span() for each in _LAST.finditer(head)]
        new, number = find(tail), re.match(_NUMBER, tail)
        timed = new is not None and new[1] == 0
        if old and (timed or number):
            start, end = old[-1]
            units = [each["unit"] for each in re.finditer(_UNIT, head[start:end], re.IGNORECASE)]
            if not timed and units:
                tail = f"{number[0]} {units[-1]}{tail[number.end() :]}"
            return meant(" ".join(f"{head[:start]} {head[end:]} {tail}".split()))
    return text


def read(text: str) -> tuple[float, str] | None:
    """The first duration in a text, in seconds, and the text without it; slips of the pen are mended.

    None if there is none.
    """
    for attempt in (text, corrected(text, [*WORDS, *SECONDS, *(f"{unit}s" for unit in SECONDS)])):
        known = Digits(attempt)
        found = find(known.text)
        if found:
            return found[0], known.without(found[1], found[2])
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
    amount = match["amount"].lower()
    if match["quarters"]:
        count = int(match["quarters"]) / 4
    elif "half" in amount or "quarter" in amount:
        count = 0.5 if "half" in amount else 0.25
    elif "couple" in amount:
        count = 2.0
    else:
        count = 1.0 if amount in ("a", "an") else float(amount)
    return _size(match) * (count + {"half": 0.5, "quarter": 0.25}.get((match["more"] or "").lower(), 0))
