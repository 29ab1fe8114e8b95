"""Reminders: add, change, remove, list; each a text and a time of day, or so many hours from now."""

import difflib
import re
from datetime import datetime

from . import dates, phrases, time_words
from .alarms import REPEATED, at_time, ids, with_left
from .clock import is_over, later, seconds_since, store, stored, wall
from .memory import new_id
from .timers import ONLY_ONE, ONLY_OPEN
from .turn import Answer, Question, Skill, Turn, sentence

MOST = 200
_LEAD = re.compile(
    r"^.*?\b(?:remind me|(?:don'?t|do not) (?:let me )?forget(?: to remind me)?|reminders?|"
    r"i (?:need|have|want) to (?:remember|be reminded)|"
    r"remember|notify me|alert me|tell me)\b(?: (?:set|up|alarm|later))*[ ,:]*(?:for me (?=to|about|of))?"
    r"(?:so (?:that )?i don'?t forget )?",
    re.IGNORECASE,
)
_TO = re.compile(r"^(?:(?:to|that|about|of|for(?! \d)|saying|which says|i (?:have|need) to|and|,)\b ?)+", re.IGNORECASE)
_NO_TEXT = re.compile(
    r"^(?:(?:me|for|to|do|of|about)? ?(?:something|myself|me|a thing|it|that|this|one|please|later|soon)?)$", re.I
)
_REMOVE = (
    r"\b(?:delete|remove|cancel|clear|erase|get rid of|drop|scrap|stop|(?<!n't )(?<!dont )(?<!to )forget)\b"
    r"(?!.{0,8}\bto (?:delete|remove|cancel))|"
    r"(?:\bi )?\b(?:no longer|don'?t|do not) (?:need|want)\b(?! to forget)(?: to be reminded)?"
)
_CHANGE = r"\b(?:change|move|reschedule|update|postpone|push|edit)\b"
_CHANGED = re.compile(r"^(?P<verb>change|move|rename) it to ", re.IGNORECASE)
_LIST = (
    r"\b(?:what|which|list|show|read|check|any|do i have|are there|tell me|see|hear|repeat|recall|recite|give me|"
    r"review)\b"
)
_ASKS = re.compile(r"(?:what|which|is|are|do i|when|how many|show|list|read|tell me)\b.*\breminders?\b")
_ELSEWHERE = re.compile(
    r"\b(?:when(?:ever)? (?:i|we|it|he|she|they)|next time|as soon as|once i|if it)\b", re.IGNORECASE
)
_SMALL = {"the", "my", "a", "to", "one", "reminder", "about", "for", "at"}
_YOURS = {
    "my": "your", "me": "you", "i": "you", "i'm": "you're", "i've": "you've", "i'll": "you'll", "myself": "yourself",
    "mine": "yours", "i am": "you are", "am i": "are you", "our": "your", "us": "you", "we": "you",
}  # fmt: skip


def read_reminder(turn: Turn) -> dict:
    """{"action": add, change, remove or list; "text", "at": datetime, "all"} as far as they are there."""
    if turn.requested in ("text", "at") and _ASKS.match(turn.low):
        return {}
    if turn.requested == "text":
        return _timed(turn, turn.text)
    action = _action(turn)
    if turn.requested == "at":
        lead = _LEAD.match(turn.text)
        found = _timed(turn, _LEAD.sub("", turn.text, count=1))
        another = lead and found.get("text") and found.get("at")  # "remind me to buy milk at 9"
        return {slot: each for slot, each in found.items() if slot == "at" or another}
    if turn.requested == "which":
        return {} if re.search(_REMOVE, turn.low) else {"which": "" if turn.meant else turn.text}
    if turn.following:
        return _read_follow_up(turn, action)
    if action == "list":
        return {"action": "list"}
    if action in ("remove", "change"):  # "the dentist reminder", "the reminder about the dentist"
        named = re.sub(rf"{_REMOVE}|{_CHANGE}|\b(?:my|the|all|reminders?)\b", " ", turn.text, flags=re.IGNORECASE)
        return {"action": action, "all": bool(re.search(r"\breminders\b", turn.low))} | _which_one(turn, action, named)
    lead = _LEAD.match(turn.text)
    before = dates.moment(lead[0], turn.now) if lead else None  # "tomorrow at nine, remind me to ..."
    slots = {"at": before.at} if before else {}
    return slots | _timed(turn, _LEAD.sub("", turn.text, count=1)) | {"action": action}


