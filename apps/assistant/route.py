"""Which skill a line is for: certain words first, then the classifier.

CLINC150 has no intent for "cancel the timer" or "what timers are running". So where a line names a timer, an alarm, a
reminder or a list, the words count, unless the classifier is sure of something else.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from . import alarms, arithmetic, days, jokes, limits, lists, personal, phrases, reminders, skills, timers, units, words
from .turn import Skill, Turn, Understanding

SKILLS: dict[str, Skill] = (
    skills.SKILLS | words.SKILLS | jokes.SKILLS | personal.SKILLS | timers.SKILLS | alarms.SKILLS
    | reminders.SKILLS | lists.SKILLS
)  # fmt: skip
INTENTS = {
    "time": "time", "timezone": "timezone", "date": "date", "calculator": "calculate",
    "measurement_conversion": "convert", "flip_coin": "coin", "roll_dice": "dice", "spelling": "spell",
    "translate": "translate", "tell_joke": "joke", "fun_fact": "fact", "timer": "timer", "alarm": "alarm",
    "reminder": "reminder", "reminder_update": "reminder", "todo_list": "list", "todo_list_update": "list",
    "shopping_list": "list", "shopping_list_update": "list", "user_name": "user", "change_user_name": "call_user",
    "what_is_your_name": "self", "change_ai_name": "call_self", "reset_settings": "reset",
}  # fmt: skip

# Intents that lines about timers, alarms, reminders and lists are taken for.
NEAR = {
    "timer", "alarm", "reminder", "reminder_update", "todo_list", "todo_list_update", "shopping_list",
    "shopping_list_update", "cancel", "cancel_reservation", "time", "calendar", "calendar_update", "repeat",
    "cook_time", "order", "order_status", "next_song", "meeting_schedule", "update_playlist", "change_language",
    "ingredient_substitution",
}  # fmt: skip
_VERB = (
    r"(?:set|start|create|make|add|put|give me|i need|i want|i'd like|delete|cancel|stop|remove|change|move|"
    r"clear|empty|"
    r"erase|wipe|take|cross|read|show|list|check|what(?:'s| is| are)?|how (?:much|long)|do i have|turn off|"
    r"extend|shorten)"
)
_STORED = {
    "reminder": r"remind me|reminders?",
    "timer": r"timers?",
    "alarm": r"wake me|alarms?",
    "list": "|".join(lists.NAMED.values()),
}
_UNTIL = re.compile(
    r"^how (?:many days|long|much time)(?: is it| are there| is there| do i have| left| are left| remain| to go)* "
    r"(?:un|')?(?:till?|to|before|since) (?P<date>.+?)\W*$",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"^(?:what|which) (?:week)?day(?: of the week)? (?:is|was|will|does|did) (?P<date>.+?)\W*$", re.IGNORECASE
)
# How a second request begins, also after words of the user's own, which may go on with an "and": "rock and roll".
_PLAIN = (
    r"(?:remind|set|start|wake|add|put|cancel|tell|spell|convert|translate|what|how|"
    r"(?:flip|toss|roll) (?:an?|the|some|two|three|\d+))\b"
)
# ... and after other requests.
_VERBS = (
    r"(?:stop|delete|remove|clear|change|make (?:it|that)|show|read|play|call(?! it)|text|send|book|order|find|turn)\b"
)
# A second request, or one more thing for the first one's verb: "set an alarm for 7 and a timer for 5 minutes".
_AND = re.compile(
    rf"(?:[.;?!]|,? (?:and|then|and then)) (?:then |also |please )*(?={_PLAIN}|{_VERBS})"
    r"(?!tell me (?:if|whether|when (?:it|that|they|the time|time))\b)"
    r"| and (?P<more>(?=(?:(?:an?|the|my|any|another) )?(?:[\w:'-]+ ){0,3}?"
    r"(?:timers?|alarms?|reminders?|date|time|day|joke|fact)\b))",
    re.IGNORECASE,
)
_LEADS = re.compile(rf"{_VERB}\b|tell me\b", re.IGNORECASE)
# What may be asked for in one line with a timer, an alarm, a reminder or something for a list ...
_AT_ONCE = {"time", "timezone", "date", "calculate", "convert", "coin", "dice", "spell", "translate", "joke", "fact"}
_CLOCK = {"time", "timezone", "date"}
_WORDS = {"spell", "translate"}  # ... but not after these, whose words may be anything
_BEYOND = "beyond"  # what no skill does
# After a reminder or a list, whose words may continue with "and tell him", only what is clearly said to the assistant.
_TO_ME = re.compile(r"(?:tell me|what|how|flip|toss|roll)\b", re.IGNORECASE)


def route(turn: Turn) -> str | None:
    """The name of the skill that a line is for; None for what no skill does."""
    return (
        certain(turn)
        or named(turn)
        or (INTENTS.get(turn.understanding.intent) if turn.understanding.in_scope else None)
    )


def certain(turn: Turn) -> str | None:
    """The skill of a line that is arithmetic, a conversion or a question about a date from first to last word."""
    text = phrases.POLITE.sub("", turn.text)
    try:
        if arithmetic.value(text) is not None:
            return "calculate"
    except arithmetic.Impossible:
        return "calculate"
    if units.read(text):
        return "convert"
    if match := re.match(r"remind me (?:what (?:the )?|of (?:the )?)(time|date|day)\b", text, re.IGNORECASE):
        return "time" if match[1].lower() == "time" else "date"
    if re.search(r"\bnumber (?:between|from) \S+ (?:and|to) ", text, re.IGNORECASE):
        return "dice"
    if re.match(r"my name(?:'s| is) (?!what\b)\w", text, re.IGNORECASE):
        return "call_user"
    if re.match(r"forget (?:my|your|our|all|both) names?\b", text, re.IGNORECASE):
        return "reset"
    for pattern in (_UNTIL, _WEEKDAY):
        match = pattern.match(text)
        found = match and days.day(match["date"], turn.wall.date())
        if found and len(found[1].split()) <= 2:
            return "date"
    return None


def named(turn: Turn) -> str | None:
    """The skill of a line that names a timer, an alarm, a reminder or a list."""
    text = phrases.POLITE.sub("", turn.text)
    for skill, names in _STORED.items():
        if re.match(rf"(?:{names})\b.{{3,}}|{_VERB}\b.*\b(?:{names})\b", text, re.IGNORECASE) and _is_own(text):
            return skill
    understood = turn.understanding
    if understood.in_scope and understood.intent not in NEAR:
        return None
    for skill, names in _STORED.items():
        if re.search(rf"\b(?:{names})\b", text, re.IGNORECASE) and (understood.in_scope or _asks(skill, turn)):
            return skill
    return None


def parts(turn: Turn, understand: Callable[[str], Understanding]) -> list[Turn | None]:
    """The two requests of a line such as "set a timer for ten minutes and remind me to call at five"; else the line.

    None for a second one that is unclear. understand: the intent of a part of the line by itself.
    """
    for match in _AND.finditer(turn.text):
        before, after, more = turn.text[: match.start()], turn.text[match.end() :], match["more"] is not None
        lead = _LEADS.match(phrases.POLITE.sub("", before)) if more else None
        first, second = (
            replace(turn, text=text, understanding=understand(text))
            for text in (before, f"{lead[0]} {after}" if lead else after)
        )
        name = named(first) or _among(_AT_ONCE - _WORDS, first) or _beyond(first)
        if name is None or (_is_open(name, first) and not re.match(_PLAIN, after, re.IGNORECASE)):
            continue
        if name == "reminder" and not _is_whole(name, first):
            continue  # "remind me to lock up and set the alarm at 10"
        if _is_second(second, name, first, more):
            return [first, second]
        if name in ("timer", "alarm") and not more and _is_whole(name, first):
            return [first, None]
    return [turn]


def _is_second(turn: Turn, name: str, first: Turn, more: bool) -> bool:
    """Whether a part of a line is a request of its own after the first one, which is for the skill `name`."""
    if name in ("timer", "alarm") and (phrases.UNDO.match(turn.text) or phrases.AND.match(turn.text)):
        return True  # "and cancel it"
    then = named(turn)
    if more:
        then = then or (_among(_AT_ONCE, turn) if name in _CLOCK else None)
        return then is not None and (then != name or name in ("timer", "alarm"))
    if then is None and (not _is_open(name, first) or _TO_ME.match(turn.text)):
        of_first = phrases.IT.search(turn.text) and not re.search(r"\b(?:time|day|date)\b", turn.low)  # "what's on it"
        then = None if of_first else _among(_AT_ONCE, turn) or _beyond(turn)
    if then == name:  # two things to be reminded of, or for a list, may be one in the user's words
        return name not in ("reminder", "list", _BEYOND) or turn.low.startswith("remind me")
    return then is not None


def _is_whole(name: str, turn: Turn) -> bool:
    """Whether a timer, an alarm or a reminder that is asked for has its time."""
    slots = SKILLS[name].read(turn)
    return slots.get("action") not in ("set", "add") or bool({"seconds", "at"} & slots.keys())


def _is_open(name: str, turn: Turn) -> bool:
    """Whether a request's words may continue after an "and": a new reminder's, those for a list named before them."""
    if name == "reminder":
        return SKILLS[name].read(turn).get("action") == "add"
    return name == "list" and not re.search(rf"\b(?:{_STORED['list']})\W*$", turn.text, re.IGNORECASE)


def _beyond(turn: Turn) -> str | None:
    understood = turn.understanding
    return (
        _BEYOND if understood.in_scope and understood.intent in limits.LIMITS and understood.confidence >= 0.8 else None
    )


def _among(skills_: set[str], turn: Turn) -> str | None:
    name = route(turn)
    return name if name in skills_ else None


def _asks(skill: str, turn: Turn) -> bool:
    """Whether a line without a sure intent asks for more than "timer" or "alarm" as a word."""
    slots = SKILLS[skill].read(turn)
    return (
        skill in ("list", "reminder")
        or slots.get("action") not in (None, "set")
        or bool({"seconds", "at"} & set(slots))
    )


def _is_own(text: str) -> bool:
    """Not a word to be spelt, translated or explained, nor another's calendar."""
    return not re.search(
        r"\b(?:spell|translate|mean|definition|calendar|car alarm|smoke alarm|fire alarm)\b", text, re.IGNORECASE
    )
