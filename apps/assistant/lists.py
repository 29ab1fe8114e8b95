"""The to-do list and the shopping list: add, read, remove, clear."""

import difflib
import re
from dataclasses import replace

from . import phrases
from .talk import MORE
from .turn import Answer, Question, Skill, Turn

MOST_ITEMS = 500
TITLES = {"todo": "to-do list", "shopping": "shopping list"}
NAMED = {
    "shopping": r"(?:to do )?(?:shopping|grocery|groceries|market) (?:list|lisr)s?|lists? (?:for shopping|of "
    r"groceries)",
    "todo": r"to[ -]?do'?s?[ -]lists?|todo'?s?|to-dos?|(?:tasks?|chores?|agenda) lists?|"
    r"lists? of (?:things (?:i have )?to do|(?:pending |my )?(?:tasks|chores|todos))",
}
_ANY = rf"(?:{'|'.join(NAMED.values())}|lists?)"
_ITS = rf"(?:my |the |our |this |that |your |a )?(?:{_ANY})"
_ON = rf"(?:to|on|onto|in|into|down on|for) {_ITS}"
_OFF = rf"(?:from|off of|off|out of) {_ITS}"
ADD = r"(?:add|put|place|include|insert|write(?: down)?|note(?: down)?|append|jot(?: down)?|throw|tack(?: on)?|stick)"
REMOVE = (
    r"(?:remove|delete|take(?: off| away)?|cross(?: off| out)?|strike|scratch|get rid of|drop|erase|cancel|tick off)"
)
_CLEAR = (
    r"(?:clear(?: out)?|empty|erase|wipe(?: out| off)?|delete|blank out|remove|reset|scrap|get rid of|cancel|purge)"
)
_CHANGE = r"(?:change|rename|replace|swap|correct)"
_ADDED = r"(?:add|put|place|include|note(?: down)?|write(?: down)?|jot(?: down)?)"
_ALL = (
    r"(?:everything|all(?: of)?(?: (?:the|my))?(?: (?:items|entries|tasks|things))?|"
    r"the (?:items|entries|tasks|contents))"
)

