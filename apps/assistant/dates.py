"""When: "tomorrow at half past six", "in 2 days and 3 hours" -> dates and times of day, and back into words.

A text whose time cannot be read whole names no moment, and `set_apart` returns what of it looks like a time.

Libraries were measured on 50 moments from this app's tests: dateparser 1.5 reads 25 of them, recognizers-text 23 and
ovos-date-parser 21, and they take 17 to 25 of the others for another time without a word: "in half an hour" for an
hour, "half past seven" for seven. So this is our own.
"""

import itertools
import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from . import days, durations
from .clock import later, wall
from .days import DAYS, MONTHS
from .numbers import START, WORDS, Digits, corrected
from .phrases import CORRECTION

PARTS = {"morning": 9, "afternoon": 15, "evening": 19, "night": 20}  # the hour that a part of the day stands for
_NO_SLIPS = ("sundae", "sundaes", "sundry")  # words that nearly are a day's, but none

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
_BETWEEN = re.compile(r"[ ,]*(?:(?:at|on|in|the|by|for|around|about)\b[ ,]*)*", re.IGNORECASE)  # words of one time
_IN = re.compile(r"\b(?:in|after|within)(?: about| around| roughly| exactly| another| the next)* $", re.IGNORECASE)
_FROM_NOW = re.compile(r" (?:from now|later)\b", re.IGNORECASE)

# Words that a time is said with. Those of `_TIME_WORD` are hardly said of anything else: a run of `_WORD` with one of
# them in it is a time, whether it could be read or not.
_TIME_WORD = (
    rf"(?:(?:second|minute|min|hour|hr|day|week|month|year)s?|{'|'.join(DAYS)}|o'?clock|\d* ?[ap]\.?m\b\.?|noon|midday|"
    r"midnight|tomorrow|tonight|today|morning|afternoon|evening|weekend|\d{1,2}:\d\d|\d{1,2}/\d{1,2}(?:/\d+)?|"
    rf"(?:(?:in|of|on|by|next|last|this|st|nd|rd|th|\d) )?(?:{'|'.join(MONTHS[:2] + MONTHS[3:4] + MONTHS[5:])})|"
    r"(?:in|of|by|next|last|this|\d|\d(?:st|nd|rd|th)) (?:march|may)|(?:march|may) \d+|"
    r"(?:half|quarter)(?: (?:past|to|of))? \d{1,2}|fortnights?|lunchtime|dawn|dusk|sunrise|sunset|"
    r"(?:the|next|this) (?:spring|summer|autumn|fall|winter|quarter))"
)
_TIMED = re.compile(rf"(?<!\w){_TIME_WORD}(?!\w)|\d(?:st|nd|rd|th)\b|\b(?:early|late|soon|sometime)\b", re.I)
_WORD = (
    rf"(?:{_TIME_WORD}|in|on|at|by|after|before|between|until|till?|around|about|from|of|and|or|past|to|the|an?|this|next|last|"
    r"half|quarter|oh|first|second|third|couple|now|march|may|\d[\d.,:/]*(?:st|nd|rd|th)?)"
)
_RUN = rf"(?:{_WORD}(?![\w'])[ ,]*)+"
_END_OF_RUN = re.compile(r"(?:[ ,]*\b(?:to|and|or|the|an?|about|of|on|in|at|by|for)\b)*[ ,]*$", re.IGNORECASE)
_RANGE = re.compile(r"\b(?:between|from) \S+(?: [ap]m)? (?:and|to|until) $|\d (?:or|to|until) $", re.IGNORECASE)
_BEGINS = (
    r"(?:in|on|at|by|after|before|between|from|until|around|when(?:ever)?|once|as soon as|if|soon|sometime|early|late)"
)
# A time before what is to be done: "in 2 moons to pay", "when i am home to pay"; or nothing but a time.
_LEAD = re.compile(
    rf"[ ,]*(?:(?P<run>{_RUN})|(?P<when>{_BEGINS}\b.*?))[ ,]*\b(?=to\b|that\b)|[ ,]*(?P<alone>{_RUN})[ .!?]*$",
    re.IGNORECASE,
)
_TRAIL = re.compile(rf"(?<![\w'])(?P<run>{_BEGINS} {_RUN})[ .!?]*$", re.IGNORECASE)


class _Unreadable(Exception):
    """A time of which only a part can be read."""


