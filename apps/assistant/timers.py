"""Timers: set, change, cancel, list. A timer runs for some seconds and rings at the next line or while waiting."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from . import durations, phrases, references
from .memory import MOST_SECONDS, new_id
from .numbers import NUMBER, digits, number, unreadable
from .turn import Answer, Question, Skill, Turn

MOST = 50
ONLY_OPEN = "(It rings only while I am open; otherwise I tell you when you are back.)"
_CANCEL = r"\b(?:cancel|stop|delete|remove|end|kill|abort|clear|turn off|switch off|get rid of|dismiss|scrap)\b"
_LIST = (
    r"\b(?:how (?:much|long)|what|which|list|show|read|status|remaining|left|check|any|do i have|are there|is there|"
    r"running|tell me (?:my|the|about|how))\b"
)
_MORE = r"\b(?:add|another|plus|extend (?:it |the timer )?by|longer|more)\b"
_LESS = (
    r"\b(?:subtract|minus|less|shorter|take off|(?:take|cut) \w+ (?:\w+ )?off|"
    r"(?:shorten|reduce) (?:it |(?:the|my) .*)?by)\b"
)
_CHANGE = rf"\b(?:change|make (?:it|that)|extend|shorten|reduce|adjust|update|reset|add|longer)\b|{_LESS}"
# "make the 5 minute timer 7 minutes", "change the timer from 5 minutes to 7 minutes"
_FROM_TO = re.compile(r"\b(?:make|set|change|move|reset|adjust|update|extend|shorten) (?:the|my)\b", re.IGNORECASE)
_RENAME = re.compile(
    r"^(?:re)?name (?:it|(?:the|my) (?:(?P<name>\w+) )?timer) (?:to|as)? ?(?:the )?(?P<new>[a-z]+)", re.IGNORECASE
)
# What only timers can be: longer and shorter, with some time added to them or taken off.
_LENGTH = re.compile(
    r"(?:make (?:it|that) (?:\w+ ){0,3}(?:longer|shorter)|(?:extend|prolong|lengthen|shorten) (?:it|that)|"
    rf"(?:add|subtract|take) (?:{NUMBER}(?: more)?|.*\b(?:seconds?|minutes?|mins?|hours?|time)) (?:to|from|off) "
    r"(?:it|that))\b",
    re.IGNORECASE,
)
# A number without a unit: "make it 10", "add 5 to it".
_LONE_NUMBER = re.compile(
    rf"(?:(?:change|move) it to |it |to |that |by |(?:add|subtract|take) )?({NUMBER})(?: more)?"
    r"(?: (?:to|from|off) it)?\W*"
)
ONLY_ONE = "Only that one: I take one at a time."
_NO_NAME = """
    a an the my new another second minute hour day your this that first last other set start timer for of on long
    please it one me all every which what countdown kitchen cancel stop delete remove end kill abort clear dismiss
    scrap current running active remaining existing check show list read see view oven and to so but then or while
    because when until as no not wait sorry actually starting ein eine einen