_IF_NOT = r"\b(?:if|when) (?:i have ?n[o']t|it'?s not|it is ?n[o']t|they(?:'re| are) not|not|it isn't|they aren't)\b"
_PATTERNS = [
    (action, re.compile(pattern, re.IGNORECASE))
    for action, pattern in (
        ("clear", rf"\b{_CLEAR} (?:{_ALL} )?(?:(?:on|in|from|off|of) )?{_ITS}\W*(?:please)?\W*$"),
        ("clear", rf"\b(?:{_CLEAR}|take) {_ALL}(?: {_OFF}| off)?\W*(?:please)?\W*$"),
        ("move", rf"^move (?P<items>.+?)(?: {_OFF})? (?:to|onto|on) (?P<new>{_ITS})\W*$"),
        ("change", rf"^{_CHANGE} (?P<items>.+?)(?: (?:on|in) {_ITS})? "
                   rf"(?:to|with|for|by|into) (?P<new>.+?)(?: (?:on|in) {_ITS})?\W*$"),
        ("remove", rf"\b(?:tick|check) (?P<items>(?!off ).+?) {_OFF}\b"),
        ("remove", rf"\b(?:tick|check) off (?P<items>.+?)(?: (?:on|from) {_ITS})?\W*$"),
        ("remove", r"\b(?:(?:take|tick|check) (?=.+ off)|(?:cross|strike|scratch) )(?P<items>.+?) (?:off|out)"
                   r"(?: again| too| as well)?\W*(?:please)?\W*$"),
        ("read", r"^(?:can you |could you |please )*(?:what|which)\b"),
        ("add", rf"\b(?:do i have|is|are) (?P<items>.+?) (?:already )?(?:on|in) {_ITS},?.*{_IF_NOT}"),
        ("add", rf"\bif (?P<items>.+?) (?:is|are) (?:already )?(?:on|in) {_ITS},?.*{_IF_NOT}"),
        ("check", rf"\b(?:do i have|(?:did i|have i)(?: remember to| forget to)? {_ADDED}|is there|are there|is|are) "
                  rf"(?P<items>(?!not |it ).+?) (?:already )?(?:on|to|in) {_ITS}\b"),
        ("read", r"^(?:can you |could you |please )*(?:tell|read|show|list|check|let me know|go over|i need to "
                 r"know)\b"),
        ("add", rf"^{ADD} {_ON}[:,]? (?P<items>.+)$"),
        ("remove", rf"\b(?:on|from) {_ITS}[:,]? {REMOVE} (?P<items>.+)$"),
        ("add", rf"^(?P<items>.+?) (?:should|must|needs? to|has to) be (?:added|put) (?:on|to|onto) {_ITS}"),
        ("add", rf"\b(?:for|on|to) {_ITS}[:,]? {ADD} (?P<items>.+)$"),
        ("add", rf"\b{ADD} {_ON}: ?(?P<items>.+)$"),
        ("add", r"\b(?:(?:i'?m|i am|we'?re|we are) out of|i have no(?: more)?|don'?t have any(?: more)?) "
                r"(?P<items>.+?)(?:,| so| and| can| will|\W*$)"),
        ("add", rf"\bmake sure (?:that )?(?P<items>.+?) (?:is|are|gets?)(?: added)? (?:on|to) {_ITS}"),
        ("add", rf"\b{ADD} (?P<items>.+?)(?:,? {_IF_NOT}.*)?,? {_ON}\b"),
        ("remove", rf"\b{REMOVE} (?P<items>.+?),? {_OFF}\b"),
        ("remove", rf"\b{REMOVE} {_OFF} (?P<items>.+)$"),
        ("remove", rf"\b(?:get|have) (?P<items>.+?) (?:removed|taken|deleted|crossed) {_OFF}\b"),
        ("remove", r"\bmark (?P<items>.+?) (?:as )?(?:done|finished|complete)"),
        ("remove", rf"\b(?:no longer|don'?t|do not) (?:need|want) (?!to |you )(?P<items>.+?)"
                   rf"(?:,.*| so .*| but .*| (?:on|in) {_ITS}.*| any ?more.*)?\W*$"),
        ("add", rf"\b(?:on|to) {_ITS},? i need (?P<items>.+?)(?: added)?\W*$"),
        ("add", rf"\b(?:need|want) (?!to |you )(?P<items>.+?) (?:(?:to be )?(?:put|added|placed) )?(?:on|to) {_ITS}"),
    )
]  # fmt: skip
# A second request after the first, or before it; or a second list.
_REST = re.compile(rf"\b(?:and|but)\b.{{0,25}}\b(?:{ADD}|{REMOVE}|need)\b|\band (?:.+ )?{_ITS}\b", re.IGNORECASE)
_FIRST = re.compile(rf"\b(?:{ADD}|{REMOVE}) .+ and $", re.IGNORECASE)
# Follow-ups, without the name of a list.
_FOLLOW_UPS = [
    (
        "add",
        re.compile(
            r"^(?:add|include) (?!to |on |in |.* (?:to|in|on) (?:my|the|our) )(?P<items>.+?)(?: (?:as well|too))?\W*$",
            re.I,
        ),
    ),
    ("remove", re.compile(rf"^{REMOVE} (?P<items>.+?)(?: again)?\W*$", re.IGNORECASE)),
]
_FILLER = re.compile(
    r"^(?:the (?:chore|task) of |a note to |also |in )|^(?:some|the|a|an) (?=\w+$)|^any ", re.IGNORECASE
)
_VAGUE = re.compile(
    r"(?:(?:an?|some|another|a few|new|one|more) )*(?:tasks?|items?|things?|something|stuff|chores?)(?: else)?$", re.I
)
_IS_READ = re.compile(
    r"\b(?:what|read|show|tell|list|recite|check|see|hear|repeat|give|anything|is there|left|have|look)\b", re.I
)


