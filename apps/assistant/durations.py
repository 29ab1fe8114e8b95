"""How long: "an hour and a half", "twenty minutes", "1h30" -> seconds, and back into words.

dateparser and parsedatetime were tried; both read "in an hour and a half" as an hour, or not at all.
"""

import re

from .numbers import WORDS, Digits, corrected

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
_UNIT = r"(?P<unit>(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)\b|(?<=\d)[hms](?=\d|\b))"
_AMOUNT = r"(?P<amount>\d+(?:\.\d+)?|half an?|an?|(?:an? )?quarter of an|(?P<quarters>\d) quarters of an)"
_ONE = rf"{_AMOUNT}[ -]*{_UNIT}(?: and an? (?P<more>half|quarter))?"
_TERM = re.compile(rf"(?<![\w.]){_ONE}", re.IGNORECASE)
_INNER = re.compile(rf"(?:,? and |,? ?){_ONE}", re.IGNORECASE)
_TAIL = re.compile(r"(?<=[hH])(\d{1,2})(?!\w)")  # the minutes of "1h30"


def find(text: str) -> tuple[float, int, int] | None:
    """The first duration in a text with numbers in digits: (seconds, start, end)."""
    match = _TERM.search(text)
    if match is None:
        return None
    start, total = match.start(), 0.0
    while match is not None:
        total += _seconds(match)
        end = match.end()
        tail = _TAIL.match(text, end)
        if tail:
            return total + 60 * int(tail[1]), start, tail.end()
        match = _INNER.match(text, end)
    return total, start, end


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


def _seconds(match) -> float:
    amount, unit = match["amount"].lower(), match["unit"].lower()
    size = SECONDS[next(name for name in SECONDS if name[0] == unit[0])]
    if match["quarters"]:
        count = int(match["quarters"]) / 4
    elif "half" in amount or "quarter" in amount:
        count = 0.5 if "half" in amount else 0.25
    else:
        count = 1.0 if amount in ("a", "an") else float(amount)
    return size * (count + {"half": 0.5, "quarter": 0.25}.get((match["more"] or "").lower(), 0))