def _read_follow_up(turn: Turn, action: str) -> dict:
    """The slots of a line about reminders that were just talked about; {} if it is about something else."""
    if not turn.meant:
        return {}
    if turn.text in (phrases.WHEN_IT, phrases.LEFT_ON_IT):
        return {"action": "list", "left": turn.text == phrases.LEFT_ON_IT}
    if action == "remove" or turn.text == phrases.DONE_WITH_IT:
        return {"action": "remove"}
    if len(turn.meant) == 1 and (seconds := dates.shift(turn.text)) is not None:
        return {"action": "change", "at": later(stored(turn.meant[0], turn.now), seconds)}
    new = _CHANGED.match(turn.text)
    text = turn.text[new.end() :] if new else turn.text
    at = {slot: each for slot, each in _timed(turn, text).items() if slot == "at"}
    if at:
        return at | {"action": "add" if phrases.ANOTHER.search(turn.low) else "change"}
    return {"action": "rename", "text": text} if new and new["verb"].lower() != "move" else {}


def use_reminder(turn: Turn, slots: dict) -> Answer:
    """Do what the slots ask for. Raises BadInput where the file can't be used."""
    acts = {"add": _add, "change": _change, "rename": _rename, "remove": _remove, "list": _list}
    return acts[slots["action"]](turn, slots)


def ring(data: dict, now: datetime) -> list[str]:
    """Take reminders that are due out of `data`; a line for each."""
    due = [each for each in data["reminders"] if is_over(stored(each, now), now)]
    data["reminders"] = [each for each in data["reminders"] if each not in due]
    lines = []
    for each in due:
        at = stored(each, now)
        late = f" (it was for {dates.named(at, now)})" if seconds_since(at, now) >= 120 else ""
        lines.append(f"Reminder: {yours(each['text'])}{late}.")
    return lines


def yours(text: str) -> str:
    """What the user said, as the assistant says it: "call my mother" -> "call your mother"."""
    words = r"\b(?:i am|am i)\b|[A-Za-z']+"
    return re.sub(words, lambda match: _YOURS.get(match[0].lower(), match[0]), text, flags=re.IGNORECASE)


def _add(turn: Turn, slots: dict) -> Answer:
    nothing = "No reminder is set yet."
    if REPEATED.search(turn.text) and not turn.requested:
        rest = {slot: each for slot, each in slots.items() if slot != "at"}
        return Answer("I can't do reminders that come back, only single ones. When shall the next one be?",
                      question=Question("at", rest, nothing))  # fmt: skip
    if "text" not in slots:
        return Answer("What shall I remind you of?", question=Question("text", slots, nothing))
    if "at" not in slots:
        why = f"I can't tell when that is: {slots['unread']}. " if "unread" in slots else ""
        if _ELSEWHERE.search(turn.text) and not turn.requested:
            why = "I can't notice that, I only know the clock. "
        return Answer(f"{why}When shall I remind you?", question=Question("at", slots, nothing))
    if is_over(slots["at"], turn.now):
        rest = {slot: each for slot, each in slots.items() if slot != "at"}
        over = dates.spoken(slots["at"], turn.now)
        return Answer(f"{sentence(over)} is over. When instead?", question=Question("at", rest, nothing))
    with turn.memory.change() as data:
        if len(data["reminders"]) >= MOST:
            return Answer(f"There are {MOST} reminders already. I have to draw a line somewhere.")
        entry = {"id": new_id(data), "text": slots["text"]}
        store(entry, slots["at"])
        data["reminders"].append(entry)
    when = dates.named(slots["at"], turn.now)
    lines = (f"Reminder for {when}: {yours(slots['text'])}.", f"{sentence(when)}, then: {yours(slots['text'])}.")
    others = f" {ONLY_ONE}" if slots.get("others") else ""
    return Answer(
        turn.voice.pick(lines) + others + turn.voice.once(ONLY_OPEN), ("reminder.add",), {}, about=(entry["id"],)
    )


