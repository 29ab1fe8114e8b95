"""Alarms: set, change, cancel, list; each at a time of day, or so many hours from now."""

import re
from datetime import datetime

from . import dates, durations, phrases
from .clock import is_over, later, seconds_since, store, stored, wall
from .days import DAYS
from .memory import new_id
from .numbers import digits
from .timers import ONLY_ONE, ONLY_OPEN
from .turn import Answer, Question, Skill, Turn, sentence

MOST = 50
REPEATED = re.compile(
    r"\b(?:every|each) (?:\w+ ?)?(?:day|morning|evening|night|week\w*|month|year|hour|minute|\w+day)s?\b|"
    rf"\b(?:daily|weekly|monthly|hourly|week(?:days|ends)|(?:{'|'.join(DAYS)})s)\b",
    re.IGNORECASE,
)
_CANCEL = r"\b(?:cancel|delete|remove|turn off|switch off|clear|get rid of|disable|stop|kill|scrap)\b"
_LIST = r"\b(?:what|which|list|show|when|check|any|do i have|have i|are there|is there|read|tell me)\b"
_CHANGE = r"\b(?:change|move|make (?:it|that)|reset|adjust|update|push|reschedule)\b"
# How questions begin about alarms that are there.
_ASKS = re.compile(
    r"(?:what|which|is (?!it possible|there a way)|are (?!you)|do i|when|how many alarms|have i|did i)\b"
)
_SET = r"\b(?:set|wake|create|make|put|need|want|add)\b"
_LEAD = re.compile(r"^.*?\b(?:alarms?|wake me(?: up)?|get me up)\b[ ,:]*(?:(?:set|to go off|ring) )?", re.IGNORECASE)
_FROM_TO = re.compile(r"(?P<old>.*?\balarm\b.*?) to (?:go off at )?(?P<new>.+)", re.IGNORECASE)
_SEVERAL = re.compile(r"\balarms\b|\bboth\b|\b(?:and|or) (?:an|a |the |at )*(?:other|second|next|noon|midnight|\d)")
# Two times: "the 7 and the 8 am alarms".
_TIMES = re.compile(r"\d.*\band (?:the |at )*(?:\d|noon|midnight)")
_CHANGED = re.compile(r"^(?:change|move) it to ", re.IGNORECASE)


def read_alarm(turn: Turn) -> dict:
    """{"action": set, change, rename, cancel or list; "at": datetime, "said": its words, "old", "all"}, if said.

    "old" is the time of an alarm that is to be changed or cancelled, "on" a day without a time.
    """
    if turn.requested and "alarm" in turn.low and _ASKS.match(turn.low):
        return {}
    if turn.following and turn.text in (phrases.WHEN_IT, phrases.LEFT_ON_IT):
        return {"action": "list", "left": turn.text == phrases.LEFT_ON_IT}
    if turn.following and turn.text.startswith("rename it"):
        return {"action": "rename"}
    if turn.following and turn.meant and (seconds := dates.shift(turn.text)) is not None:
        at = later(stored(turn.meant[0], turn.now), seconds)
        return {"action": "change", "at": at}
    whole = re.sub(r"\b(?:my|the) (\d{1,2}(?::\d\d)?) alarm\b", r"alarm at \1", digits(turn.text), flags=re.IGNORECASE)
    waking = bool(turn.context.get("waking") or re.search(r"\bwake|\bget me up\b", turn.low))
    slots = {"all": True} if re.search(r"\b(?:all|every|both)\b", turn.low) else {}
    if turn.requested == "old" and turn.meant:
        return slots | {"which": True}
    text = _CHANGED.sub("", _LEAD.sub("", whole))
    if re.search(_CHANGE, turn.low) and not turn.following and (parts := _FROM_TO.match(whole)):
        old, text, whole = _moment(turn, parts["old"], waking), parts["new"], parts["new"]
        slots |= {"old": old.at} if old else {}
    was = turn.meant[0]["at"] if turn.meant else None
    like = was if turn.following else turn.context.get("on")
    found = _moment(turn, text, waking, like) or _moment(turn, whole, waking, like)
    if turn.requested and found is None and (number := re.search(r"\b\d{1,2}(?::\d\d)?\b", whole)):
        found = _moment(turn, number[0], waking, like)  # "the 8 one"
    timed = found is not None and (found.has_clock or like is not None)
    action = _action(turn, timed)
    if timed and (turn.requested == "old" or (action == "cancel" and not turn.requested)):
        slots["old"] = found.at
    elif timed:
        slots |= {"at": found.at, "said": text}
    if turn.requested:
        return slots
    if found and not timed:
        slots["on"] = found.at.isoformat()
    if turn.following and (not turn.meant or (action == "change" and "at" not in slots)):
        return {}
    return slots | {"action": action} | ({"waking": True} if waking else {})


