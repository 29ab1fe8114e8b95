"""Alarms: set, change, cancel, list; each at a time on the wall clock."""

import re
from datetime import datetime

from . import dates
from .memory import new_id
from .numbers import digits
from .timers import ONLY_OPEN
from .turn import Answer, Question, Skill, Turn, sentence

MOST = 50
REPEATED = re.compile(
    r"\b(?:every|each) (?:\w+ ?)?(?:day|morning|evening|night|week\w*|month|year|hour|\w+day)s?\b|"
    r"\b(?:daily|weekly|monthly|hourly)\b",
    re.IGNORECASE,
)
_CANCEL = r"\b(?:cancel|delete|remove|turn off|switch off|clear|get rid of|disable|stop|kill|scrap)\b"
_LIST = r"\b(?:what|which|list|show|when|check|any|do i have|have i|are there|is there|read|tell me)\b"
_CHANGE = r"\b(?:change|move|make (?:it|that)|reset|adjust|update|push|reschedule)\b"
_HALF = re.compile(
    r"\d ?[ap]\.?m\b|\b(?:morning|afternoon|evening|night|tonight|noon|midday|midnight)\b|\bin (?:an?|half|\d)"
)
_SET = r"\b(?:set|wake|create|make|put|need|want|add)\b"


def read_alarm(turn: Turn) -> dict:
    """{"action": set, change, cancel or list; "at": datetime, "all"} as far as they are there."""
    text = re.sub(
        r"^.*?\b(?:alarms?|wake me(?: up)?|get me up)\b[ ,:]*(?:(?:set|to go off|ring) )?", "", turn.text, flags=re.I
    )
    if re.search(r"\bwake|\bget me up\b", turn.low) and not _HALF.search(turn.low):
        text += " in the morning"
    old = datetime.fromisoformat(turn.about["was"]) if turn.following and "was" in turn.about else None
    found = dates.moment(text, turn.wall, early=True, like=old)
    found = found or (dates.moment(turn.text, turn.wall, early=True, like=old) if text != turn.text else None)
    if turn.want and found is None and (number := re.search(r"\b\d{1,2}(?::\d\d)?\b", digits(turn.text))):
        found = dates.moment(number[0], turn.wall, early=True)  # "the 8 one"
    slots = {"at": found.at} if found and (found.has_clock or old) else {}
    if re.search(r"\b(?:all|every|both)\b", turn.low):
        slots["all"] = True
    if turn.want:
        return slots
    if re.search(_CANCEL, turn.low.split("alarm")[0]) or re.search(r"\balarms? off\b", turn.low):
        slots["action"] = "cancel"
    elif turn.following or re.search(_CHANGE, turn.low):
        slots["action"] = "change"
    elif re.search(_LIST, turn.low) and not re.search(_SET, turn.low) and not slots:
        slots["action"] = "list"
    else:
        slots["action"] = "set"
    if turn.following and ("id" not in turn.about or (slots["action"] == "change" and "at" not in slots)):
        return {}
    return slots


def use_alarm(turn: Turn, slots: dict) -> Answer:
    """Do what the slots ask for. Raises BadInput where the file can't be used."""
    return {"set": _set, "change": _change, "cancel": _cancel, "list": _list}[slots["action"]](turn, slots)


def ring(data: dict, wall: datetime) -> list[str]:
    """Take alarms that are due out of `data`; a line for each."""
    due = [alarm for alarm in data["alarms"] if datetime.fromisoformat(alarm["at"]) <= wall]
    data["alarms"] = [alarm for alarm in data["alarms"] if alarm not in due]
    lines = []
    for alarm in due:
        at = datetime.fromisoformat(alarm["at"])
        late = (wall - at).total_seconds() >= 120
        lines.append(f"Ring! Your alarm for {dates.named(at, wall)}{' went unheard' if late else ''}.")
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
        alarm = {"id": new_id(data), "at": slots["at"].isoformat()}
        data["alarms"].append(alarm)
    line = f"Alarm for {dates.named(slots['at'], turn.wall)}."
    if re.search(
        r"\balarms\b|\bboth\b|\band (?:an|a |the |at )*(?:other|second|next|noon|midnight|\d)", digits(turn.low)
    ):
        line += " Only that one: I take one at a time."
    return Answer(line + turn.voice.once(ONLY_OPEN), ("alarm.set",), _about(alarm))


