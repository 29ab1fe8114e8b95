"""References, "it", "both", "the first one", "the other one", "the list": which timers, alarms or items are meant.

The conversation has one `Focus`: what was just talked about. `refer` finds a reference in a line that asks for
something to be done with it, or asks about it, and gives the line in one of a few wordings, with "it" in place of the
reference. The skill of its kind reads that as a follow-up and acts on the entries that are meant. `in_full` names what
a line leaves out: the list in "what's on it?", the timer in "cancel the pasta one".
"""

import re
from dataclasses import dataclass, field, replace

from . import lists, phrases
from .memory import Memory
from .turn import Answer

ENTRIES = {"timer": "timers", "alarm": "alarms", "reminder": "reminders"}  # kind -> its name in the user's file
KINDS = (*ENTRIES, "list")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_POSITIONS = {name: number for number, name in enumerate(ORDINALS)}
_POSITIONS |= {"oldest": 0, "1st": 0, "2nd": 1, "3rd": 2, "last": -1, "latest": -1, "newest": -1}

_NOUNS = {
    "timer": r"timers?",
    "alarm": r"alarms?",
    "reminder": r"reminders?",
    "list": r"(?:items?|entry|entries|things?|tasks?)",
}
_NOUN = rf"(?:ones?|{'|'.join(_NOUNS.values())})"
_ORDER = rf"(?:very )?(?P<position>{'|'.join(_POSITIONS)})"
_LIST = r"(?:the|my|our|that|this) (?:[\w-]+ ){0,2}list"
_REFERENCE = (
    r"(?P<said>"
    rf"(?P<both>both(?: of (?:them|those|these))?(?:(?: of)? (?:the|my))?(?: {_NOUN})?|the two(?: of them)?)"
    rf"|(?P<two>the (?P<end>first|last) two(?: {_NOUN})?)"
    rf"|(?P<all>all (?:of )?(?:them|those|these)|(?:them|those|these) all)"
    rf"|(?P<them>them|(?:those|these)(?: two)?(?: {_NOUN})?)"
    rf"|(?P<other>(?:the|my|that) other(?:s| two)?(?: {_NOUN})?)"
    rf"|(?P<order>(?:the|my) {_ORDER}(?: {_NOUN})?)"
    rf"|(?P<it>(?:that|this) {_NOUN}|it|that|this)"
    rf")(?: (?:on|from|in|off|off of|of) (?P<where>{_LIST}))?"
)
_POINTING = rf"(?!(?:it|that|this)\b(?! {_NOUN})){_REFERENCE}"  # not "it" alone, which may be anything
_NO_NOUN = rf"(?!(?:that|this) (?!{_NOUN}))"  # not "this song"
_END = (
    r"(?:,? (?:(?P<too>too|as well|also)|again|please|now|then|instead|for me|after all|any ?more|completely|back))*\W*"
)
_CANCEL = (
    r"(?:cancel|stop|delete|remove|clear|drop|scrap|kill|end|abort|dismiss|erase|get rid of|"
    r"(?:take|turn|switch|call|cross|tick|check|strike|scratch) (?:off|out|away))"
)
_OFF = r"(?:take|turn|switch|call|cross|tick|check|strike|scratch|get)"
_DONE = r"(?:done|finished|completed?|bought)"
_RENAME = r"(?:rename|call|name|label|relabel|reword)"
_CHANGE = r"(?:change|replace|swap|correct|edit|update|make)"
_MOVE = r"(?:move|push|postpone|delay|shift|bring|set|reset|reschedule|adjust)"
_LENGTH = r"(?:extend|prolong|lengthen|shorten|reduce)"
_BY = r"(?:by|back|forward|ahead|up|an?|half|another|\d+|one|two|three|four|five|ten|fifteen|twenty|thirty)"
_TO = r"(?:(?:back|forward|up|on|out) )?(?:to|for|until|till|at|into|with)"
_TIME_LEFT = (
    r"(?: (?:is|are|does|do|has|have|will|i|left|still|there|remain\w*|more|longer|time|until|till|before|on|for|in))*"
)
_IT_HAS = (
    r"(?: (?:have|has|got|left|still|run|running|rings?|go(?:es|ing)?|off|to|be|is|are|over|up|done|finish(?:ed)?|"
    r"ends?|due|set|for|on|until|remain\w*|about))*"
)
# A request about what is referred to, and the line that the skill of its kind reads instead.
_FORMS = [
    (re.compile(rf"^{form}{_END}$", re.IGNORECASE), line)
    for form, line in (
        (rf"{_CANCEL} {_REFERENCE}(?: (?:off|out|away|up))?", phrases.CANCEL_IT),
        (rf"{_OFF} {_REFERENCE}(?: (?:off|out|away)|(?<=list))", phrases.CANCEL_IT),
        (rf"i (?:no longer|don'?t|do not) (?:need|want) {_REFERENCE}", phrases.CANCEL_IT),
        (rf"(?:mark|set|count|tick|check) {_REFERENCE} (?:off )?(?:as )?{_DONE}", phrases.DONE_WITH_IT),
        (rf"i(?:'ve| have)?(?: already| just)? (?:did|done|finished|bought|got) {_POINTING}", phrases.DONE_WITH_IT),
        (rf"{_POINTING} (?:is|are) {_DONE}", phrases.DONE_WITH_IT),
        (rf"(?:add|put) {_REFERENCE}(?: back)?(?: (?:on|to)(?: (?:it|there|the list))?)?", phrases.ADD_IT),
        (rf"{_RENAME} {_REFERENCE} (?:to|as|into) (?P<new>.+?)", "rename it to {new}"),
        (rf"{_RENAME} {_NO_NOUN}{_REFERENCE} (?!off\b|a (?:day|night)\b)(?P<new>.+?)", "rename it to {new}"),
        (rf"{_CHANGE} {_REFERENCE} {_TO} (?P<new>.+?)", "change it to {new}"),
        (rf"{_CHANGE} {_NO_NOUN}{_REFERENCE} (?!so\b)(?P<new>.+?)", "change it to {new}"),
        (rf"{_MOVE} {_REFERENCE} {_TO} (?P<new>.+?)", "move it to {new}"),
        (rf"(?P<verb>{_MOVE}|{_LENGTH}) {_REFERENCE} (?P<new>{_BY}\b.*?)", "{verb} it {new}"),
        (rf"(?P<verb>(?:add|subtract|take) .+? (?:to|from|off)) {_REFERENCE}", "{verb} it"),
        (rf"how (?:long|much){_TIME_LEFT} {_REFERENCE}{_IT_HAS}", phrases.LEFT_ON_IT),
        (rf"when (?:is|are|was|were) {_REFERENCE}{_IT_HAS}", phrases.WHEN_IT),
        (rf"(?:when|what time) (?:do|does|did|will) {_REFERENCE}{_IT_HAS}", phrases.WHEN_IT),
        (rf"what time (?:is|are|was|were) {_POINTING}{_IT_HAS}", phrases.WHEN_IT),
        (rf"(?:what(?:'s| is| are| was| were)?|which(?: is| are| was)?) {_POINTING}{_IT_HAS}", phrases.WHEN_IT),
        (rf"(?:is|are) {_REFERENCE} (?:still )?(?:on|set|running|active)", phrases.WHEN_IT),
        (rf"(?:read|show|list|tell|give)(?: me)? {_REFERENCE}(?: to me| back| out| aloud)*", phrases.WHEN_IT),
    )
]
_NEED_ONE = (phrases.CANCEL_IT, phrases.DONE_WITH_IT, phrases.WHEN_IT, phrases.LEFT_ON_IT)
# A reference alone, such as "and the other one?".
_LEAD = r"(?:(?:and|or|also|then|what about|how about|on|for|about|with|to|the same (?:for|with))\b[ ,]*)*"
_ALONE = re.compile(rf"^{_LEAD}{_REFERENCE}{_END}$", re.IGNORECASE)
_REPEATED = {"cancel": phrases.CANCEL_IT, "remove": phrases.CANCEL_IT}  # other acts are not: it is told about
_UNDO = re.compile(rf"^undo {_REFERENCE}{_END}$", re.IGNORECASE)
_UNDONE = {"set": phrases.CANCEL_IT, "add": phrases.CANCEL_IT}