def use_alarm(turn: Turn, slots: dict) -> Answer:
    """Do what the slots ask for. Raises BadInput where the file can't be used."""
    if slots["action"] == "rename":
        return Answer("An alarm has no name, only a time. A timer and a reminder can be renamed.", context={})
    return {"set": _set, "change": _change, "cancel": _cancel, "list": _list}[slots["action"]](turn, slots)


def ring(data: dict, now: datetime) -> list[str]:
    """Take alarms that are due out of `data`; a line for each."""
    due = [alarm for alarm in data["alarms"] if is_over(stored(alarm, now), now)]
    data["alarms"] = [alarm for alarm in data["alarms"] if alarm not in due]
    lines = []
    for alarm in due:
        at = stored(alarm, now)
        late = seconds_since(at, now) >= 120
        lines.append(f"Ring! Your alarm for {dates.named(at, now)}{' went unheard' if late else ''}.")
    return lines


def _set(turn: Turn, slots: dict) -> Answer:
    if REPEATED.search(turn.text):
        return Answer("I can't do alarms that come back, only single ones. For which time shall the next one be?",
                      question=Question("at", slots, "No alarm is set yet."))  # fmt: skip
    if problem := _unfit(turn, slots, "For which time?"):
        return problem
    with turn.memory.change() as data:
        if len(data["alarms"]) >= MOST:
            return Answer(f"There are {MOST} alarms already. Nobody sleeps that badly.")
        alarm = {"id": new_id(data)}
        store(alarm, slots["at"])
        data["alarms"].append(alarm)
    line = f"Alarm for {dates.named(slots['at'], turn.now)}."
    if _names_several(turn.text):
        line += f" {ONLY_ONE}"
    return Answer(line + turn.voice.once(ONLY_OPEN), ("alarm.set",), {}, about=(alarm["id"],))


def _change(turn: Turn, slots: dict) -> Answer:
    if problem := _unfit(turn, slots, "To which time?"):
        return problem
    with turn.memory.change() as data:
        chosen = _chosen(data["alarms"], slots)
        if len(chosen) != 1:
            return _none_or_several(turn, data["alarms"], slots, chosen)
        at = slots["at"]
        if "said" in slots:  # the day and its half stay, where they aren't said
            found = _moment(turn, slots["said"], False, chosen[0]["at"])
            at = found.at if found and not is_over(found.at, turn.now) else at
        if stored(chosen[0], turn.now) == at:
            return Answer("That is the time it is set for already.", context={}, about=ids(chosen))
        store(chosen[0], at)
    return Answer(f"The alarm is for {dates.named(at, turn.now)} now.", ("alarm.change",), {}, about=ids(chosen))


def _cancel(turn: Turn, slots: dict) -> Answer:
    with turn.memory.change() as data:
        alarms = data["alarms"]
        chosen = alarms if slots.get("all") and "meant" not in slots else _chosen(alarms, slots)
        if not chosen or (len(chosen) > 1 and not slots.get("all")):
            return _none_or_several(turn, alarms, slots, chosen)
        if len(chosen) > 1 and not slots.get("sure"):
            what = f"all {len(chosen)} alarms" if len(chosen) == len(alarms) else _times(turn, chosen)
            return Answer(f"Cancel {what}?", question=Question("sure", slots, "All alarms stay."))
        gone = [dates.named(stored(alarm, turn.now), turn.now) for alarm in chosen]
        data["alarms"] = [alarm for alarm in alarms if alarm not in chosen]
    others = f" {ONLY_ONE}" if "old" in slots and _TIMES.search(digits(turn.low)) and not slots.get("all") else ""
    them = f"the alarm{'s' * (len(gone) > 1)} for {' and '.join(gone)}"
    return Answer(f"Cancelled: {them}.{others}", ("alarm.cancel",), {}, about=ids(chosen))