@dataclass(frozen=True)
class Moment:
    """A date and time that a text names, and the text without them."""

    at: datetime  # with a zone if it is so many hours from now, see `clock`
    has_date: bool
    has_clock: bool
    rest: str


def moment(
    text: str, now: datetime, *, early: bool = False, waking: bool = False, like: datetime | None = None
) -> Moment | None:
    """The moment that a text names; None if it names none, one that there is not, or one that cannot be read whole.

    Of several times it is the one that the text begins with, else the last. A time of day alone is the next one of that
    kind. "7" on another day is in the morning if `early`, and always if `waking`; if not, hours before seven are in the
    afternoon. `like` is the moment that this one replaces: its date and its half of the day stay, where the text gives
    none. What the text itself takes back is replaced so: "tomorrow at 7 no wait 8". now: with a zone, for hours that
    are counted from it; without one no clock changes.
    """
    how = {"early": early, "waking": waking, "like": like and wall(like)}
    return _last_of_corrected(text, now, how) or _moment(text, now, **how)


def set_apart(text: str) -> tuple[str, str]:
    """Of a text in which `moment` finds none: (the text without what looks like a time, that part or "")."""
    known = Digits(text)
    for match in filter(None, (_LEAD.match(known.text), _TRAIL.search(known.text))):
        name = match.lastgroup
        begins = match.re is _LEAD and name != "alone" and re.match(_BEGINS, match[name], re.IGNORECASE)
        if begins or _TIMED.search(match[name]):
            return known.without(*match.span(name)), match[name].strip(" ,")
    return text, ""


def spoken_clock(at) -> str:
    """A time of day in words: "2:05 pm"."""
    return f"{at.hour % 12 or 12}:{at.minute:02} {'pm' if at.hour >= 12 else 'am'}"


def spoken_day(at: date, today: date) -> str:
    """A date in words, relative to today: "today", "tomorrow", "on Friday, 13 March"."""
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get((at - today).days)
    return near or f"on {long_day(at)}" + (f" {at.year}" if at.year != today.year else "")


def long_day(at: date) -> str:
    """A date with its weekday: "Friday, 13 March"."""
    return f"{DAYS[at.weekday()].capitalize()}, {at.day} {MONTHS[at.month - 1].capitalize()}"


def spoken(at: datetime, now: datetime) -> str:
    """A moment in words, relative to now: "tomorrow at 9:00 am"."""
    return f"{spoken_day(at.date(), now.date())} at {spoken_clock(at)}"


def named(at: datetime, now: datetime) -> str:
    """A moment as a name, after "for": "Friday, 13 March at 5:00 pm"."""
    return spoken(at, now).removeprefix("on ")


def _last_of_corrected(text: str, now: datetime, how: dict) -> Moment | None:
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
            return _from(*ahead, now, how)
        try:
            found = _relative(attempt, now) or _absolute(attempt, wall(now), **how)
        except _Unreadable:
            return None
        if found:
            lead = _LEAD.match(
                Digits(found.rest).text
            )  # another time before what is to be done, which could not be read
            when = lead[lead.lastgroup] if lead and lead.lastgroup != "alone" else ""
            return None if _TIMED.search(when) and not re.match("and|or", when) else found
    return None


def _ahead(text: str) -> tuple[float | None, str] | None:
    """Of "10 minutes before my meeting at 4" the seconds, below zero for "before", and what follows it.

    None for the seconds within a sentence.
    """
    known = Digits(text)
    for span in durations.find_all(known.text):
        head, tail = known.text[: span.start], known.text[span.end :]
        leads = not head.strip()
        match = re.match(r" (?:before|ahead of|(?P<after>after)) (?=\D)", tail, re.IGNORECASE)
        match = match or (leads and re.match(r" (?:before|(?P<after>after)) ", tail, re.IGNORECASE))
        if match and not span.in_days and (leads or not match["after"]):
            seconds = span.seconds if match["after"] else -span.seconds
            return (seconds if leads else None), known.without(0, span.end + match.end())
    return None


def _from(seconds: float | None, text: str, now: datetime, how: dict) -> Moment | None:
    """So long before or after the moment in a text; None if it is not said when that is."""
    found = moment(text, now, **how) if seconds is not None else None
    if found is None or not found.has_clock:
        return None
    at = found.at.replace(tzinfo=found.at.tzinfo or now.tzinfo)
    try:
        return replace(found, at=later(at, seconds))
    except OverflowError:  # outside of the years 1 to 9999
        return None


