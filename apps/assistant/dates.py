"""When: "tomorrow at half past six", "in 2 days and 3 hours" -> dates and times of day, and back into words.

A text whose time cannot be read whole names no moment, and `set_apart` returns what of it looks like a time.

Libraries were measured on 50 moments from this app's tests: dateparser 1.5 reads 25 of them, recognizers-text 23 and
ovos-date-parser 21, and they take 17 to 25 of the others for another time without a word: "in half an hour" for an
hour, "half past seven" for seven. So this is our own.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from . import days, durations, time_words, times
from .clock import later, wall
from .days import DAYS, MONTHS
from .numbers import WORDS, Digits, corrected, digits
from .phrases import CORRECTION
from .times import Clock

_NO_SLIPS = ("sundae", "sundaes", "sundry")  # words that nearly are a day's, but none

_BETWEEN = re.compile(r"[ ,]*(?:(?:at|on|in|the|by|for|around|about)\b[ ,]*)*", re.IGNORECASE)  # words of one time
_IN = re.compile(r"\b(?:in|after|within)(?: about| around| roughly| exactly| another| the next)* $", re.IGNORECASE)
_SHIFTED = re.compile(
    r"\b(?:by|later|earlier|sooner|add|subtract|take|back|forward)\b|\b(?:postpone|delay)", re.IGNORECASE
)
_EARLIER = re.compile(r"\b(?:earlier|sooner|subtract|take|bring)\b", re.IGNORECASE)
_FROM_NOW = re.compile(r" (?:from now|later)\b", re.IGNORECASE)


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


def shift(text: str) -> float | None:
    """The seconds by which a text moves a time: "an hour later"; below zero for "an hour earlier"; None for none."""
    span = durations.find(digits(text))
    if span is None or not _SHIFTED.search(text):
        return None
    return -span.seconds if _EARLIER.search(text) else span.seconds


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
            return None if time_words.leading(found.rest) else found  # None where another time could not be read
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
    clock = _clock(said)
    if clock is None:
        at = time(9, 0) if like is None else like.time()
        return Moment(datetime.combine(on, at), has_date=True, has_clock=False, rest=rest)
    if on is None and like is not None:
        on = like.date()
    hour = clock.hour
    usual = hour if early or 7 <= hour < 12 else hour % 12 + 12
    if clock.sure:
        hours = [hour]
    elif waking:
        hours = [hour % 12]
    elif like is not None:
        hours = [hour % 12 + 12 * (like.hour >= 12)]
    elif on is None or on == now.date():
        hours = [hour % 12, hour % 12 + 12]
    else:
        hours = [usual]
    options = [datetime.combine(on or now.date(), time(each, clock.minute)) for each in hours]
    at = next((each for each in options if each > now), options[-1])
    if at <= now and on is None:
        tomorrow = now.date() + timedelta(days=1)
        at = datetime.combine(tomorrow, time(usual if len(hours) > 1 else hours[0], clock.minute))
    return Moment(at, has_date=on is not None, has_clock=True, rest=rest)


def _is_cut_short(text: str, pieces: list[tuple], spans: set[tuple[int, int]]) -> bool:
    """Whether what was read (`spans`) is only a part of a time, of which `pieces` are all that can be read."""
    masked = text
    for start, end, *_ in [*pieces, *spans]:
        masked = masked[:start] + "#" * (end - start) + masked[end:]
    return any(time_words.continues(masked[:start], masked[end:]) for start, end in spans)


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
    pieces += [(start, end, "clock", clock) for start, end, clock in times.find(masked)]
    for start, end, part in times.find_parts(text):  # "tonight" is a date as well
        whole = next(((a, b) for _, a, b in found if a <= start < b), (start, end))
        pieces.append((*whole, "part", part))
    return sorted(pieces, key=lambda each: each[:3])


def _said(text: str, pieces: list[tuple]) -> dict[str, tuple]:
    """The date, the clock and the part of the day that the pieces of a text name: kind -> (what, start, end).

    Pieces that stand together are one time; {} if they contradict each other. The time is what the text begins with,
    else the last one; what that does not say is taken from the others.
    """
    groups = []
    for start, end, kind, what in pieces:
        stop = max(each[2] for each in groups[-1].values()) if groups else 0
        together = groups and (start < stop or _BETWEEN.fullmatch(text, stop, start))
        if together and kind not in groups[-1]:
            groups[-1][kind] = what, start, end
        elif together and what != groups[-1][kind][0]:
            return {}  # "tomorrow, on friday"
        else:
            groups.append({kind: (what, start, end)})
    leads = _BETWEEN.fullmatch(text, 0, min(start for _, start, _ in groups[0].values()))
    chosen = groups[0] if leads else groups[-1]
    for other in reversed(groups):
        # "at 5 to prepare tomorrow's lunch": the day is the lunch's.
        others = leads and "clock" in chosen and "date" in other and text[: other["date"][2]].endswith("s")
        if "date" in other and "date" not in chosen and not others:
            chosen = {kind: other[kind] for kind in ("date", "part") if kind in other} | chosen
        if "clock" in other and "clock" not in chosen:
            chosen = {"clock": other["clock"]} | chosen
    if "clock" not in chosen and "part" not in chosen:
        chosen = next(({"part": other["part"]} | chosen for other in reversed(groups) if "part" in other), chosen)
    return chosen


def _clock(said: dict) -> Clock | None:
    """The time of day that is said, with a part of the day or by it alone; None if only a date is said."""
    part = said["part"][0] if "part" in said else None
    if "clock" not in said:
        return Clock(times.PARTS[part], 0, True) if part else None
    clock = said["clock"][0]
    if part and not clock.sure:
        return clock.in_half(part in ("afternoon", "evening") or (part == "night" and 5 <= clock.hour < 12))
    return clock