def named(text: str) -> str | None:
    """Which list a text names: "todo", "shopping" or none."""
    return next(
        (name for name, pattern in NAMED.items() if re.search(rf"\b(?:{pattern})\b", text, re.IGNORECASE)), None
    )


def read_list(turn: Turn) -> dict:
    """{"list", "action", "items": [str]}: action is add, remove, change, move, clear, check or read.

    "new" is what an item is changed to, or the list that it is moved to.
    """
    if turn.requested == "items" and turn.meant:  # "the second one"
        return {"items": list(turn.meant)}
    if turn.following and turn.text in (phrases.WHEN_IT, phrases.LEFT_ON_IT):  # an item has no time
        return {"list": turn.context["list"], "action": "read", "items": []}
    name = named(turn.text) or turn.context.get("list")
    if name is None:
        name = "shopping" if turn.understanding.intent.startswith("shopping") else "todo"
    text = re.sub(r"^is it possible (?:for you )?to ", "", turn.text, flags=re.IGNORECASE)
    unnamed = named(turn.text) is None and turn.understanding.intent.endswith("_update")  # "remove milk"
    for action, pattern in _PATTERNS + (_FOLLOW_UPS if turn.context.get("list") or unnamed else []):
        if match := pattern.search(text):
            items = []
            if "items" in pattern.groupindex:  # "add write a shopping list to my to-do list"
                name = named(text[match.end("items") : match.end()]) or named(text[: match.start("items")]) or name
                items = _items(match["items"], name)
            if action in ("add", "remove"):
                items = [item for item in items if not _VAGUE.match(item)]
            if items in (["it"], ["that"], ["them"], ["this"], ["those"]):
                items = list(turn.meant or filter(None, [turn.declined]))
            if unnamed and action == "remove":
                lists = turn.memory.read()["lists"]
                name = next((each for each in lists if any(_matches(item, lists[each]) for item in items)), name)
            if turn.requested == "items" and action in ("add", "remove"):
                return {"items": items} if items else {}
            if turn.requested == "items" and action == "clear":  # another request than the one that was asked about
                return {"list": name, "action": action}
            if action in ("change", "move"):
                new = named(match["new"]) if action == "move" else match["new"].strip(" '\"")
                return {"list": name, "action": action, "items": items, "new": new} if new else {}
            more = bool(_REST.search(text[match.end() :]) or _FIRST.search(text[: match.start()]))
            if not turn.requested:
                return {"list": name, "action": action, "items": items, "more": more}
    if turn.requested == "items":
        return {"items": _items(re.sub(r"^(?:yes|yeah|yep|no|nope)(?: please)?, ", "", turn.text, flags=re.I), name)}
    if turn.following:
        action = turn.context.get("action")
        if re.fullmatch(rf"{_ITS}\W*(?:please)?\W*", turn.low):  # "what about the to-do list?"
            asks = action == "check" and name != turn.context["list"]
            return {"list": name, "action": "check"} if asks else {"list": name, "action": "read", "items": []}
        also = turn.following == "and" or re.search(r" (?:too|as well)\W*$", turn.low)
        if also and action in ("add", "remove", "check") and len(turn.text.split()) <= 8:
            return {"list": name, "action": action, "items": _items(turn.text, name)}
        return {}
    action = "read"
    if turn.understanding.intent.endswith("_update") and not _IS_READ.search(turn.text):
        action = "remove" if re.search(rf"\b{REMOVE}\b", turn.low) else "add"
        if re.search(rf"\b{_CLEAR}\b", turn.low):
            action = "clear"
    return {"list": name, "action": action, "items": []}