# "cancel the pasta one", of the pasta timer.
_ASKED = rf"(?:how (?:long|much){_TIME_LEFT}|(?:when|what time) (?:is|was|does|will))"
_DESCRIBED = rf"(?!other\b|{_ORDER}\b)(?:[\w:']+ ){{0,2}}[\w:']+"
_SUCH_A_ONE = re.compile(
    rf"^(?P<line>(?:{_CANCEL}|{_RENAME}|{_CHANGE}|{_MOVE}|{_LENGTH}|{_ASKED}) the {_DESCRIBED}) one\b(?P<rest>.*)$",
    re.IGNORECASE,
)
_THE_LIST = re.compile(r"\b(?:the|that|this) (?:whole |entire )?list\b(?! (?:of|for)\b)", re.IGNORECASE)
_MY_LIST = re.compile(r"\b(?:my|our) (?:whole |entire )?list\b(?! (?:of|for)\b)", re.IGNORECASE)
# What is done with other lists: "play the next song on this list".
_NO_LIST_ACT = re.compile(
    r"(?:play|skip|shuffle|sing|call|phone|invite|book|order|buy|translate|spell|define)\b", re.IGNORECASE
)
_ON_IT = re.compile(
    rf"^(?P<line>(?:{lists.ADD}|{lists.REMOVE}|what(?:'s| is| else is| do| are)|is|are|do i have|did i|have i|"
    rf"how many)\b(?: \S+){{0,6}} (?:on|onto|to|from|off|off of|in)) (?:it|there)(?: already| yet)?{_END}$",
    re.IGNORECASE,
)
_ALL_OF_IT = re.compile(
    rf"^(?:(?P<clear>clear|empty|wipe|erase|reset)|read|show|list|tell)(?: me)? (?:it|this|that|them|those)"
    rf"(?: all)?(?: to me| back| out| aloud)*{_END}$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Focus:
    """What was just talked about: for each kind the entries of the last answer about it, and the last act."""

    kind: str = ""  # what "it" is: one of `KINDS`; "" after something else was talked about
    list: str = ""  # the list that was last talked about: "shopping"
    about: dict[str, tuple] = field(default_factory=dict)  # kind -> ids of entries, or items of `list`
    acts: dict[str, str] = field(default_factory=dict)  # kind -> "set", "cancel", "list", ...

    def after(self, skill: str, answer: Answer, slots: dict) -> "Focus":
        """The focus after an answer of a skill to these slots."""
        if skill not in KINDS:
            return replace(self, kind="") if answer.context else self
        about = self.about if answer.about is None else self.about | {skill: answer.about}
        acts = self.acts | {skill: answer.acts[-1].split(".")[1]} if answer.acts else self.acts
        return Focus(skill, slots.get("list", self.list), about, acts)

    def entries(self, kind: str, data: dict) -> tuple:
        """The entries in focus that are still in the user's data; items of a list even where they were taken off."""
        about = self.about.get(kind, ())
        if kind == "list":
            return about
        there = {entry["id"]: entry for entry in data[ENTRIES[kind]]}
        return tuple(there[key] for key in about if key in there)


@dataclass(frozen=True)
class Reference:
    """What a line refers to."""

    kind: str
    text: str  # what the skill is to read: phrases.CANCEL_IT; "" if there is nothing that it could mean
    meant: tuple  # entries, or items of the list; several, or none, if it is unclear which one
    slots: dict  # "list", or ids as "meant"; "all" if it is about all that are meant, "sure" if it also says how many


def refer(line: str, focus: Focus, memory: Memory) -> Reference | None:
    """The reference in a request; None without one. Raises `BadInput` where the file can't be used."""
    bare = _bare(line)
    for form, text in _FORMS:
        if match := form.match(bare):
            return _resolved(match, text, focus, memory)
    undo, alone = _UNDO.match(bare), _ALONE.match(bare)
    if undo:
        act = focus.acts.get(_kind(undo, focus))
        back = phrases.ADD_IT if act == "remove" and _kind(undo, focus) == "list" else None
        return _resolved(undo, _UNDONE.get(act, back), focus, memory)
    if alone is None or phrases.NO.match(line) or (alone["it"] in ("it", "that", "this") and not alone["too"]):
        return None
    return _resolved(alone, _REPEATED.get(focus.acts.get(_kind(alone, focus)), phrases.WHEN_IT), focus, memory)


def pointed_at(line: str, kind: str, focus: Focus, memory: Memory) -> Reference | None:
    """What an answer to "Which one?" points at: "the second one, please"; None if that is nothing."""
    match = _ALONE.match(_bare(line))
    found = _resolved(match, match[0], replace(focus, kind=kind), memory) if match and not match["it"] else None
    return found if found and found.text else None


def position(text: str) -> int | None:
    """The position in "the second one", from 0, and -1 for the last; None where there is none."""
    match = re.search(rf"\b{_ORDER}\b(?: {_NOUN}\b|\W*$)", text, re.IGNORECASE)
    return _POSITIONS[match["position"].lower()] if match else None


def in_full(line: str, focus: Focus) -> str:
    """The line with the list named, or the kind of "the pasta one", where it is about what was just talked about."""
    if focus.kind in ENTRIES and (match := _SUCH_A_ONE.match(_bare(line))):
        return f"{match['line']} {focus.kind}{match['rest']}"
    if not focus.list or lists.named(line):
        return line
    title = f"the {lists.TITLES[focus.list]}"
    bare = _bare(line)
    if _NO_LIST_ACT.match(bare):
        return line
    if focus.kind == "list":
        if match := _ON_IT.match(bare):
            return f"{match['line']} {title}"
        if match := _ALL_OF_IT.match(bare):
            return f"{'clear' if match['clear'] else 'read'} {title}"
        line = _MY_LIST.sub(title, line)
    return _THE_LIST.sub(title, line)


def _bare(line: str) -> str:
    return phrases.POLITE.sub("", phrases.SOFT.sub("", line))


def _kind(match: re.Match, focus: Focus) -> str:
    """The kind of what is referred to, by its noun or by what was just talked about; "" for none."""
    if match["where"]:
        return "list"
    return next((kind for kind, noun in _NOUNS.items() if re.search(rf"\b{noun}$", match["said"].lower())), focus.kind)


def _resolved(match: re.Match, text: str | None, focus: Focus, memory: Memory) -> Reference | None:
    kind = _kind(match, focus)
    if not kind or not text:
        return None
    data, slots = memory.read(), {}
    others = match["other"] and match["other"].lower().endswith(("s", "two"))
    if match["both"] or match["two"] or match["all"] or match["them"] or others:
        slots |= {"all": True} | ({"sure": True} if match["both"] or match["two"] else {})
    if kind == "list":
        name = (match["where"] and lists.named(match["where"])) or focus.list
        if not name:
            return None
        in_focus = focus.about.get(kind, ()) if name == focus.list else ()
        plural = focus.acts.get(kind) != "read"
        meant = _meant(match, tuple(data["lists"][name]), in_focus, plural)
        if match["it"] and meant and len(meant) > 1 and not plural:
            meant = ()  # the skill asks which
        slots |= {"list": name}
    else:
        there = tuple(data[ENTRIES[kind]])
        only = there if len(there) == 1 and not focus.about.get(kind) else ()
        in_focus = focus.entries(kind, data) or only
        meant = _meant(match, there, in_focus)
        gone = match["it"] and kind in focus.about and not in_focus and text in _NEED_ONE  # cancelled, or over
        if gone or (match["them"] and not there):
            return Reference(kind, "", (), slots)
        slots |= {"meant": tuple(entry["id"] for entry in meant or ())}
    if meant is None:
        return None if match["it"] else Reference(kind, "", (), slots)
    words = {key: said for key, said in match.groupdict().items() if key in ("new", "verb")}
    return Reference(kind, text.format(**words), meant, slots)


def _meant(match: re.Match, there: tuple, in_focus: tuple, plural: bool = False) -> tuple | None:
    """Of the entries that are there, in their order, and of those in focus: those that are meant; None for none.

    plural: whether "it" and "them" may stand for any number of entries in focus, as for "milk and eggs", or "eggs".
    """
    still = tuple(each for each in in_focus if each in there)
    if match["it"]:
        return in_focus or None
    if match["them"]:
        return (in_focus if plural or len(still) > 1 else ()) or there
    if match["all"]:
        return still if len(still) > 1 else there
    if match["both"]:
        return next((each for each in (still, there) if len(each) == 2), None)
    if match["two"]:
        return (there[:2] if match["end"].lower() == "first" else there[-2:]) if len(there) > 1 else None
    if match["other"]:
        return tuple(each for each in there if each not in in_focus) or None
    at = _POSITIONS[match["position"].lower()]
    choices = [each for each in (still if len(still) > 1 else (), there) if -len(each) <= at < len(each)]
    return (choices[0][at],) if choices else None
