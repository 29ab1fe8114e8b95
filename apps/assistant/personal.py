"""Names, the user's and the assistant's own, and forgetting them again."""

import re

from .turn import Answer, Question, Skill, Turn

LONGEST = 40
_USER = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:call|name|address|refer to|think of|speak to) me (?:as |by )?(?P<name>.+)$",
        r"\bcalling me (?P<name>.+)$",
        r"\bmy name(?:'?s| is| to| should be| as)(?: now)? (?P<name>.+)$",
        r"\bmy name (?:changed )?to (?P<name>.+)$",
        r"\bi(?:'m| am| go by| want to be called| prefer to be called| prefer to be| prefer)(?: called)? (?P<name>.+)$",
        r"^(?P<name>[^\W\d_]+) is my name\b",
    )
]
_OWN = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:call|calling|name|rename) you (?:to |as )?(?P<name>.+)$",
        r"\b(?:rename|call) yourself (?:to |as )?(?P<name>.+)$",
        r"\byour (?:new )?name(?: changed)?(?: to be| to| is| as|,)?(?: now)? (?P<name>.+)$",
        r"\b(?:respond|answer|listen|reply)(?:ing)? to (?:the name )?(?P<name>.+)$",
    )
]
# What follows a name, and what is no name.
_AFTER = re.compile(
    r"(?:\s*,|(?<!\bdr)(?<!\bmr)(?<!\bms)(?<!\bst)(?<!\bmrs)(?<!\bprof)\s*[.!?]|"
    r"\s+(?:please|from|instead|now|for|and|when|ok|okay|as|in|here|on|if|because|rather|not)\b).*$",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"^(?:(?:by|to|as) )?(?:an?|the|my|your|something|someone|it|that|this|different|another|what|else|name|new|not|so|"
    r"be|going|very|tired|hungry|sorry|here|back|later|you|me|him|her|them|please)\b",
    re.IGNORECASE,
)


def read_user(turn: Turn) -> dict:
    return _read(turn, _USER)


def name_user(turn: Turn, slots: dict) -> Answer:
    """Raises BadInput where the file can't be used."""
    if "name" not in slots:
        return Answer("What shall I call you?", question=Question("name", {}))
    with turn.memory.change() as data:
        if data["names"].get("user") == slots["name"]:
            return Answer(f"You are {slots['name']} already.")
        data["names"]["user"] = slots["name"]
    lines = (f"{slots['name']} it is.", f"Pleased to meet you, {slots['name']}.")
    return Answer(turn.voice.pick(lines), ("name.set",), {})


def tell_user(turn: Turn, slots: dict) -> Answer:
    """Raises BadInput where the file can't be used."""
    name = turn.memory.read()["names"].get("user")
    if name is None:
        return Answer('I don\'t know your name. "Call me ..." would change that.')
    return Answer(
        turn.voice.pick((f"You are {name}, or so you told me.", f"{name}. I wrote it down.")), ("name.tell",), {}
    )


def read_own(turn: Turn) -> dict:
    return _read(turn, _OWN)


def name_self(turn: Turn, slots: dict) -> Answer:
    """Raises BadInput where the file can't be used."""
    if "name" not in slots:
        return Answer("What will you call me?", question=Question("name", {}))
    with turn.memory.change() as data:
        if data["names"].get("own") == slots["name"]:
            return Answer(f"{slots['name']} is what I am called already.")
        data["names"]["own"] = slots["name"]
    lines = (f"{slots['name']}. I have been called worse.", f"Very well, I answer to {slots['name']} now.")
    return Answer(turn.voice.pick(lines), ("nickname.set",), {})


def tell_self(turn: Turn, slots: dict) -> Answer:
    """Raises BadInput where the file can't be used."""
    name = turn.memory.read()["names"].get("own")
    if name:
        return Answer(turn.voice.pick((f"{name}, since you said so.", f"I go by {name}.")), ("name.tell",), {})
    lines = (
        "I am the assistant. Nobody thought of a better name, but you may.",
        "Just assistant. Names are for those with a birth certificate.",
    )
    return Answer(turn.voice.pick(lines), context={})


def read_reset(turn: Turn) -> dict:
    return {}


def reset(turn: Turn, slots: dict) -> Answer:
    """Raises BadInput where the file can't be used."""
    if not turn.memory.read()["names"]:
        return Answer("All my settings are two names, yours and mine, and neither is set. So I am as good as new.")
    if not slots.get("sure"):
        return Answer(
            "My settings are your name and mine. Forget them?", question=Question("sure", {}, "The names stay.")
        )
    with turn.memory.change() as data:
        data["names"] = {}
    return Answer("Forgotten: both names. Lists, reminders and timers are as they were.", ("settings.reset",))


def _read(turn: Turn, patterns) -> dict:
    """{"name": str} of one to three words; {} for none."""
    for match in filter(None, (pattern.search(turn.text) for pattern in patterns)):
        name = _AFTER.sub("", match["name"]).strip(" '\"")
        if _fits(name):
            return {"name": _capital(name)}
    alone = turn.text.strip(" .!?'\"")
    return {"name": _capital(alone)} if turn.requested == "name" and _fits(alone) else {}


def _fits(name: str) -> bool:
    letters = re.fullmatch(r"[^\W\d_][\w' .-]*", name)
    return bool(letters) and len(name) <= LONGEST and len(name.split()) <= 3 and not _NO_NAME.match(name)


def _capital(name: str) -> str:
    """A name as it was typed, with a capital where all of it was in small letters."""
    return " ".join(word.capitalize() for word in name.split()) if name.islower() else name


SKILLS = {
    "user": Skill(read_reset, tell_user),
    "call_user": Skill(read_user, name_user),
    "self": Skill(read_reset, tell_self),
    "call_self": Skill(read_own, name_self),
    "reset": Skill(read_reset, reset),
}
