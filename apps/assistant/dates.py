"""When: "tomorrow at half past six", "in two hours" -> dates and times of day, and back into words.

All in wall-clock time: datetimes without a zone. dateparser and parsedatetime were tried on such phrases; the first
knows neither "half past six" nor "three thirty", the second takes "quarter to eight tomorrow morning" for six.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from . import days, durations
from .days import DAYS, MONTHS
from .numbers import WORDS, Digits, corrected
from .phrases import CORRECTION

PARTS = {"morning": 9, "afternoon": 15, "evening": 19, "night": 20}  # the hour that a part of the day stands for
_NO_SLIPS = ("sundae", "sundaes", "sundry")  # words that nearly are a day's

_HALF_DAY = r" ?(?P<half>a\.?m\.?|p\.?m\.?)(?!\w)"
_AT = r"\b(?:at|by|for|until|around|about) "
# What may follow an hour alone; dates stand there as commas.
_NEXT = (
    r"(?=[ ,;!?.]*$|[,;!?.]+ | ,| (?:in the|this|at night|morning|afternoon|evening|night|tonight|to|on|and|please|"
    r"for|so|sharp|every|before|because|or|instead)\b)"
)


def _clocks(lead: str, *patterns: str) -> list[re.Pattern]:
    return [re.compile(rf"{lead}(?:{pattern})(?: sharp\b)?", re.IGNORECASE) for pattern in patterns]


_CLOCKS = [
    *_clocks(
        rf"(?:{_AT}|\bfrom |\b)",
        r"(?P<named>noon|midday|midnight)\b",
        r"(?:an? )?(?P<minutes>quarter|half|\d{1,2}(?= minutes?\b| past\b| after\b))(?: minutes?)? "
        rf"(?P<side>past|after|to|before|til+) (?P<hour>\d{{1,2}})\b(?: o'? ?clock)?(?:{_HALF_DAY})?",
        rf"(?P<hour>\d{{1,2}})[:h](?P<minute>[0-5]\d)(?!\d)(?:{_HALF_DAY})?",
        rf"(?P<hour>\d{{1,2}})[ .]?(?P<minute>[0-5]\d)?(?:{_HALF_DAY}| o'? ?clock\b)",
        r"(?P<hour>\d{1,2}) (?P<minute>[1-5]\d)\b(?=[ ,]*$| ?,| in the | this | at night| tonight| morning| "
        r"afternoon| evening)",
    ),
    # "10 to 12" may be pages, 1.30 a price.
    *_clocks(
        rf"(?:{_AT}|(?:^|(?<=,) ))",
        rf"(?P<minutes>\d{{1,2}}) (?P<side>to|before|til+) (?P<hour>\d{{1,2}})\b(?: o'? ?clock)?(?:{_HALF_DAY})?",
        r"(?P<hour>\d{1,2})\.(?P<minute>[0-5]\d)(?!\d| (?:dollars?|euros?|pounds?|percent)\b)",
    ),
    # An hour alone needs a word before it, and "for" only begins a time: "a table for 2".
    *_clocks(r"(?:\bat|\bby|\buntil|\baround|^[ ,]*for|^[ ,]*to) ", rf"(?P<hour>\d{{1,2}})(?P<minute>[0-5]\d)?{_NEXT}"),
    *_clocks(r"^[ ,]*", r"(?P<hour>\d{1,2})(?P<minute>(?<=\d\d)[0-5]\d)?[ ,]*$"),
]  # fmt: skip
_PART = re.compile(
    r"\b(?:(?:in the |this |at |every )?(?<!good )(?P<part>morning|afternoon|evening|night)|tonight)\b", re.IGNORECASE
)
_BETWEEN = re.compile(r"[ ,]*(?:(?:at|on|in|the|by|for|around|about)\b[ ,]*)*", re.IGNORECASE)  # words of one time


@dataclass(frozen=True)
class Moment:
    """A date and time that a text names, and the text without them."""

    at: datetime
    has_date: bool
    has_clock: bool
    rest: str


def moment(
    text: str, now: datetime, *, early: bool = False, waking: bool = False, like: datetime | None = None
) -> Moment | None:
    """The moment that a text names; None if it names none, or one that there isn't.

    Of several times it is the one that the text begins with, else the last. A clock time alone is the next one of that
    kind. "7" on another day is in the morning if `early`, and always if `waking`; if not, hours before seven are in the
    afternoon. `like` is the moment that this one replaces: its date and its half of the day stay, where the text gives
    none. What the text itself takes back is replaced so: "tomorrow at 7 no wait 8".
    """
    how = {"early": early, "waking": waking, "like": like}
    return _mended(text, now, how) or _moment(text, now, **how)


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


def _mended(text: str, now: datetime, how: dict) -> Moment | None:
    """The last of several times of which each takes back the one right before it; None if that isn't so."""
    first, *others = CORRECTION.split(text)
    found = _moment(first, now, **how) if others else None
    if found is None or not first.startswith(found.rest):
        return None
    for part in others:
        new = _moment(part, now, **how | {"like": found.at})
        if not (found.has_clock and new and new.has_clock and part.endswith(new.rest)):
            return None
        found = replace(new, rest=f"{found.rest} {new.rest}".strip())
    return found