def use_list(turn: Turn, slots: dict) -> Answer:
    """Do what the slots ask for. Raises BadInput where the file can't be used."""
    acts = {
        "add": _add,
        "remove": _remove,
        "change": _change,
        "move": _move,
        "clear": _clear,
        "check": _check,
        "read": _read,
    }
    answer = acts[slots["action"]](turn, slots)
    if slots.get("more"):
        return replace(answer, text=f"{answer.text} {MORE}")
    return answer


def _add(turn: Turn, slots: dict) -> Answer:
    title = TITLES[slots["list"]]
    if not slots["items"]:
        return Answer(f"What shall I put on the {title}?", question=Question("items", slots, "Nothing was added."))
    with turn.memory.change() as data:
        entries = data["lists"][slots["list"]]
        there = {item.lower() for item in entries}
        fresh = [item for item in dict.fromkeys(slots["items"]) if item.lower() not in there]
        if len(entries) + len(fresh) > MOST_ITEMS:
            return Answer(f"The {title} is full: {MOST_ITEMS} things. Do some of them first?", context=slots)
        entries.extend(fresh)
    about = tuple(slots["items"])
    if not fresh:
        return Answer(f"{_joined(slots['items'])}: on the {title} already.", context=slots, about=about)
    lines = (f"Added to the {title}: {_joined(fresh)}.", f"{_joined(fresh)}: on the {title} now.")
    return Answer(turn.voice.pick(lines), ("list.add",), slots, about=about)


def _remove(turn: Turn, slots: dict) -> Answer:
    title = TITLES[slots["list"]]
    if not slots["items"]:
        return Answer(f"What shall I take off the {title}?", question=Question("items", slots, "Nothing was removed."))
    with turn.memory.change() as data:
        entries = data["lists"][slots["list"]]
        found = {wanted: _matches(wanted, entries) for wanted in slots["items"]}
        doubtful = next((matches for matches in found.values() if len(matches) > 1), None)
        if doubtful:  # all or nothing
            question = Question("items", slots | {"items": []}, "Nothing was removed.")
            return Answer(f"Which one: {_joined(doubtful, 'or')}?", question=question, about=tuple(doubtful))
        gone = [matches[0] for matches in found.values() if matches]
        entries[:] = [item for item in entries if item not in gone]
    missing = [wanted for wanted, matches in found.items() if not matches]
    lacking = f"{_joined(missing)}: not on the {title}." if missing else ""
    if not gone:
        return Answer(lacking, context=slots)
    text = f"Taken off the {title}: {_joined(gone)}. {lacking}".strip()
    return Answer(text, ("list.remove",), slots, about=tuple(gone))


def _change(turn: Turn, slots: dict) -> Answer:
    title, new = TITLES[slots["list"]], slots["new"]
    with turn.memory.change() as data:
        entries = data["lists"][slots["list"]]
        found = [item for wanted in slots["items"] for item in _matches(wanted, entries)]
        if len(found) != 1:
            return _not_one(slots, found)
        if new.lower() in (item.lower() for item in entries):
            return Answer(f"{new}: on the {title} already.", context=slots)
        entries[entries.index(found[0])] = new
    return Answer(f"On the {title}: {new}, in place of {found[0]}.", ("list.change",), slots, about=(new,))


def _move(turn: Turn, slots: dict) -> Answer:
    with turn.memory.change() as data:
        entries, others = data["lists"][slots["list"]], data["lists"][slots["new"]]
        found = [item for wanted in slots["items"] for item in _matches(wanted, entries)]
        if not found or len(found) > len(slots["items"]):
            return _not_one(slots, found)
        if slots["new"] == slots["list"]:
            return Answer(f"{_joined(found)}: on the {TITLES[slots['list']]} already.", context=slots)
        entries[:] = [item for item in entries if item not in found]
        others.extend(item for item in found if item not in others)
    context = {"list": slots["new"], "items": found}
    return Answer(f"On the {TITLES[slots['new']]} now: {_joined(found)}.", ("list.move",), context, about=tuple(found))