def _change(turn: Turn, slots: dict) -> Answer:
    if problem := _unfit(turn, slots, "To which time?"):
        return problem
    with turn.memory.change() as data:
        alarms = data["alarms"]
        chosen = [alarm for alarm in alarms if alarm["id"] == turn.about.get("id")] or alarms
        if len(chosen) != 1:
            return _none_or_several(turn, alarms)
        if chosen[0]["at"] == slots["at"].isoformat():
            return Answer("That is the time it is set for already.", about=_about(chosen[0]))
        chosen[0]["at"] = slots["at"].isoformat()
    return Answer(f"The alarm is for {dates.named(slots['at'], turn.wall)} now.", ("alarm.change",), _about(chosen[0]))


def _cancel(turn: Turn, slots: dict) -> Answer:
    with turn.memory.change() as data:
        alarms = data["alarms"]
        at = slots.get("at")
        # "at 7" may have been read as the wrong half of the day.
        meant = [a for a in alarms if at and (datetime.fromisoformat(a["at"]) - at).total_seconds() % 43200 == 0]
        exact = [alarm for alarm in meant if datetime.fromisoformat(alarm["at"]) == at]
        spoken_of = not at and "alarm" not in turn.low
        same = [alarm for alarm in alarms if alarm["id"] == turn.about.get("id")] if spoken_of else []
        chosen = alarms if slots.get("all") else exact or meant or same or ([] if at else alarms)
        if not chosen or (len(chosen) > 1 and not slots.get("all")):
            return _none_or_several(turn, alarms, slots)
        if len(chosen) > 1 and not slots.get("sure"):
            return Answer(f"Cancel all {len(chosen)} alarms?", question=Question("sure", slots, "All alarms stay."))
        gone = [dates.named(datetime.fromisoformat(alarm["at"]), turn.wall) for alarm in chosen]
        data["alarms"] = [alarm for alarm in alarms if alarm not in chosen]
    return Answer(f"Cancelled: the alarm{'s' * (len(gone) > 1)} for {' and '.join(gone)}.", ("alarm.cancel",), {})


def _list(turn: Turn, slots: dict) -> Answer:
    alarms = turn.memory.read()["alarms"]
    if not alarms:
        return Answer("No alarm is set.", about={})
    about = _about(alarms[0]) if len(alarms) == 1 else {}
    return Answer(f"Alarms: {_times(turn, alarms)}.", ("alarm.list",), about)


def _none_or_several(turn: Turn, alarms: list[dict], slots: dict | None = None) -> Answer:
    if not alarms:
        return Answer("No alarm is set, so there is none to touch.", about={})
    if slots and "at" in slots:
        return Answer(f"There is no such alarm. Set: {_times(turn, alarms)}.", about={})
    question = Question("at", slots, "All alarms stay.") if slots else None
    return Answer(f"Which one? {_times(turn, alarms)}.", about={}, question=question)


def _unfit(turn: Turn, slots: dict, ask: str) -> Answer | None:
    """A question where the time is missing, or over."""
    dropped = "No alarm is set yet." if slots["action"] == "set" else "The alarm stays as it is."
    if "at" not in slots:
        return Answer(ask, question=Question("at", slots, dropped))
    if slots["at"] <= turn.wall:
        rest = {slot: each for slot, each in slots.items() if slot != "at"}
        return Answer(f"{sentence(dates.spoken(slots['at'], turn.wall))} is over. {ask}",
                      question=Question("at", rest, dropped))  # fmt: skip
    return None


def _about(alarm: dict) -> dict:
    """What the next turn may change."""
    return {"id": alarm["id"], "was": alarm["at"]}


def _times(turn: Turn, alarms: list[dict]) -> str:
    return "; ".join(dates.spoken(datetime.fromisoformat(each["at"]), turn.wall) for each in alarms)


SKILLS = {"alarm": Skill(read_alarm, use_alarm)}