"""
_NO_NAME = frozenset(_NO_NAME.split())
_NAMES = (
    r"\b(?:called|named|labell?ed|(?:call|name|label) it) (?:the )?(?P<name>[a-z]+)",
    r"\b(?P<name>[a-z]+) timer\b",
    r"\btimer (?:for|on) (?:the |my |some )?(?P<name>[a-z]+)\b",
    r"\bfor (?:the |my |some )?(?P<name>[a-z]+)\W*$",
)


def read_timer(turn: Turn) -> dict:
    """{"action": set, change, rename, cancel, list or pause; "seconds", "name", "all"} as far as they are there.

    "by" is 1 to add the seconds to a timer, -1 to take them off; "length" is that of the timer that is meant. A lone
    number counts in the unit of the timer before. When asked which: {"which", "length" or "left" in seconds, "name"}.
    "spared" are the words for those of "all" that are to run on, "others" says that more than one length is named.
    """
    if match := phrases.ALL_BUT.match(phrases.POLITE.sub("", turn.text)):
        return read_timer(replace(turn, text=match["all"])) | {"all": True, "spared": match["spared"]}
    if turn.following and turn.text in (phrases.WHEN_IT, phrases.LEFT_ON_IT):
        return {"action": "list"}
    if match := _RENAME.match(turn.text):
        return {"action": "rename", "new": match["new"].lower()} | ({"name": match["name"]} if match["name"] else {})
    turn = replace(turn, text=durations.meant(turn.text))
    found = durations.read(turn.text)
    rest = found[1].lower() if found else turn.low
    slots = {"seconds": found[0]} if found else {}
    lengths = list(durations.find_all(digits(turn.text)))
    between = digits(turn.text)[lengths[0].end : lengths[1].start] if len(lengths) > 1 else ""
    changed = len(lengths) == 2 and _FROM_TO.search(turn.text) and re.fullmatch(r" (?:timer|one)?(?: ?to)? ?", between)
    if changed:
        slots = {"length": lengths[0].seconds, "seconds": lengths[1].seconds}
    elif between.strip(" ,") == "or":  # "5 or 10 minutes"
        slots = {}
    if match := _LONE_NUMBER.fullmatch(digits(turn.low)):
        slots["seconds"] = float(number(match[1])) * _unit(turn)
    if name := _name(rest):
        slots["name"] = name
    if re.search(r"\b(?:all|every|both)\b(?!.*\bothers?\b)", turn.low):  # of "all others" it asks which
        slots["all"] = True
    which = "left" if re.search(r"\b(?:left|remain\w*)\b", turn.low) else "length"
    if len(lengths) > 1:
        slots["others"] = True
    if turn.requested == "which":
        known = slots or turn.meant
        return {which if slot == "seconds" else slot: each for slot, each in slots.items()} | (
            {"which": True} if known else {}
        )
    if turn.requested:
        return slots | ({"by": 0} if turn.low.startswith("to ") else {})  # asked by how much: "to 10 minutes"
    action = "change" if changed else _action(turn, rest, bool(found))
    if turn.following and action == "list" and re.search(r"\bleft\b|\bremain", turn.low):
        return slots | {"action": "list"}
    if turn.following and (not turn.meant or (action in ("set", "list") and "seconds" not in slots)):
        return {}
    if phrases.ANOTHER.search(turn.text):
        action = "set" if action == "change" else action
    elif turn.following and action == "set":
        action = "change"
    if action == "cancel" and "seconds" in slots:
        slots[which] = slots.pop("seconds")
    by = -1 if re.search(_LESS, turn.low) else 1 if re.search(_MORE, turn.low) else 0
    return slots | {"action": action, "by": by}


def is_about_length(text: str) -> bool:
    """Whether a line asks to make "it" longer or shorter, which only a timer can be."""
    return bool(_LENGTH.match(digits(phrases.POLITE.sub("", text))))


def use_timer(turn: Turn, slots: dict) -> Answer:
    """Do what the slots ask for. Raises BadInput where the file can't be used."""
    if slots["action"] == "pause":
        return Answer("I can't pause a timer, only set, change and cancel it. It runs on.")
    acts = {"set": _set, "change": _change, "rename": _rename, "cancel": _cancel, "list": _list}
    return acts[slots["action"]](turn, slots)


def ring(data: dict, now: datetime) -> list[str]:
    """Take timers that are over out of `data`; a line for each."""
    over = [timer for timer in data["timers"] if ends(timer) <= now]
    data["timers"] = [timer for timer in data["timers"] if timer not in over]
    lines = []
    for timer in over:
        late = (now - ends(timer)).total_seconds()
        since = f", {durations.spoken(late)} ago" if late >= 5 else ""
        lines.append(f"Ring! Your {called(timer)} is over{since}.")
    return lines


def ends(timer: dict) -> datetime:
    return datetime.fromisoformat(timer["started"]) + timedelta(seconds=timer["seconds"])


def called(timer: dict) -> str:
    """A timer in words: "pasta timer (9 minutes)"."""
    return f"{timer['name']} timer ({durations.spoken(timer['seconds'])})".strip()


