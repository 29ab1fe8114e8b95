"""Which day: "tomorrow", "on the 15th", "a week from friday", "the last friday of may", "christmas" -> dates."""

import re
from datetime import date, timedelta

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

from .numbers import Digits

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
]  # fmt: skip
_ORDINALS = [
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
    "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
    "twentieth",
]  # fmt: skip
_HOLIDAYS = {
    "christmas eve": (12, 24), "boxing day": (12, 26), "christmas(?: day)?|xmas": (12, 25),
    "new year'?s eve": (12, 31), "new year'?s?(?: day)?": (1, 1), "halloween": (10, 31),
    "valentine'?s?(?: day)?": (2, 14), "st\\.? patrick'?s day": (3, 17), "independence day": (7, 4),
}  # fmt: skip
# Those of the US, as month, weekday and which of them (-1: the last).
_MOVING = {
    "thanksgiving": (11, 3, 4), "mother'?s day": (5, 6, 2), "father'?s day": (6, 6, 3), "labor day": (9, 0, 1),
    "memorial day": (5, 0, -1),
}  # fmt: skip

_MONTH = rf"(?P<month>{'|'.join(f'{month[:3]}(?:{month[3:]})?' for month in MONTHS)}|sept)\.?"
_NTH = rf"\d{{1,2}}(?:st|nd|rd|th)|(?:[23]0[ -])?(?:{'|'.join(_ORDINALS)})|thirtieth"
_YEAR = r"(?:,? (?:of )?(?P<year>(?:1[6-9]|20|21)\d\d))?"
_WEEKDAY = rf"(?P<weekday>{'|'.join(f'{day[:3]}(?:{day[3:]})?' for day in DAYS)}|tues|thurs)"
_FULL = rf"(?P<weekday>{'|'.join(DAYS)})"
# What may follow "the 2nd", which else is of something: "the 2nd floor".
_ALONE = (
    r"(?=\W*$| ?[,;.!?]| (?:at|in|to|by|for|from|and|or|until|that|about|i|we|is|was|a|please|remind|set|wake|before|"
    r"after|around|morning|afternoon|evening|night|noon|midnight|\d)\b)"
)
_DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<![\d.])\b(?:(?:in|after)(?: another)? )?(?P<count>\d+(?:\.5)?|an?|a couple of) "
        r"(?P<unit>day|week|month|year)s?(?P<half> and a half)?(?: (?P<from>from now|from today|ago))?\b",
        r"\b(?:for |by |on )?(?P<near>(?:the )?day after tomorrow|(?:the )?day before yesterday|tomorrow|today|"
        r"yesterday|"
        r"tonight)\b(?:'?s\b)?",
        r"\b(?:on )?(?P<iso>\d{4}-\d\d?-\d\d?)\b",
        r"\b(?P<side>next|last) (?P<unit>week|month|year)\b",
        rf"\b(?:on )?(?:{_WEEKDAY},? )?(?:the )?(?P<day>{_NTH}|\d{{1,2}}) (?:day )?(?:of )?{_MONTH}\b{_YEAR}",
        rf"\b(?:on )?(?:{_WEEKDAY},? (?:the )?)?{_MONTH} (?:the )?(?P<day>{_NTH}|\d{{1,2}})\b(?!:){_YEAR}",
        rf"\bon (?:{_WEEKDAY},? )?the (?P<day>{_NTH})\b(?: of the month\b)?{_ALONE}",
        rf"\b(?:{_WEEKDAY},? )?the (?P<day>\d{{1,2}}(?:st|nd|rd|th))\b(?: of the month\b)?{_ALONE}",
        rf"\b(?:(?:on|next|this|coming|by) )+{_WEEKDAY}\b(?:'s\b)?",
        rf"\b{_FULL}\b(?:'s\b)?",
        rf"\b(?:on )?(?P<side>last) {_WEEKDAY}\b(?:'s\b)?",
        rf"\b(?:on )?the (?P<which>first|second|third|fourth|last|[1-4](?:st|nd|rd|th)) {_FULL} (?:of|in) "
        rf"(?:(?:the |this |(?P<side>next |last ))month\b|{_MONTH}\b{_YEAR})",
        r"\b(?:on |at )?(?:the |this |next )(?P<weekend>weekend)\b",
        rf"\b(?:on |at )?(?:next |last )?(?P<holiday>easter(?: sunday)?|{'|'.join([*_MOVING, *_HOLIDAYS])})\b"
        rf"(?: this year)?{_YEAR}",
    )
]


def day(text: str, today: date, *, past: bool = False) -> tuple[date, str] | None:
    """The first date that a text names, and the text without it; next of its kind where it has no year, or last."""
    known = Digits(text)
    for on, start, end in find(known.text, today, past=past):
        if on is not None:
            return on, known.without(start, end)
    return None