def _change(turn: Turn, slots: dict) -> Answer:
    stays = "The reminder stays as it is."
    if "at" not in slots:
        return Answer("To when?", question=Question("at", slots, stays))
    if is_over(slots["at"], turn.now):
        rest = {slot: each for slot, each in slots.items() if slot != "at"}
        over = dates.spoken(slots["at"], turn.now)
        return Answer(f"{sentence(over)} is over. When instead?", question=Question("at", rest, stays))
    with turn.memory.change() as data:
        chosen = _chosen(data["reminders"], slots)
        if len(chosen) != 1:
            return _which(turn, slots, data["reminders"], chosen)
        if stored(chosen[0], turn.now) == slots["at"]:
            return Answer("It is for that time already.", context={}, about=ids(chosen))
        store(chosen[0], slots["at"])
    when = dates.named(slots["at"], turn.now)
    text = f"The reminder is for {when} now: {yours(chosen[0]['text'])}."
    return Answer(text, ("reminder.change",), {}, about=ids(chosen))


def _rename(turn: Turn, slots: dict) -> Answer:
    with turn.memory.change() as data:
        chosen = [each for each in data["reminders"] if each["id"] in slots["meant"]]
        if len(chosen) != 1:
            return _which(turn, slots, data["reminders"], chosen)
        if chosen[0]["text"] == slots["text"]:
            return Answer("It says that already.", context={}, about=ids(chosen))
        chosen[0]["text"] = slots["text"]
    when = dates.named(stored(chosen[0], turn.now), turn.now)
    return Answer(
        f"The reminder for {when} is now: {yours(slots['text'])}.", ("reminder.change",), {}, about=ids(chosen)
    )


def _remove(turn: Turn, slots: dict) -> Answer:
    with turn.memory.change() as data:
        entries = data["reminders"]
        everything = slots.get("all") and not {"text", "old", "on"} & set(slots)
        chosen = _chosen(entries, slots)
        if len(chosen) != 1 and not (everything and chosen):
            return _which(turn, slots, entries, chosen)
        texts = "; ".join(yours(each["text"]) for each in chosen)
        if everything and not slots.get("sure"):
            count = f"the one reminder ({texts})" if len(chosen) == 1 else f"{len(chosen)} reminders: {texts}"
            count = f"all {len(chosen)} reminders" if len(chosen) == len(entries) > 1 else count
            return Answer(f"Delete {count}?", question=Question("sure", slots, "The reminders stay."))
        data["reminders"] = [each for each in entries if each not in chosen]
    gone = "all reminders" if len(chosen) == len(entries) > 1 else f"the reminder{'s' * (len(chosen) > 1)}: {texts}"
    return Answer(f"Deleted {gone}.", ("reminder.remove",), {}, about=ids(chosen))


def _list(turn: Turn, slots: dict) -> Answer:
    entries = sorted(turn.memory.read()["reminders"], key=lambda each: each["at"])
    if not entries:
        return Answer("You have no reminders.", ("reminder.list",), {})
    listed = [each for each in entries if each["id"] in slots["meant"]] if "meant" in slots else entries
    if not listed:
        return _which(turn, slots, entries, listed)
    spoken = with_left if slots.get("left") else dates.spoken
    lines = [f"{yours(each['text'])}, {spoken(stored(each, turn.now), turn.now)}" for each in listed]
    return Answer(f"Your reminders: {'; '.join(lines)}.", ("reminder.list",), {}, about=ids(listed))


def _chosen(entries: list[dict], slots: dict) -> list[dict]:
    """The reminders that are meant: by their words and their time, those referred to, else all."""
    wanted = slots.get("which") or slots.get("text")
    if wanted and (whole := _with_words(entries, slots.get("whole", ""))):  # "about my 3 pm meeting"
        return whole
    timed = at_time(entries, slots["old"]) if "old" in slots else entries
    if "on" in slots:
        timed = [each for each in entries if datetime.fromisoformat(each["at"]).date() == slots["on"]]
    if wanted:
        texts = {each["text"].lower(): each for each in timed}
        near = difflib.get_close_matches(wanted.lower(), texts, n=1, cutoff=0.6)
        return _with_words(timed, wanted) or [texts[name] for name in near]
    return [each for each in timed if each["id"] in slots["meant"]] if "meant" in slots else timed


def _with_words(entries: list[dict], text: str) -> list[dict]:
    """The reminders that have all words of a text that matter."""
    words = set(re.findall(r"\w+", text.lower())) - _SMALL
    return [each for each in entries if words and words <= set(re.findall(r"\w+", each["text"].lower()))]


def _which(turn: Turn, slots: dict, entries: list[dict], chosen: list[dict]) -> Answer:
    if not entries:
        return Answer("You have no reminders.", context={})
    names = "; ".join(yours(each["text"]) for each in entries)
    if not chosen:
        return Answer(f"There is no such reminder. You have: {names}.", context={}, about=())
    question = Question("which", slots, "The reminders stay as they are.")
    return Answer(f"Which one? {names}.", question=question, about=ids(entries))