def _relative(text: str, now: datetime) -> Moment | None:
    """ "in an hour and a half", "2 days and 3 hours from now": elapsed time from now."""
    known, spans = Digits(text), []
    for span in durations.find_all(known.text):
        before = _IN.search(known.text[: span.start])
        after = _FROM_NOW.match(known.text[span.end :])
        alone = not known.text[: span.start].strip() and not known.text[span.end :].strip(" .!")
        if (before or after or alone) and not span.in_days:
            start = before.start() if before else span.start
            spans.append((span.seconds, start, span.end + (after.end() if after else 0)))
    if not spans:
        return None
    seconds, start, end = spans[0] if not known.text[: spans[0][1]].strip() else spans[-1]
    masked = known.text[:start] + "#" * (end - start) + known.text[end:]
    pieces = _pieces(masked, now.date()) or []
    if any(_BETWEEN.fullmatch(masked, end, a) or _BETWEEN.fullmatch(masked, b, start) for a, b, *_ in pieces):
        raise _Unreadable  # "in 2 hours on friday"
    if _is_cut_short(known.text, pieces, {(start, end)}):
        raise _Unreadable
    try:
        at = later(now, seconds).replace(microsecond=0)
    except OverflowError:  # outside of the years 1 to 9999
        return None
    return Moment(at, has_date=True, has_clock=True, rest=known.without(start, end))


def _absolute(text: str, now: datetime, early: bool, waking: bool, like: datetime | None) -> Moment | None:
    known = Digits(text)
    pieces = _pieces(known.text, now.date())
    said = _said(known.text, pieces) if pieces else None
    if not said:
        return None
    spans = {(start, end) for _, start, end in said.values()}
    if _is_cut_short(known.text, pieces, spans):
        raise _Unreadable
    rest = known.cut(spans)
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


def _is_cut_short(text: str, pieces: list[tuple], spans: set[tuple[int, int]]) -> bool:
    """Whether unread words of a time follow what was read (`spans`): "in 1 month" of "in 1 month and 2 hours"."""
    masked = text
    for start, end, *_ in [*pieces, *spans]:
        masked = masked[:start] + "#" * (end - start) + masked[end:]
    for start, end in spans:
        if _RANGE.search(masked[:start]):
            return True
        run = re.match(rf"[ ,]*{_RUN}", masked[end:], re.IGNORECASE)
        said = run and _END_OF_RUN.sub("", run[0])
        noun = (
            run and said.strip() == run[0].strip(" ,") and re.match(r"\w", masked[end + run.end() :])
        )  # "evening news"
        if said and not noun and re.search(rf"(?<!\w){_TIME_WORD}(?!\w)", said, re.IGNORECASE):
            return True
    return False


def _pieces(text: str, today: date) -> list[tuple[int, int, str, object]]:
    """The dates, clocks and parts of the day in a text with numbers in digits, in order: (start, end, kind, what).

    None at all if one of the dates does not exist.
    """
    found = days.find(text, today)
    if any(on is None for on, *_ in found):
        return []
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
    return _with_half_days(text, sorted(pieces, key=lambda each: each[:3]))


def _with_half_days(text: str, pieces: list[tuple]) -> list[tuple]:
    """The pieces, in which "7" of "7 and 8 am" is in the morning too."""
    for i, (first, second) in enumerate(itertools.pairwise(pieces)):
        if first[2] == second[2] == "clock" and re.fullmatch(r" (?:and|or) (?:the |at )?", text[first[1] : second[0]]):
            (hour, minute, sure), (other, _, other_sure) = first[3], second[3]
            if other_sure and not sure:
                pieces[i] = (*first[:3], (hour % 12 + 12 * (other >= 12), minute, True))
    return pieces


def _said(text: str, pieces: list[tuple]) -> dict[str, tuple]:
    """The date, the clock and the part of the day that the pieces of a text name: kind -> (what, start, end).

    Pieces that stand together are one time; {} if they contradict each other. The time is what the text begins with,
    else the last one; what that does not say is taken from the others.
    """
    times = []
    for start, end, kind, what in pieces:
        stop = max(each[2] for each in times[-1].values()) if times else 0
        together = times and (start < stop or _BETWEEN.fullmatch(text, stop, start))
        if together and kind not in times[-1]:
            times[-1][kind] = what, start, end
        elif together and what != times[-1][kind][0]:
            return {}  # "tomorrow, on friday"
        else:
            times.append({kind: (what, start, end)})
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
    return (hour, minute, sure) if 0 <= minute < 60 else None