def _set(turn: Turn, slots: dict) -> Answer:
    if "seconds" not in slots:
        unread = unreadable(turn.text)
        unclear = f"I can't read {unread} as a number. " if unread else ""
        return Answer(f"{unclear}For how long?", question=Question("seconds", slots, "No timer is set yet."))
    if problem := _unfit(slots["seconds"]):
        return Answer(problem, question=Question("seconds", slots, "No timer is set yet."))
    if not slots.get("sure") and turn.understanding.intent == "timer" and _only_duration(turn) and not turn.requested:
        length = durations.spoken(slots["seconds"])
        return Answer(f"{length.capitalize()}. Shall I count them down?", question=Question("sure", slots))
    timer = {"name": slots.get("name", ""), "seconds": round(slots["seconds"]), "started": turn.now.isoformat()}
    with turn.memory.change() as data:
        if len(data["timers"]) >= MOST:
            return Answer(f"{MOST} timers are running. I refuse to become a clock shop.")
        timer = {"id": new_id(data), **timer}
        data["timers"].append(timer)
    lines = (f"{_named(timer)}: {durations.spoken(timer['seconds'])}, from now.",
             f"{_named(timer)} is running: {durations.spoken(timer['seconds'])}.")  # fmt: skip
    others = f" {ONLY_ONE}" if slots.get("others") else ""
    return Answer(
        turn.voice.pick(lines) + others + turn.voice.once(ONLY_OPEN), ("timer.set",), {}, about=(timer["id"],)
    )


def _change(turn: Turn, slots: dict) -> Answer:
    if "seconds" not in slots:
        ask = "By how much?" if slots.get("by") else "To how long?"
        return Answer(ask, question=Question("seconds", slots, "The timer stays as it is."))
    with turn.memory.change() as data:
        chosen = _chosen(data["timers"], slots, turn)
        if len(chosen) != 1:
            return _which(turn, slots, data["timers"], chosen)
        timer = chosen[0]
        seconds = timer["seconds"] + slots["by"] * slots["seconds"] if slots.get("by") else slots["seconds"]
        if problem := _unfit(seconds):
            return Answer(problem, context={}, about=(timer["id"],))
        if round(seconds) == timer["seconds"]:
            return Answer(f"The {called(timer)} is that long already.", context={}, about=(timer["id"],))
        passed = (turn.now - datetime.fromisoformat(timer["started"])).total_seconds()
        if seconds <= passed:  # "make it 5" after seven minutes: five from now
            timer["started"] = turn.now.isoformat()
        timer["seconds"] = round(seconds)
    left = durations.spoken(_left(timer, turn))
    line = f"{_named(timer)}: {durations.spoken(timer['seconds'])} now"
    text = f"{line}." if passed == 0 else f"{line}, {left} left."
    return Answer(text, ("timer.change",), {}, about=(timer["id"],))


def _rename(turn: Turn, slots: dict) -> Answer:
    with turn.memory.change() as data:
        chosen = _chosen(data["timers"], slots, turn)
        if len(chosen) != 1:
            return _which(turn, slots, data["timers"], chosen)
        timer, before = chosen[0], called(chosen[0])
        if timer["name"] == slots["new"]:
            return Answer(f"The {before} is called that already.", context={}, about=(timer["id"],))
        timer["name"] = slots["new"]
    return Answer(f"The {before} is the {slots['new']} timer now.", ("timer.change",), {}, about=(timer["id"],))


def _cancel(turn: Turn, slots: dict) -> Answer:
    with turn.memory.change() as data:
        running = data["timers"]
        chosen = _chosen(running, slots, turn)
        if not chosen or (len(chosen) > 1 and not slots.get("all")):
            return _which(turn, slots, running, chosen)
        names = "; ".join(called(timer) for timer in chosen)
        if len(chosen) > 1 and not slots.get("sure"):
            what = f"{len(chosen)} timers: {names}" if len(chosen) < len(running) else f"all {len(chosen)} timers"
            return Answer(f"Cancel {what}?", question=Question("sure", slots, "All timers run on."))
        data["timers"] = [timer for timer in running if timer not in chosen]
    gone = f"the {names}" if len(chosen) == 1 else names if data["timers"] else "all timers"
    others = f" {ONLY_ONE}" if slots.get("others") and not slots.get("all") else ""
    return Answer(f"Cancelled: {gone}.{others}", ("timer.cancel",), {}, about=_ids(chosen))


def _list(turn: Turn, slots: dict) -> Answer:
    running = turn.memory.read()["timers"]
    if not running:
        return Answer("No timer is running.", context={})
    named = _chosen(running, {slot: each for slot, each in slots.items() if slot in ("name", "meant")}, turn)
    lacking = "" if named else f"There is no {slots['name']} timer. " if "name" in slots else "That one is over. "
    listed = named or running
    text = f"{lacking}Your {'; '.join(_with_left(timer, turn) for timer in listed)}."
    return Answer(text, ("timer.list",), {}, about=() if lacking else _ids(listed))