def _moment(text: str, now: datetime, **how) -> Moment | None:
    text = corrected(text, [*DAYS, "tomorrow", "yesterday", *_NO_SLIPS], 0.83)
    for attempt in (text, corrected(text, [*WORDS, *MONTHS, "minutes", "hours"])):
        if (ahead := _ahead(attempt)) is not None:
            return _before(*ahead, now, how)
        found = _relative(attempt, now) or _absolute(attempt, now, **how)
        if found:
            return found
    return None


def _ahead(text: str) -> tuple[float | None, str] | None:
    """Of "10 minutes before my meeting at 4" the seconds and what follows "before"; without them within a sentence."""
    known = Digits(text)
    for seconds, start, end in durations.find_all(known.text):
        before = re.match(r" (?:before|ahead of) (?=\D)", known.text[end:], re.IGNORECASE)
        leads = not known.text[:start].strip()
        before = before or (leads and re.match(r" before ", known.text[end:], re.IGNORECASE))
        if before and not re.search(r"day|week", known.text[start:end], re.IGNORECASE):
            return (seconds if leads else None), known.without(0, end + before.end())
    return None


def _before(seconds: float | None, text: str, now: datetime, how: dict) -> Moment | None:
    """So long before the moment in a text; None if it isn't said when that is."""
    found = moment(text, now, **how) if seconds is not None else None
    try:
        return replace(found, at=found.at - timedelta(seconds=seconds)) if found and found.has_clock else None
    except OverflowError:  # before the year 1
        return None


def _relative(text: str, now: datetime) -> Moment | None:
    """ "in an hour and a half", "20 minutes from now": hours, minutes and seconds from now."""
    known, spans = Digits(text), []
    for seconds, start, end in durations.find_all(known.text):
        before = re.search(r"\b(?:in|after) $", known.text[:start], re.IGNORECASE)
        after = re.match(r" from now\b", known.text[end:], re.IGNORECASE)
        alone = not known.text[:start].strip() and not known.text[end:].strip(" .!")
        if (before or after or alone) and not re.search(r"day|week", known.text[start:end], re.IGNORECASE):
            span = before.start() if before else start, end + (after.end() if after else 0)
            spans.append((seconds, *span))
    if not spans:
        return None
    seconds, start, end = spans[0] if not known.text[: spans[0][1]].strip() else spans[-1]
    try:
        at = (now + timedelta(seconds=seconds)).replace(microsecond=0)
    except OverflowError:  # beyond the year 9999
        return None
    return Moment(at, has_date=True, has_clock=True, rest=known.without(start, end))