def _action(turn: Turn) -> str:
    if re.search(
        r"\b(?:tell|alert) me (?:later )?(?:to|in|at|on|about|that)\b|"
        r"\bremind me (?:later )?(?!what|which|who|where|how|why|of\b|again|please|later|about my reminders|"
        r"when (?:is|are|was|my|the)\b)\w|"
        r"\b(?:don'?t|do not) (?:let me )?forget\b",
        turn.low,
    ):
        return "add"
    head = turn.low.split("reminder")[0] if "reminder" in turn.low else turn.low  # verbs after it are what to do then
    if re.search(_REMOVE, head):
        return "remove"
    if re.search(_CHANGE, head):
        return "change"
    if re.search(r"\b(?:set|create|make|add|an?|new|another)\b", head):
        return "add"
    return "list" if turn.understanding.intent == "reminder" or re.search(_LIST, turn.low) else "add"


def _which_one(turn: Turn, action: str, named: str) -> dict:
    """Of a reminder that is to be removed or changed its text, its time "old" or day "on", and the new time "at"."""
    slots, named = {}, " ".join(named.split())
    if action == "change":
        halves = [(named[: each.start()], named[each.end() :]) for each in re.finditer(r" to |^to ", named)]
        new = next((half for half in halves if _timed(turn, half[1]).keys() == {"at"}), None)
        if new is None:
            return _timed(turn, named)
        slots, named = _timed(turn, new[1]), new[0]
    found = dates.moment(named, turn.now)
    if found:
        slots |= {"old": found.at} if found.has_clock else {"on": found.at.date()}
    said = _timed(turn, named)
    return slots | {"whole": named} | ({"text": said["text"]} if "text" in said else {})


def _timed(turn: Turn, text: str) -> dict:
    """The time in a text, "at", words of a time that cannot be read, "unread", and what else it says, "text".

    "Remind me of it" is about the last request that could not be done.
    """
    old = datetime.fromisoformat(turn.meant[0]["at"]) if turn.following and turn.meant else None
    found = dates.moment(text, turn.now, like=old)
    other = _other_time(turn, found) if found else None
    if found and not other and re.match(r"(?:and|or)\b", found.rest) and time_words.set_apart(found.rest)[1]:
        found = None  # "on the 2nd and 3rd"
    # "today" alone is no time.
    slots = {"at": found.at} if found and (found.has_clock or found.at.date() > turn.wall.date()) else {}
    unread = ""
    if found:
        rest = found.rest
    elif turn.requested == "text" and "at" in turn.context:
        rest = text  # the time is known, so all of this is what to do
    else:
        rest, unread = time_words.set_apart(text)
    if unread:
        slots["unread"] = unread
    if found and other:
        slots |= {"at": min(found.at, other.at, key=wall), "others": True}
        rest = other.rest
    rest = _TO.sub("", rest.strip(" ,.!?")).strip(" ,.!?")
    rest = re.sub(r"(?:,? please)?(?: (?:at|on|by|for))?$", "", rest, flags=re.IGNORECASE)
    it = r"(?:(?:to|do|of|about) )*(?:it|that|this)(?: then| later)?"
    alone = re.fullmatch(
        r"(?:yes|ok|okay|sure|then|so|please|[ ,])*remind me(?: then| later)?\W*", turn.text, re.IGNORECASE
    )
    if turn.declined and (alone or re.fullmatch(it, rest, re.IGNORECASE)):
        slots["text"] = turn.declined
    elif rest and not _NO_TEXT.match(rest):
        slots["text"] = rest
    return slots


def _other_time(turn: Turn, found: dates.Moment) -> dates.Moment | None:
    """A second time beside one that was found: "at 5 pm and 6 pm to drink water"."""
    rest, at = found.rest, found.at
    if first := re.fullmatch(r"(?:and|or) (.+)", rest):
        other = dates.moment(first[1], turn.now, like=at)
        return other if other and other.has_clock and first[1].endswith(other.rest) else None
    last = re.fullmatch(r"(.+) (?:and|or)", rest)
    other = dates.moment(last[1], turn.now, like=at) if last else None
    return other if other and other.has_clock and last[1].startswith(other.rest) else None


SKILLS = {"reminder": Skill(read_reminder, use_reminder)}
