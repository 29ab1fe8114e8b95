"""Which day: "tomorrow", "the 23rd of next month", "a week from friday", "the last friday of may", "easter" -> dates.

A date that contradicts itself ("sunday, 11 march" when that is a Wednesday) or that may be two ("3/4") is none.
"""

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
_YEAR = r"(?:,? (?:of |in )?(?P<year>(?:1[6-9]|20|21)\d\d|(?:this|next|last) year))?"
_SHORT_WEEKDAY = rf"(?P<weekday>{'|'.join(f'{day[:3]}(?:{day[3:]})?' for day in DAYS)}|tues|thurs)"
_WEEKDAY = rf"(?P<weekday>{'|'.join(DAYS)})"
_COUNT = r"(?:\d+(?:\.5)?|an?|a couple of)"
# "next month", "the week after next", "in 2 weeks": a week or a month that another part of the date counts within.
_MONTH_SIDE = r"(?:(?:the |this )|(?P<side>next |last ))month\b"
_WEEK_SIDE = (
    rf"(?:(?P<side>this|next|last) week|(?P<after_next>(?:the )?week after next)|in (?P<weeks>{_COUNT}) weeks?)"
)
# What may follow "the 2nd", which else is of something: "the 2nd floor".
_ALONE = (
    r"(?=\W*$| ?[,;.!?]| (?:at|in|to|by|for|from|and|or|until|that|about|i|we|is|was|a|please|remind|set|wake|before|"
    r"after|around|morning|afternoon|evening|night|noon|midnight|\d)\b)"
)
_DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\w.,:/-])(?:(?:in|after)(?: another)? )?(?P<count>{_COUNT}) (?P<unit>day|week|month|year)s?"
        rf"(?P<half> and a half)?(?:,? (?:and )?(?P<count2>{_COUNT}) (?P<unit2>day|week|month)s?)?"
        r"(?: (?P<from>from now|from today|ago))?\b",
        r"\b(?P<count>the) (?P<unit>day|week|month|year)\b(?= (?:from|after|before) )",
        r"\b(?:for |by |on )?(?P<near>(?:the )?day after tomorrow|(?:the )?day before yesterday|tomorrow|today|"
        r"yesterday|tonight)\b(?:'?s\b)?",
        r"\b(?:on )?(?P<iso>\d{4}-\d\d?-\d\d?)\b",
        r"\b(?:on|by|until|for) (?P<first>\d{1,2})/(?P<second>\d{1,2})(?:/(?P<year>(?:20|21)\d\d))?(?![\d/.,]*\d)",
        r"(?<![\d.])(?:\bon )?(?P<day>\d{1,2})\.(?P<month_number>\d{1,2})\.(?P<year>(?:20|21)\d\d)?(?!\d)",
        r"(?<!of )(?<!early )(?<!late )\b(?P<side>next|last) (?P<unit>week|month|year)\b",
        r"\b(?P<after_next>(?:the )?week after next)\b",
        rf"\b(?:on )?(?:{_SHORT_WEEKDAY},? )?(?:the )?(?P<day>{_NTH}|\d{{1,2}}) (?:day )?(?:of )?{_MONTH}\b{_YEAR}",
        rf"\b(?:on )?(?:{_SHORT_WEEKDAY},? (?:the )?)?{_MONTH} (?:the )?(?P<day>{_NTH}|\d{{1,2}})\b(?!:){_YEAR}",
        rf"\bon (?:{_SHORT_WEEKDAY},? )?the (?P<day>{_NTH})\b(?: of the month\b)?{_ALONE}",
        rf"\b(?:{_SHORT_WEEKDAY},? )?the (?P<day>\d{{1,2}}(?:st|nd|rd|th))\b(?: of the month\b)?{_ALONE}",
        rf"\b(?:on )?the (?P<day>{_NTH}) (?:day )?of (?P<which_month>this|next|last) month\b",
        rf"\b(?P<which_month>this|next|last) month,? (?:on )?the (?P<day>{_NTH})\b",
        r"\b(?:on |at |by )?(?:the )?(?P<end>last day|end) of "
        rf"(?:(?:the|this|(?P<which_month>next|last)) month\b|{_MONTH}\b{_YEAR})",
        rf"\b(?:(?:on|next|this|coming|by) )+{_SHORT_WEEKDAY}\b(?:'s\b)?",
        rf"\b{_WEEKDAY}\b(?:'s\b)?",
        rf"\b(?:on )?(?P<side>last) {_SHORT_WEEKDAY}\b(?:'s\b)?",
        rf"\b(?:on )?{_WEEKDAY},? (?:of |in )?(?P<of_week>{_WEEK_SIDE})\b",
        rf"\b(?P<of_week>{_WEEK_SIDE}),? (?:on )?{_WEEKDAY}\b",
        rf"\b(?:on )?{_WEEKDAY} (?P<a_week_later>week)\b",
        rf"\b(?:on )?the (?P<which>first|second|third|fourth|last|[1-4](?:st|nd|rd|th)) {_WEEKDAY} (?:of|in) "
        rf"(?:{_MONTH_SIDE}|{_MONTH}\b{_YEAR})",
        r"\b(?:on |at )?(?:the |this |next )(?P<weekend>weekend)\b",
        rf"\b(?:on |at )?(?:next |last )?(?P<holiday>easter(?: sunday)?|{'|'.join([*_MOVING, *_HOLIDAYS])})\b{_YEAR}",
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
            if step and (side := re.fullmatch(r" (from|after|before) ", text[step.end() : start], re.IGNORECASE)):
                terms = {name: text.lower() for name, text in step.groupdict().items() if text}
                on, start = on + _step(terms, -1 if side[1].lower() == "before" else 1), step.start()
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
    found = {name: text.lower().strip() for name, text in match.groupdict().items() if text}
    last = past or found.get("side") == "last"
    if "near" in found:
        near = found["near"].removeprefix("the ")
        days = {"day after tomorrow": 2, "tomorrow": 1, "yesterday": -1, "day before yesterday": -2}.get(near, 0)
        return today + timedelta(days=days)
    if "iso" in found:
        return date(*map(int, found["iso"].split("-")))
    if "count" in found:
        bare = "from" not in found and not match[0].lower().startswith(("in ", "after "))
        return None if bare else today + _step(found, -1 if found.get("from") == "ago" else 1)
    if "of_week" in found or "a_week_later" in found:
        return _of_week(found, today)
    if "after_next" in found:
        return today + timedelta(days=14)
    if "unit" in found:
        return today + relativedelta(**{f"{found['unit']}s": -1 if last else 1})
    year = _year(found.get("year"), today)
    if "holiday" in found:
        return _yearly(lambda year: _holiday(found["holiday"], year), year, today, last)
    month = _month(found)
    if "end" in found:
        if month:
            return _yearly(lambda year: _last_day(year, month), year, today, past)
        first = _first_of_month(found.get("which_month"), today)
        return _last_day(first.year, first.month)
    weekday = next((i for i, name in enumerate(DAYS) if name[:3] == found.get("weekday", "")[:3]), None)
    if "which" in found:
        nth = -1 if found["which"] == "last" else _nth(found["which"])
        if month:
            return _yearly(lambda year: _nth_weekday(year, month, weekday, nth), year, today, past)
        first = _first_of_month(found.get("side"), today)
        return _nth_weekday(first.year, first.month, weekday, nth)
    if "day" in found or "first" in found:
        day = _nth(found["day"]) if "day" in found else _day_of_slashes(found)
        if "which_month" in found:
            on = _first_of_month(found["which_month"], today).replace(day=day)
        else:
            on = _numbered(day, month, year, today, past)
        if weekday not in (None, on.weekday()):
            raise ValueError(f"{on} is no {found['weekday']}")
        return on
    ahead = ((DAYS.index("saturday") if weekday is None else weekday) - today.weekday()) % 7  # else the weekend
    return today + timedelta(days=ahead - 7 if last else ahead or 7)