def _not_one(slots: dict, found: list[str]) -> Answer:
    """The answer where an item that is to be changed or moved is not there, or several may be meant."""
    if found:
        return Answer(
            f"Which one: {_joined(found, 'or')}?", question=Question("items", slots | {"items": []}), about=tuple(found)
        )
    return Answer(f"{_joined(slots['items']) or 'That'}: not on the {TITLES[slots['list']]}.", context=slots)


def _clear(turn: Turn, slots: dict) -> Answer:
    title = TITLES[slots["list"]]
    entries = turn.memory.read()["lists"][slots["list"]]
    if not entries:
        return Answer(f"The {title} is empty already. That was easy.", context=slots)
    if not slots.get("sure"):
        things = f"the one thing on it ({entries[0]})" if len(entries) == 1 else f"all {len(entries)} things on it"
        return Answer(
            f"Clear the {title}, with {things}?", question=Question("sure", slots, f"The {title} stays as it is.")
        )
    with turn.memory.change() as data:
        data["lists"][slots["list"]] = []
    return Answer(f"The {title} is empty now.", ("list.clear",), {"list": slots["list"]}, about=())


def _check(turn: Turn, slots: dict) -> Answer:
    title, entries = TITLES[slots["list"]], turn.memory.read()["lists"][slots["list"]]
    if slots["items"] in (["anything"], ["something"]):
        return _read(turn, slots)
    found = [item for wanted in slots["items"] for item in _matches(wanted, entries)]
    line = f"Yes, on the {title}: {_joined(found)}." if found else f"No, not on the {title}: {_joined(slots['items'])}."
    return Answer(line, ("list.read",), slots, about=tuple(found) or None)


def _read(turn: Turn, slots: dict) -> Answer:
    title, entries = TITLES[slots["list"]], turn.memory.read()["lists"][slots["list"]]
    context = {"list": slots["list"], "items": []}
    if not entries:
        return Answer(
            turn.voice.pick((f"Your {title} is empty.", f"Nothing on your {title}. Enjoy it.")),
            ("list.read",),
            context,
            about=(),
        )
    return Answer(f"Your {title}: {_joined(entries)}.", ("list.read",), context, about=tuple(entries))


def _items(text: str, name: str) -> list[str]:
    """The things that a text names; tasks are not cut at "and", groceries are."""
    text = re.sub(r"[ ,]*\b(?:please|for me|if .*|again|as well|too)?[ .?!]*$", "", text.strip(), flags=re.IGNORECASE)
    parts = re.split(r",? and |, |;|&" if name == "shopping" else r";|, (?:and )?", text)
    items = [item for part in parts if (item := _FILLER.sub("", part.strip(" .,'\"")).strip())]
    # A list's own name is never an item of it.
    return [item for item in items if not (re.fullmatch(_ITS, item, re.I) and named(item) in (None, name))]


def _matches(wanted: str, entries: list[str]) -> list[str]:
    """The entries that somebody means: the same, else those with all of its words, else one that is nearly the same."""
    low = {item: item.lower() for item in entries}
    wanted = re.sub(r"^(?:the|my|some|an?) ", "", wanted.lower())
    same = [item for item in entries if low[item] == wanted]
    words = set(wanted.split())
    within = [item for item in entries if words and words <= set(low[item].split())]
    near = [item for item in entries if difflib.SequenceMatcher(None, low[item], wanted).ratio() > 0.8]
    return same[:1] or within or near


def _joined(items: list[str], word: str = "and") -> str:
    """Items, at most 20 of them by name."""
    if len(items) > 20:
        return ", ".join(items[:20]) + f" and {len(items) - 20} more"
    return f" {word} ".join(filter(None, (", ".join(items[:-1]), items[-1])))


SKILLS = {
    "list": Skill(
        read_list,
        use_list,
        follow_up=rf"{ADD}|{REMOVE}|{_CHANGE}|clear|empty|wipe",
    )
}