def _chosen(running: list[dict], slots: dict, turn: Turn) -> list[dict]:
    """The timers that are meant: by name, by length, those referred to, else all; of those by time left."""
    for test in (
        lambda timer: slots.get("name") and timer["name"] == slots["name"],
        lambda timer: timer["seconds"] == slots.get("length"),
        lambda timer: timer["id"] in slots.get("meant", ()),
    ):
        if found := [timer for timer in running if test(timer)]:
            break
    else:
        found = [] if {"name", "length", "meant"} & slots.keys() else running
    if "left" in slots:
        found = [timer for timer in found if abs(_left(timer, turn) - slots["left"]) < 60]
    if "spared" not in slots:
        return found
    spared = _spared(running, slots["spared"])
    return [timer for timer in found if timer not in spared] if spared else []


def _spared(running: list[dict], words: str) -> list[dict]:
    """The timers that are to run on, by the words for them: their names, lengths, or position."""
    said, lengths = set(re.findall(r"\w+", words.lower())), [each.seconds for each in durations.find_all(digits(words))]
    found = [timer for timer in running if timer["name"] in said or timer["seconds"] in lengths]
    position = references.position(words)
    return found if found or position is None else running[position:][:1]


def _which(turn: Turn, slots: dict, running: list[dict], chosen: list[dict]) -> Answer:
    if not running:
        return Answer("No timer is running, so there is none to touch.", context={})
    if not chosen:
        return Answer(f"There is no such timer. Running: {'; '.join(map(called, running))}.", context={}, about=())
    names = [called(timer) for timer in chosen]
    if len(set(names)) < len(names):  # the same in words: their order and their ends tell them apart
        positions = (*references.ORDINALS, *[""] * MOST)
        names = [
            f"{position} {_with_left(timer, turn)}".strip() for position, timer in zip(positions, chosen, strict=False)
        ]
    question = Question("which", slots, "All timers run on as they were.")
    return Answer(f"Which one? {'; '.join(names)}.", question=question, about=_ids(chosen))


def _ids(chosen: list[dict]) -> tuple[int, ...]:
    return tuple(timer["id"] for timer in chosen)


def _left(timer: dict, turn: Turn) -> float:
    return (ends(timer) - turn.now).total_seconds()


def _with_left(timer: dict, turn: Turn) -> str:
    return f"{called(timer)}, {durations.spoken(_left(timer, turn))} left"


def _unfit(seconds: float) -> str | None:
    if seconds < 1:
        return "That is over before I can count. For how long?"
    if seconds > MOST_SECONDS:
        return "That is too long for a timer, a week at most; a reminder could do it. For how long?"
    return None


def _only_duration(turn: Turn) -> bool:
    found = durations.read(turn.text)
    return found is not None and not found[1].strip(" .!?")


def _action(turn: Turn, rest: str, timed: bool) -> str:
    """What is to be done. `rest`: the text without its duration; `timed`: whether it has one."""
    if re.search(_CANCEL, rest.split("timer")[0]) or re.search(r"\btimers? off\b", rest):
        return "cancel"
    if re.search(r"\b(?:pause|resume)\b", rest):
        return "pause"
    if re.search(_CHANGE, rest) and not re.search(r"\badd (?:an?|another|one)\b", rest):
        return "change"
    if re.search(_LIST, rest) and not timed and not re.search(r"\b(?:set|start|create)\b", rest):
        return "list"
    return "set"


def _unit(turn: Turn) -> int:
    """The seconds that a lone number counts in: the unit of the timer that it changes, else minutes."""
    seconds = turn.meant[0]["seconds"] if len(turn.meant) == 1 else 60
    return 3600 if seconds >= 3600 and seconds % 3600 == 0 else 60 if seconds >= 60 else 1


def _named(timer: dict) -> str:
    return f"{timer['name']} timer".strip().capitalize()


def _name(low: str) -> str | None:
    """What a timer is for; not a number, nor a unit of time."""
    for pattern in _NAMES:
        for match in re.finditer(pattern, low):
            name = match["name"]
            if name not in _NO_NAME and not name.startswith(("sec", "min", "hour", "day", "week")):
                return name
    return None


_FOLLOW_UP = r"add|extend|shorten|subtract|reduce|take \d|how (?:much|long)\b.*\b(?:left|remain\w*)"
SKILLS = {"timer": Skill(read_timer, use_timer, follow_up=_FOLLOW_UP)}