def find(text: str, today: date, *, past: bool = False) -> list[tuple[date | None, int, int]]:
    """All dates in a text with numbers in digits: (date, start, end), with None for 31 June."""
    found, step = [], None
    for match in longest(_DATES, text):
        start, on = match.start(), None
        try:
            on = _date(match, today, past)
            if on is None:  # a bare "3 days", which may be counted from a date
                step = match
                continue
            if step and (side := re.fullmatch(r" (from|after|before) ", text[step.end() : start])):
                on, start = on + _step(step, -1 if side[1] == "before" else 1), step.start()
        except (ValueError, OverflowError):
            on = None
        step = None
        found.append((on, start, match.end()))
    return found


def longest(patterns, text: str) -> list[re.Match]:
    """The matches of any of some patterns, in their order; the longest of those that overlap."""
    taken = []
    found = (match for pattern in patterns for match in pattern.finditer(text))
    for match in sorted(found, key=lambda each: each.start() - each.end()):
        if all(match.end() <= other.start() or other.end() <= match.start() for other in taken):
            taken.append(match)
    return sorted(taken, key=lambda each: each.start())


def _date(match, today: date, past: bool) -> date | None:
    """The date that a pattern found; None for a bare "3 days". ValueError or OverflowError if there is no such date."""
    found = {name: text and text.lower().strip() for name, text in match.groupdict().items()}
    month = found.get("month") and next(i for i, name in enumerate(MONTHS, 1) if name[:3] == found["month"][:3])
    last = past or found.get("side") == "last"
    if found.get("near"):
        near = found["near"].removeprefix("the ")
        days = {"day after tomorrow": 2, "tomorrow": 1, "yesterday": -1, "day before yesterday": -2}.get(near, 0)
        return today + timedelta(days=days)
    if found.get("iso"):
        return date(*map(int, found["iso"].split("-")))
    if found.get("count"):
        bare = not found["from"] and not match[0].lower().startswith(("in ", "after "))
        return None if bare else today + _step(match, -1 if found["from"] == "ago" else 1)
    if found.get("unit"):
        return today + relativedelta(**{f"{found['unit']}s": -1 if last else 1})
    if found.get("holiday"):
        return _yearly(lambda year: _holiday(found["holiday"], year), found["year"], today, last)
    weekday = next((i for i, name in enumerate(DAYS) if name[:3] == (found.get("weekday") or "")[:3]), 5)
    if found.get("which"):
        nth = -1 if found["which"] == "last" else _nth(found["which"])
        if month:
            return _yearly(lambda year: _nth_weekday(year, month, weekday, nth), found["year"], today, past)
        first = today + relativedelta(months={"next": 1, "last": -1}.get(found["side"], 0))
        return _nth_weekday(first.year, first.month, weekday, nth)
    if found.get("day"):
        return _numbered(_nth(found["day"]), month, found.get("year"), today, past)
    ahead = (weekday - today.weekday()) % 7
    return today + timedelta(days=ahead - 7 if last else ahead or 7)


def _step(match, sign: int) -> relativedelta:
    """ "3 days", "a week and a half" as a step forwards, or backwards for -1."""
    count = {"a": 1, "an": 1, "a couple of": 2}.get(match["count"].lower()) or int(float(match["count"]))
    half = {"day": {"days": 1}, "week": {"days": 4}, "month": {"days": 15}, "year": {"months": 6}}
    unit = match["unit"].lower()
    step = relativedelta(**{f"{unit}s": count})
    if match["half"] or match["count"].endswith(".5"):
        step += relativedelta(**half[unit])
    return sign * step


def _numbered(number: int, month: int | None, year: str | None, today: date, past: bool) -> date:
    """A day of a month; of the next such month, or the last, where none, or no year, is given."""
    if year:
        return date(int(year), month, number)
    step = relativedelta(years=1) if month else relativedelta(months=1)
    start = date(today.year, month or today.month, 1)
    for i in range(9):  # 29 February may be eight years away
        first = start + (-i if past else i) * step
        try:
            found = first.replace(day=number)
        except ValueError:
            continue
        if found == today or (found < today) == past:
            return found
    raise ValueError(f"no month has a day {number}")


def _yearly(of, year: str | None, today: date, past: bool) -> date:
    """What comes once a year: in that year, else the next, or the last. `of`: a year -> the date in it."""
    if year:
        return of(int(year))
    on = of(today.year)
    if on == today or (on < today) == past:
        return on
    return of(today.year + (-1 if past else 1))


def _holiday(name: str, year: int) -> date:
    if name.startswith("easter"):
        return easter(year)
    for pattern, which in _MOVING.items():
        if re.fullmatch(pattern, name):
            return _nth_weekday(year, *which)
    return date(year, *next(on for pattern, on in _HOLIDAYS.items() if re.fullmatch(pattern, name)))


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """The nth such day of a month, the last for -1."""
    if nth < 0:
        end = date(year, month, 1) + relativedelta(months=1, days=-1)
        return end - timedelta(days=(end.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _nth(text: str) -> int:
    """ "3rd" -> 3, "20 first" -> 21."""
    if text[-1].isdigit() or text[:-2].isdigit():
        return int(re.match(r"\d+", text)[0])
    if text == "thirtieth":
        return 30
    tens, _, name = text.replace("-", " ").rpartition(" ")
    return int(tens or 0) + _ORDINALS.index(name) + 1
