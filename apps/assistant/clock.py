"""Instants and times of day, which differ where clocks change.

"At 7" is a time of day: a datetime without a zone, what a clock on the wall shows. "In 3 hours" is an instant: a
datetime with a zone, three elapsed hours from now even if the clock is put forward in between. A stored alarm or
reminder has "at", its time on the wall, and for an instant also "instant".
"""

from datetime import UTC, datetime, timedelta


def local_now() -> datetime:
    """Now, in the system's zone with its clock changes; `datetime.astimezone` would give today's offset only."""
    from dateutil import tz

    return datetime.now(tz.gettz() or tz.tzlocal())


def later(at: datetime, seconds: float) -> datetime:
    """So many elapsed seconds after `at`, in its zone. Raises OverflowError outside of the years 1 to 9999."""
    if at.tzinfo is None:
        return at + timedelta(seconds=seconds)
    return (at.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(at.tzinfo)


def wall(at: datetime) -> datetime:
    """What a clock on the wall shows at an instant; a time of day stays as it is."""
    return at.replace(tzinfo=None)


def seconds_since(at: datetime, now: datetime) -> float:
    """Seconds from an instant or a time of day to `now`, which has a zone; negative before it."""
    if at.tzinfo is None:
        return (wall(now) - at).total_seconds()
    return (now.astimezone(UTC) - at.astimezone(UTC)).total_seconds()


def is_over(at: datetime, now: datetime) -> bool:
    return seconds_since(at, now) >= 0


def store(entry: dict, at: datetime) -> None:
    """Put an instant or a time of day into an alarm or a reminder, in place of the one that it had."""
    entry.pop("instant", None)
    entry["at"] = wall(at).isoformat()
    if at.tzinfo is not None:
        entry["instant"] = at.isoformat()


def stored(entry: dict, now: datetime) -> datetime:
    """The instant, in the zone of `now`, or the time of day of an alarm or a reminder."""
    if "instant" in entry:
        return datetime.fromisoformat(entry["instant"]).astimezone(now.tzinfo)
    return datetime.fromisoformat(entry["at"])
