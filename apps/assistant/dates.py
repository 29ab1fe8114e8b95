"""When: "tomorrow at half past six", "on the 15th", "in two hours" -> dates and times of day, and back into words.

All in wall-clock time: datetimes without a zone. dateparser and parsedatetime were tried on such phrases; the first
knows neither "half past six" nor "three thirty", the second takes "quarter to eight tomorrow morning" for six.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

from . import durations
from .numbers import WORDS, Digits, corrected

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
]  # fmt: skip
PARTS = {"morning": 9, "afternoon": 15, "evening": 19, "night": 20}  # the hour that a part of the day stands for
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

_MONTH = rf"(?P<month>{'|'.join(f'{month[:3]}(?:{month[3:]})?' for month in MONTHS)}|sept)\.?"
_NTH = rf"\d{{1,2}}(?:st|nd|rd|th)|(?:[23]0[ -])?(?:{'|'.join(_ORDINALS)})|thirtieth"
_YEAR = r"(?:,? (?:of )?(?P<year>(?:19|20|21)\d\d))?"
_WEEKDAY = rf"(?P<weekday>{'|'.join(f'{day[:3]}(?:{day[3:]})?' for day in DAYS)}|tues|thurs)"
_DATES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:(?:in|after)(?: another)? )?(?P<count>\d+|an?|a couple of) (?P<unit>day|week|month|year)s?"
        r"(?: (?P<from>from now|from today|ago))?\b",
        r"\b(?:for |by |on )?(?P<near>(?:the )?day after tomorrow|(?:the )?day before yesterday|tomorrow|today|"
        r"yesterday|"
        r"tonight)\b(?:'?s\b)?",
        r"\b(?:on )?(?P<iso>\d{4}-\d\d?-\d\d?)\b",
        r"\b(?:(?P<following>next) )(?P<unit>week|month|year)\b",
        rf"\b(?:on )?(?:{_WEEKDAY},? )?(?:the )?(?P<day>{_NTH}|\d{{1,2}}) (?:day )?(?:of )?{_MONTH}\b{_YEAR}",
        rf"\b(?:on )?(?:{_WEEKDAY},? (?:the )?)?{_MONTH} (?:the )?(?P<day>{_NTH}|\d{{1,2}})\b(?!:){_YEAR}",
        rf"\bon (?:{_WEEKDAY},? )?the (?P<day>{_NTH})\b",
        rf"\b(?:{_WEEKDAY},? )?the (?P<day>\d{{1,2}}(?:st|nd|rd|th))\b",
        rf"\b(?:(?:on|next|this|coming|by) )+{_WEEKDAY}\b",
        rf"\b(?P<weekday>{'|'.join(DAYS)})\b",
        r"\b(?:on |at )?(?:the |this |next )(?P<weekend>weekend)\b",
        rf"\b(?:on |at )?(?:next )?(?P<holiday>easter(?: sunday)?|thanksgiving|{'|'.join(_HOLIDAYS)})\b(?: this "
        rf"year)?{_YEAR}",
    )
]
_HALF_DAY = r" ?(?P<half>a\.?m\.?|p\.?m\.?)(?!\w)"
_CLOCKS = [
    re.compile(rf"\b(?:(?:at|by|for|until|around|about|from) )?(?:{pattern})", re.IGNORECASE)
    for pattern in (
        r"(?P<named>noon|midday|midnight)\b",
        rf"(?:an? )?(?P<minutes>quarter|half|\d{{1,2}})(?: minutes?)? (?P<side>past|after|to|before|til+) "
        rf"(?P<hour>\d{{1,2}})\b(?: o'? ?clock)?(?:{_HALF_DAY})?",
        rf"(?P<hour>\d{{1,2}})[:.h](?P<minute>[0-5]\d)(?!\d)(?:{_HALF_DAY})?",
        rf"(?P<hour>\d{{1,2}}) ?(?P<minute>[0-5]\d)?(?:{_HALF_DAY}| o'? ?clock\b)",
        r"(?P<hour>\d{1,2}) (?P<minute>[1-5]\d)\b(?=$|,| in the | this | at night| tonight| morning| afternoon| "
        r"evening)",
    )
]
# An hour alone needs a word before it, and "for" only begins a time: "a table for 2".
_HOUR = (
    r"(?:\bat|\bby|\buntil|\baround|^for|^to) (?P<hour>\d{1,2})"
    r"(?=$|[,;!?.]+(?:$| )| (?:in the|this|at night|morning|afternoon|evening|night|tonight|to|on|and|please)\b)"
)
_CLOCKS += [re.compile(_HOUR, re.IGNORECASE), re.compile(r"^(?P<hour>\d{1,2})$")]
_PART = re.compile(r"\b(?:in the |this |at |every )?(?P<part>morning|afternoon|evening|night)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Moment:
    """A date and time that a text names, and the text without them."""

    at: datetime
    has_date: bool
    has_clock: bool
    rest: str


def moment(text: str, now: datetime, *, early: bool = False, like: datetime | None = None) -> Moment | None:
    """The moment that a text names; None if it names none.

    A clock time alone is the next one of that kind. "7" on another day is in the morning if `early`; if not, hours
    before seven are in the afternoon. `like` is the moment that this one replaces: its date and its half of the day
    stay, where the text gives none.
    """
    text = corrected(text, [*DAYS, "tomorrow", "yesterday"], 0.83)
    for attempt in (text, corrected(text, [*WORDS, *MONTHS, "minutes", "hours"])):
        found = _relative(attempt, now) or _absolute(attempt, now, early, like)
        if found:
            return found
    return None


def day(text: str, today: date) -> tuple[date, str] | None:
    """The date that a text names, next of its kind where it has no year, and the text without it."""
    known = Digits(text)
    for pattern in _DATES:
        for match in pattern.finditer(known.text):
            found = _date(match, today)
            if found:
                end = match.end() if match[0].lower() != "tonight" else match.start()  # its evening is still to be read
                return found, known.without(match.start(), end)
    return None


def spoken_clock(at) -> str:
    """A time of day in words: "2:05 pm"."""
    return f"{at.hour % 12 or 12}:{at.minute:02} {'pm' if at.hour >= 12 else 'am'}"


def spoken_day(at: date, today: date) -> str:
    """A date in words, seen from today: "today", "tomorrow", "on Friday, 13 March"."""
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get((at - today).days)
    return near or f"on {long_day(at)}" + (f" {at.year}" if at.year != today.year else "")


def long_day(at: date) -> str:
    """A date with its weekday: "Friday, 13 March"."""
    return f"{DAYS[at.weekday()].capitalize()}, {at.day} {MONTHS[at.month - 1].capitalize()}"


def spoken(at: datetime, now: datetime) -> str:
    """A moment in words, seen from now: "tomorrow at 9:00 am"."""
    return f"{spoken_day(at.date(), now.date())} at {spoken_clock(at)}"


def named(at: datetime, now: datetime) -> str:
    """A moment as a name, after "for": "Friday, 13 March at 5:00 pm"."""
    return spoken(at, now).removeprefix("on ")


def _relative(text: str, now: datetime) -> Moment | None:
    """ "in an hour and a half", "20 minutes from now": hours, minutes and seconds from now."""
    known = Digits(text)
    found = durations.find(known.text)
    if found is None:
        return None
    seconds, start, end = found
    before = re.search(r"\b(?:in|after) $", known.text[:start], re.IGNORECASE)
    after = re.match(r" from now\b", known.text[end:], re.IGNORECASE)
    alone = not known.text[:start].strip() and not known.text[end:].strip(" .!")
    if not (before or after or alone) or re.search(r"day|week", known.text[start:end], re.IGNORECASE):
        return None
    start, end = before.start() if before else start, end + (after.end() if after else 0)
    try:
        at = (now + timedelta(seconds=seconds)).replace(microsecond=0)
    except OverflowError:  # beyond the year 9999
        return None
    return Moment(at, has_date=True, has_clock=True, rest=known.without(start, end))


def _absolute(text, now, early, like) -> Moment | None:
    found = day(text, now.date())
    on, rest = found or (None, text)
    clock, rest = _clock(rest)
    if on is None and clock is None:
        return None
    if clock is None:
        at = time(9, 0) if like is None else like.time()
        return Moment(datetime.combine(on, at), has_date=True, has_clock=False, rest=rest)
    hour, minute, sure = clock
    if on is None and like is not None:
        on = like.date()
    if sure:
        options = [hour]
    elif like is not None:
        options = [hour % 12 + 12 * (like.hour >= 12)]
    elif on is None or on == now.date():
        options = [hour % 12, hour % 12 + 12]
    else:
        options = [hour if early or 7 <= hour < 12 else hour % 12 + 12]
    times = [datetime.combine(on or now.date(), time(each, minute)) for each in options]
    at = next((each for each in times if each > now), times[-1])
    if at <= now and on is None:
        at = times[0] + timedelta(days=1)
    return Moment(at, has_date=on is not None, has_clock=True, rest=rest)


def _clock(text: str) -> tuple[tuple[int, int, bool] | None, str]:
    """The time of day in a text, (hour, minute, whether its half of the day is sure), and the text without it."""
    known = Digits(text)
    matches = [match for pattern in _CLOCKS if (match := pattern.search(known.text)) and _time(match.groupdict())]
    match = min(matches, key=lambda each: each.start(), default=None)  # the first in the text
    found = match and _time(match.groupdict())
    rest = known.without(match.start(), match.end()) if match else text
    part = _PART.search(rest) or re.search(r"\b(?P<part>tonight)\b", rest, re.IGNORECASE)
    if part is None:
        return found, rest
    name = part["part"].lower().replace("tonight", "night")
    rest = f"{rest[: part.start()].rstrip()} {rest[part.end() :].lstrip()}".strip()
    if found is None:
        return (PARTS[name], 0, True), rest
    hour, minute, sure = found
    if not sure:
        late = name in ("afternoon", "evening") or (name == "night" and 5 <= hour < 12)
        hour = hour % 12 + 12 * late
    return (hour, minute, True), rest


def _time(found: dict) -> tuple[int, int, bool] | None:
    """Hour, minute, and whether the half of the day is sure; None if there is no such time."""
    if found.get("named"):
        return (0 if found["named"].lower() == "midnight" else 12), 0, True
    hour_text = found["hour"]
    hour, minute, half = int(hour_text), int(found.get("minute") or 0), found.get("half")
    if found.get("minutes"):
        minute = {"quarter": 15, "half": 30}.get(found["minutes"].lower()) or int(found["minutes"])
        if found["side"].lower() not in ("past", "after"):
            hour, minute = (hour - 1) % 24 if hour_text != "1" else 12, 60 - minute
    if hour > 23 or not 0 <= minute < 60 or (half and not 1 <= hour <= 12):
        return None
    if half:
        return hour % 12 + 12 * (half[0].lower() == "p"), minute, True
    return hour, minute, hour == 0 or hour > 12 or hour_text.startswith("0")


def _date(match, today: date) -> date | None:
    """The date that a pattern found; None if there is no such date."""
    found = {name: text and text.lower() for name, text in match.groupdict().items()}
    try:
        if found.get("near"):
            near = found["near"].removeprefix("the ")
            days = {"day after tomorrow": 2, "tomorrow": 1, "yesterday": -1, "day before yesterday": -2}.get(near, 0)
            return today + timedelta(days=days)
        if found.get("iso"):
            return date(*map(int, found["iso"].split("-")))
        if found.get("unit"):
            return _stepped(match, found, today)
        if found.get("holiday"):
            return _holiday(found["holiday"], today, found.get("year"))
        if found.get("day"):
            month = found.get("month") and next(i for i, m in enumerate(MONTHS, 1) if m[:3] == found["month"][:3])
            return _numbered(_nth(found["day"]), month, found.get("year"), today)
        if found.get("weekend"):
            found["weekday"] = "saturday"
        days = (next(i for i, name in enumerate(DAYS) if name[:3] == found["weekday"][:3]) - today.weekday()) % 7
        return today + timedelta(days=days or 7)
    except (ValueError, OverflowError):
        return None


def _stepped(match, found: dict, today: date) -> date | None:
    """ "in 3 days", "two weeks ago", "next month"; a bare "3 days" is no date."""
    if found.get("following"):
        count = 1
    elif not found["from"] and not match[0].lower().startswith(("in ", "after ")):
        return None
    else:
        count = {"a": 1, "an": 1, "a couple of": 2}.get(found["count"]) or int(found["count"])
    return today + relativedelta(**{f"{found['unit']}s": -count if found.get("from") == "ago" else count})


def _numbered(number: int, month: int | None, year: str | None, today: date) -> date:
    """A day of a month; of the next such month where none, or no year, is given."""
    if year:
        return date(int(year), month, number)
    step = relativedelta(years=1) if month else relativedelta(months=1)
    start = date(today.year, month or today.month, 1)
    for i in range(8):  # 29 February may be eight years away
        first = start + i * step
        try:
            found = first.replace(day=number)
        except ValueError:
            continue
        if found >= today:
            return found
    raise ValueError(f"no month has a day {number}")


def _holiday(name: str, today: date, year: str | None) -> date:
    def of(year: int) -> date:
        if name.startswith("easter"):
            return easter(year)
        if name == "thanksgiving":  # that of the US, the fourth Thursday of November
            return date(year, 11, 22) + timedelta(days=(3 - date(year, 11, 22).weekday()) % 7)
        return date(year, *next(on for pattern, on in _HOLIDAYS.items() if re.fullmatch(pattern, name)))

    if year:
        return of(int(year))
    return of(today.year) if of(today.year) >= today else of(today.year + 1)


def _nth(text: str) -> int:
    """ "3rd" -> 3, "20 first" -> 21."""
    if text[-1].isdigit() or text[:-2].isdigit():
        return int(re.match(r"\d+", text)[0])
    if text == "thirtieth":
        return 30
    tens, _, name = text.replace("-", " ").rpartition(" ")
    return int(tens or 0) + _ORDINALS.index(name) + 1