def _list(turn: Turn, slots: dict) -> Answer:
    alarms = turn.memory.read()["alarms"]
    if not alarms:
        return Answer("No alarm is set.", context={})
    listed = _chosen(alarms, {"meant": slots["meant"]} if "meant" in slots else {})
    if not listed:
        return _none_or_several(turn, alarms, slots, listed)
    spoken = with_left if slots.get("left") else dates.spoken
    times = "; ".join(spoken(stored(each, turn.now), turn.now) for each in listed)
    return Answer(f"Alarms: {times}.", ("alarm.list",), {}, about=ids(listed))


def _chosen(alarms: list[dict], slots: dict) -> list[dict]:
    """The alarms that are meant: by their time, those referred to, else all."""
    if "old" in slots:
        return at_time(alarms, slots["old"])
    return [each for each in alarms if each["id"] in slots["meant"]] if "meant" in slots else alarms


def ids(entries: list[dict]) -> tuple[int, ...]:
    return tuple(each["id"] for each in entries)


def at_time(entries: list[dict], at: datetime) -> list[dict]:
    """Alarms or reminders at a time; "at 7" may have been read as the wrong half of the day, or another day."""
    away = [(datetime.fromisoformat(entry["at"]) - wall(at)).total_seconds() for entry in entries]
    exact = [entry for entry, seconds in zip(entries, away, strict=True) if seconds == 0]
    return exact or [entry for entry, seconds in zip(entries, away, strict=True) if seconds % 43200 == 0]


def _none_or_several(turn: Turn, alarms: list[dict], slots: dict, chosen: list[dict]) -> Answer:
    if not alarms:
        return Answer("No alarm is set, so there is none to touch.", context={})
    if not chosen:
        return Answer(f"There is no such alarm. Set: {_times(turn, alarms)}.", context={}, about=())
    question = Question("old", slots, "All alarms stay.")
    return Answer(f"Which one? {_times(turn, chosen)}.", question=question, about=ids(chosen))


def _action(turn: Turn, timed: bool) -> str:
    low = phrases.POLITE.sub("", turn.low)
    if not turn.following and _ASKS.match(low):
        return "list"
    if re.search(_CANCEL, low.split("alarm")[0]) or re.search(r"\balarms? off\b", low):
        return "cancel"
    if turn.following and phrases.ANOTHER.search(low):
        return "set"
    if turn.following or re.search(_CHANGE, phrases.CORRECTION.split(low)[0] or low):
        return "change"
    return "list" if re.search(_LIST, low) and not re.search(_SET, low) and not timed else "set"


def _names_several(text: str) -> bool:
    """Whether a text is about several alarms; "in 2 days and 3 hours" is about one."""
    text = digits(text)
    return bool(_SEVERAL.search(text.lower())) and durations.find(text) is None


def _moment(turn: Turn, text: str, waking: bool, like: str | None = None) -> dates.Moment | None:
    old = datetime.fromisoformat(like) if like else None
    return dates.moment(text, turn.now, early=True, waking=waking, like=old)


def _unfit(turn: Turn, slots: dict, ask: str) -> Answer | None:
    """A question where the time is missing, or over."""
    dropped = "No alarm is set yet." if slots["action"] == "set" else "The alarm stays as it is."
    if "at" not in slots:
        return Answer(ask, question=Question("at", slots, dropped))
    if is_over(slots["at"], turn.now):
        rest = {slot: each for slot, each in slots.items() if slot != "at"}
        return Answer(f"{sentence(dates.spoken(slots['at'], turn.now))} is over. {ask}",
                      question=Question("at", rest, dropped))  # fmt: skip
    return None


def _times(turn: Turn, alarms: list[dict]) -> str:
    return "; ".join(dates.spoken(stored(each, turn.now), turn.now) for each in alarms)


def with_left(at: datetime, now: datetime) -> str:
    """A moment in words, with the time until then: "tomorrow at 7:00 am, in 17 hours"."""
    return f"{dates.spoken(at, now)}, in {durations.spoken(-seconds_since(at, now))}"


SKILLS = {"alarm": Skill(read_alarm, use_alarm)}