def _absolute(text, now, early, waking, like) -> Moment | None:
    known = Digits(text)
    said = _said(known.text, now.date())
    if not said:
        return None
    rest = known.cut({(start, end) for _, start, end in said.values()})
    on = said["date"][0] if "date" in said else None
    clock = _hour(said)
    if clock is None:
        at = time(9, 0) if like is None else like.time()
        return Moment(datetime.combine(on, at), has_date=True, has_clock=False, rest=rest)
    hour, minute, sure = clock
    if on is None and like is not None:
        on = like.date()
    usual = hour if early or 7 <= hour < 12 else hour % 12 + 12
    if sure:
        options = [hour]
    elif waking:
        options = [hour % 12]
    elif like is not None:
        options = [hour % 12 + 12 * (like.hour >= 12)]
    elif on is None or on == now.date():
        options = [hour % 12, hour % 12 + 12]
    else:
        options = [usual]
    times = [datetime.combine(on or now.date(), time(each, minute)) for each in options]
    at = next((each for each in times if each > now), times[-1])
    if at <= now and on is None:
        at = datetime.combine(now.date() + timedelta(days=1), time(usual if len(options) > 1 else options[0], minute))
    return Moment(at, has_date=on is not None, has_clock=True, rest=rest)


def _said(text: str, today: date) -> dict[str, tuple]:
    """The date, the clock and the part of the day that a text with numbers in digits names: kind -> (what, start, end).

    Words that stand together are one time. The time is what the text begins with, else the last one; what that doesn't
    say is taken from the others.
    """
    found = days.find(text, today)
    if any(on is None for on, *_ in found):
        return {}
    pieces, masked = [(start, end, "date", on) for on, start, end in found], text
    for start, end, *_ in pieces:
        masked = masked[:start] + "," * (end - start) + masked[end:]
    for match in days.longest(_CLOCKS, masked):
        if clock := _time(match.groupdict()):
            start = match.start() + len(match[0]) - len(match[0].lstrip(" ,"))
            pieces.append((start, start + len(match[0].strip(" ,")), "clock", clock))
    for match in _PART.finditer(text):  # "tonight" is a date as well
        start, end = next(((a, b) for _, a, b in found if a <= match.start() < b), match.span())
        pieces.append((start, end, "part", (match["part"] or "night").lower()))
    times = []
    for start, end, kind, what in sorted(pieces, key=lambda each: each[:3]):
        stop = max((each[2] for each in times[-1].values()), default=0) if times else 0
        if times and kind not in times[-1] and (start < stop or _BETWEEN.fullmatch(text, stop, start)):
            times[-1][kind] = what, start, end
        else:
            times.append({kind: (what, start, end)})
    if not times:
        return {}
    leads = _BETWEEN.fullmatch(text, 0, min(start for _, start, _ in times[0].values()))
    chosen = times[0] if leads else times[-1]
    for other in reversed(times):
        # "at 5 to prepare tomorrow's lunch": the day is the lunch's.
        others = leads and "clock" in chosen and "date" in other and text[: other["date"][2]].endswith("s")
        if "date" in other and "date" not in chosen and not others:
            chosen = {kind: other[kind] for kind in ("date", "part") if kind in other} | chosen
        if "clock" in other and "clock" not in chosen:
            chosen = {"clock": other["clock"]} | chosen
    if "clock" not in chosen and "part" not in chosen:
        chosen = next(({"part": other["part"]} | chosen for other in reversed(times) if "part" in other), chosen)
    return chosen


def _hour(said: dict) -> tuple[int, int, bool] | None:
    """Hour, minute, and whether the half of the day is sure; None if only a date is said."""
    part = said["part"][0] if "part" in said else None
    if "clock" not in said:
        return (PARTS[part], 0, True) if part else None
    hour, minute, sure = said["clock"][0]
    if part and not sure:
        late = part in ("afternoon", "evening") or (part == "night" and 5 <= hour < 12)
        hour, sure = hour % 12 + 12 * late, True
    return hour, minute, sure


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