def _month(found: dict) -> int | None:
    """The number of the month that is named; of "3/15", where one of two numbers can be no month, the other."""
    if "month" in found:
        return next(i for i, name in enumerate(MONTHS, 1) if name[:3] == found["month"][:3])
    if "month_number" in found:
        return int(found["month_number"])
    if "first" in found:
        first, second = int(found["first"]), int(found["second"])
        if first <= 12 and second <= 12 and first != second:
            raise ValueError("month and day may be either")
        return min(first, second)
    return None


def _day_of_slashes(found: dict) -> int:
    return max(int(found["first"]), int(found["second"]))


def _year(said: str | None, today: date) -> int | None:
    if said is None or said.isdigit():
        return said and int(said)
    return today.year + {"next": 1, "last": -1, "this": 0}[said.split()[0]]


def _first_of_month(side: str | None, today: date) -> date:
    """The first day of the next or the last month, else of this one."""
    return today.replace(day=1) + relativedelta(months={"next": 1, "last": -1}.get(side, 0))


def _last_day(year: int, month: int) -> date:
    return date(year, month, 1) + relativedelta(months=1, days=-1)


def _of_week(found: dict, today: date) -> date:
    """A weekday of another week, which begins on Monday; "friday week" is a week after the next Friday."""
    weekday = DAYS.index(found["weekday"])
    if "a_week_later" in found:
        return today + timedelta(days=((weekday - today.weekday()) % 7 or 7) + 7)
    weeks = {"next": 1, "last": -1}.get(found.get("side"), 0)
    if "after_next" in found:
        weeks = 2
    if "weeks" in found:
        weeks = _count(found["weeks"])
        if weeks != int(weeks):
            raise ValueError("no whole weeks")
    return today + timedelta(days=weekday - today.weekday() + 7 * int(weeks))


def _count(text: str) -> float:
    return {"a": 1.0, "an": 1.0, "the": 1.0, "a couple of": 2.0}.get(text) or float(text)


def _step(found: dict, sign: int) -> relativedelta:
    """ "3 days", "a week and a half", "a week and 2 days" as a step forwards, or backwards for -1."""
    half = {"day": {"days": 1}, "week": {"days": 4}, "month": {"days": 15}, "year": {"months": 6}}
    step = relativedelta()
    for number, unit, more in (("count", "unit", "half" in found), ("count2", "unit2", False)):
        if number in found:
            count = _count(found[number])
            step += relativedelta(**{f"{found[unit]}s": int(count)})
            if more or count != int(count):
                step += relativedelta(**half[found[unit]])
    return sign * step


def _numbered(number: int, month: int | None, year: int | None, today: date, past: bool) -> date:
    """A day of a month; of the next such month, or the last, where none, or no year, is given."""
    if year:
        return date(year, month, number)
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


def _yearly(of, year: int | None, today: date, past: bool) -> date:
    """What comes once a year: in that year, else the next, or the last. `of`: a year -> the date in it."""
    if year:
        return of(year)
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
        end = _last_day(year, month)
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
