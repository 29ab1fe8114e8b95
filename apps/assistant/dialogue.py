"""The dialogue manager: answers to its own questions, follow-ups ("make it 30"), and new requests.

    assistant = Assistant(understand)
    reply = assistant.reply("set a timer for twenty minutes")
    reply.text, reply.acts  # "Timer: 20 minutes, from now. ...", ("timer.set",)
    assistant.reply("make it 30").acts  # ("timer.change",)

`understand` is any classifier of CLINC150's intents. With the same seed, clock and file, the same lines get the same
answers. No answer claims an act that was not done: it names the act only after the file is written.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from zoo.errors import BadInput

from . import alarms, limits, phrases, references, reminders, talk, time_zones, timers, units
from .clock import local_now
from .memory import Memory
from .route import INTENTS, NEAR, SKILLS, named, parts, route
from .turn import Answer, Question, Turn, Understanding, Voice, understanding

LONGEST = 500  # characters of a line
MAX_ASKS = 2  # times that one thing is asked

_FREE = ("text", "items", "word", "phrase", "name")  # slots that take any words
_TASK = re.compile(r"(?:play|book|call|order|turn|send|find|let|give)\b", re.IGNORECASE)  # how tasks begin
_CHANGING = {"timer", "alarm", "reminder", "list", "call_user", "call_self", "reset"}  # skills that change the file
_SET = {f"{name}.{act}" for name in ("timer", "alarm", "reminder") for act in ("set", "add", "change")}


@dataclass(frozen=True)
class Reply:
    """The answer to a line, and what was done."""

    text: str
    acts: tuple[str, ...] = ()  # names of the acts: "timer.set"
    asks: bool = False  # whether an answer is awaited
    in_scope: bool = True
    rung: int = 0  # timers, alarms and reminders that rang before the answer, and are over
    ends: bool = False  # the user said goodbye


class Assistant:
    """A conversation with one user.

    understand: a line -> intents with probabilities, best first; "oos" before them for a line out of scope.
    translators: language in lower case -> a function from English to it. clock: now, in a zone that knows its clock
    changes.
    """

    def __init__(
        self,
        understand: Callable[[str], list[tuple[str, float]]],
        *,
        memory: Memory | None = None,
        translators: dict[str, Callable[[str], str]] | None = None,
        clock: Callable[[], datetime] = local_now,
        seed: int = 0,
    ):
        self.understand, self.clock = understand, clock
        self.memory = memory or Memory()
        self.translators = translators or {}
        self._voice = Voice(seed)
        self._topic, self._context = "", None  # the last skill, and its slots
        self._fresh = False  # whether the last answer was that skill's
        self._focus = references.Focus()  # the timers, alarms, reminders and items that were just talked about
        self._asked: tuple[str, Question, str, int] | None = None  # skill, question, its words, how often it was asked
        self._declined = ""  # the last request that could not be done
        self._last_declined = False  # whether that was the last line
        self._last = Answer("")
        self._done = ""  # the answer about the last act

    def reply(self, line: str | bytes) -> Reply:
        """The answer to a line; bytes are UTF-8. Nothing that a user can say, nor any state of the file, raises."""
        now = self.clock()
        rung = self._ring(now)
        text, problem = _cleaned(line)
        if problem or not re.search(r"\w", text):
            answer, asks = Answer(problem or self._voice.pick(talk.EMPTY)), self._asked is not None
        else:
            turn = Turn(
                text, now, self._understood(text), self.memory, self._voice, self.translators, declined=self._declined
            )
            try:
                answer = self._answer(turn)
            except BadInput as error:
                answer = Answer(_failed(error))
            self._last, asks = answer, answer.question is not None
        lines = [*self._notices(), *rung, answer.text]
        return Reply("\n".join(lines), answer.acts, asks, answer.in_scope, len(rung), answer.ends)

    def due(self) -> list[str]:
        """Lines for timers, alarms and reminders that are due, which are then over; to be called while waiting."""
        rung = self._ring(self.clock())
        return [*self._notices(), *rung]

    def warm(self) -> None:
        """Load the unit registry and the time zones, about a second, before the first line needs them."""
        units.unit("meter")
        time_zones.zones("utc")

    def _understood(self, text: str) -> Understanding:
        found = understanding(self.understand(text))
        rest = phrases.GREETED.sub("", text)
        if rest != text and (not found.in_scope or found.intent == "greeting"):
            after = understanding(self.understand(rest))
            found = after if after.in_scope and after.intent != "goodbye" else found
        return replace(found, in_scope=False) if talk.unsure_goodbye(text, found) else found

    def _answer(self, turn: Turn) -> Answer:
        """An answer to its own question first, then a follow-up, then a new request. Raises `BadInput`."""
        asked, self._asked = self._asked, None
        if phrases.DISTRESS.search(turn.text):
            return Answer(talk.DISTRESS)
        if asked is not None:
            answer = self._after_question(turn, *asked)
            if answer is not None:
                return answer
        answer = self._request(turn)
        elsewhere = asked is not None and (asked[0] != self._topic or not self._fresh)
        if elsewhere and asked[1].dropped and answer.question is None:
            return replace(answer, text=f"{answer.text} ({asked[1].dropped})")
        return answer

    def _request(self, turn: Turn) -> Answer:
        """The answer to a line that answers no question: about what was just talked about, a follow-up, or new."""
        text = references.in_full(turn.text, self._focus)
        if text != turn.text:
            turn = replace(turn, text=text, understanding=self._understood(text))
        reference = references.refer(turn.text, self._focus, self.memory)
        if reference is None:
            return self._as_follow_up(turn) or self._about_the_timer(turn) or self._new(turn)
        return self._as_reference(turn, reference) or self._new(turn)

    def _about_the_timer(self, turn: Turn) -> Answer | None:
        """The answer to what only a timer can mean, "make it longer", while one runs, if nothing else is "it"."""
        if self._focus.kind or self._last_declined or not timers.is_about_length(turn.text):
            return None
        if len(self.memory.read()["timers"]) != 1:
            return None
        reference = references.refer(turn.text, replace(self._focus, kind="timer", about={}), self.memory)
        return reference and self._as_reference(turn, reference)

    def _do(self, turn: Turn, name: str, slots: dict) -> Answer:
        """Let a skill act; its question and its context are stored for the next turn."""
        if name in ("alarm", "reminder", "list") and phrases.ALL_BUT.match(phrases.POLITE.sub("", turn.text)):
            return Answer(talk.NO_EXCEPTION)
        answer = SKILLS[name].do(turn, slots)
        context = answer.question.slots if answer.question and answer.context is None else answer.context
        self._topic, self._context, self._fresh, self._last_declined = name, context, True, False
        self._focus = self._focus.after(name, answer, slots)
        self._done = answer.text if answer.acts else self._done
        self._declined = "" if name == "list" else self._declined  # "it" is what is on the list now
        if answer.question is not None:
            self._asked = name, answer.question, answer.text, 1
        return answer

    def _after_question(self, turn: Turn, name: str, question: Question, words: str, times: int) -> Answer | None:
        """The answer to a line after a question; None if the line is about something else."""
        if question.requested == "sure":
            sure = _yes_or_no(turn)
            if sure is not None:
                slots = question.slots | {"sure": True}
                return self._do(turn, name, slots) if sure else Answer(self._voice.pick(talk.UNCHANGED))
            if _is_new(turn):
                return None
            return self._ask_again(name, question, words, times, self._voice.pick(talk.SURE))
        undone = name != "list" and phrases.UNDO.match(turn.text)  # what is on a list may be cleared instead
        if phrases.STOP.match(turn.text) or (
            question.requested not in ("phrase", "word") and (undone or _forbids(turn))
        ):
            return Answer(f"{self._voice.pick(talk.DROPPED)} {question.dropped}".strip())
        if question.requested != "phrase" and _is_other_request(turn, name, question.requested):
            return None
        if question.requested in ("items", "text") and phrases.AGREED.match(turn.text):  # "yes" is no item
            return self._ask_again(name, question, words, times, f"{self._voice.pick(talk.NOT_UNDERSTOOD)} {words}")
        turn = replace(turn, requested=question.requested, context=question.slots)
        pointed = {}
        if name in references.KINDS and (reference := references.pointed_at(turn.text, name, self._focus, self.memory)):
            turn, pointed = replace(turn, text=reference.text, meant=reference.meant), reference.slots
        elif question.requested in ("which", "old") and references.refer(turn.text, self._focus, self.memory):
            return None  # "cancel the last two" is a request of its own
        elif name == "list":
            turn = replace(turn, text=references.in_full(turn.text, self._focus))
        found = SKILLS[name].read(turn)
        if found:  # the skill asks again if that is another slot than the requested one
            return self._do(turn, name, question.slots | found | pointed)
        if _is_new(turn):
            return None
        return self._ask_again(name, question, words, times, f"{self._voice.pick(talk.NOT_UNDERSTOOD)} {words}")

    def _ask_again(self, name: str, question: Question, words: str, times: int, text: str) -> Answer:
        if times >= MAX_ASKS:
            return Answer(f"{self._voice.pick(talk.GIVEN_UP)} {question.dropped}".strip())
        self._asked = name, question, words, times + 1
        return Answer(text, question=question)

    def _as_reference(self, turn: Turn, reference: references.Reference) -> Answer | None:
        """The answer to a request about what was just talked about: "move it to 8"; None if its skill can't do that."""
        if not reference.text:
            return Answer(talk.NO_SUCH.format("thing on the list" if reference.kind == "list" else reference.kind))
        turn = replace(turn, text=reference.text, meant=reference.meant, following="and", context=reference.slots)
        slots = SKILLS[reference.kind].read(turn)
        return self._do(turn, reference.kind, slots | reference.slots) if slots else None

    def _as_follow_up(self, turn: Turn) -> Answer | None:
        """The answer to a follow-up of the last skill: "again", "and in German?", "make it 30"; None for others."""
        if not self._topic or self._context is None:
            return None
        skill, turn = SKILLS[self._topic], replace(turn, context=self._context)
        # After other lines a fragment may still change a number or a time, but free words no longer belong to it.
        follows = "and" if self._fresh else "bare"
        text = phrases.SOFT.sub("", turn.text)
        if phrases.AGAIN.match(text) and skill.again:
            return self._do(turn, self._topic, self._context)
        match = phrases.AND.match(text)
        rest = text[match.end() :] if match else text
        understood = turn.understanding
        loose = not understood.in_scope or understood.intent in ("no", "cancel")
        near = loose or understood.intent in NEAR or INTENTS.get(understood.intent) == self._topic
        own = (match or near) and re.match(rf"(?:{skill.follow_up})\b", rest, re.IGNORECASE)
        if match and (own or not phrases.REQUEST.match(rest) or phrases.IT.search(rest)):
            return self._follow_up(replace(turn, text=rest, following=follows))
        other = named(turn)
        if other in (None, self._topic) and (own or (loose and 0 < len(rest.split()) <= 3)):
            return self._follow_up(replace(turn, text=rest, following="bare"))
        return None

    def _follow_up(self, turn: Turn) -> Answer | None:
        turn, about = self._with_focus(turn, self._topic)
        found = SKILLS[self._topic].read(turn)
        return self._do(turn, self._topic, turn.context | about | found) if found else None

    def _with_focus(self, turn: Turn, name: str) -> tuple[Turn, dict]:
        """A turn that names no entry, with the one that was just talked about, and its slot, if that is clear."""
        if name not in references.KINDS or phrases.EVERY.search(turn.text):
            return turn, {}
        entries = self._focus.entries(name, self.memory.read())
        if name == "list":
            return replace(turn, meant=entries), {}
        if len(entries) != 1 or re.search(rf"\b{name}s?\b", turn.low):
            return turn, {}
        return replace(turn, meant=entries), {"meant": (entries[0]["id"],)}

    def _new(self, turn: Turn) -> Answer:
        if phrases.DID_YOU.match(turn.text):
            return self._tell_what_was_done()
        if courtesy := talk.courtesy(turn):
            self._fresh = False
            return talk.chat(turn, courtesy)
        first, *second = parts(turn, self._understood)
        if second:
            return self._both(first, second[0])
        name = route(turn)
        if name in _CHANGING and _forbids(turn):
            return Answer(self._voice.pick(talk.NOT_TO))
        if name is not None:
            turn, about = replace(turn, context={}), {}
            if name == self._topic:
                turn, about = self._with_focus(replace(turn, context=self._context or {}), name)
            return self._do(turn, name, about | SKILLS[name].read(turn))
        intent = turn.understanding.intent
        if turn.understanding.in_scope and intent in ("no", "cancel") and _SET & set(self._last.acts):
            return self._taken_back(turn)
        self._fresh = False
        if not turn.understanding.in_scope:
            return Answer(self._voice.pick(talk.OUT_OF_SCOPE), in_scope=False)
        if self._last.text in talk.LINES["cancel"] and phrases.STOP.match(turn.text):  # "cancel what?"
            return Answer(self._voice.pick(talk.DROPPED))
        if intent == "repeat":
            return replace(self._last, acts=(), question=None) if self._last.text else Answer(talk.NOTHING_TO_REPEAT[0])
        if intent in limits.LIMITS:
            self._declined, self._last_declined = turn.text, True
            self._focus, self._topic = replace(self._focus, kind=""), ""  # "it" is what was declined
            return limits.decline(turn)
        if intent == "yes" and self._last_declined and "remind you" in self._last.text:  # as was offered
            return self._do(turn, "reminder", {"action": "add", "text": self._declined})
        if intent == "yes" and self._last_declined and "on your to-do list" in self._last.text:
            return self._do(turn, "list", {"list": "todo", "action": "add", "items": [self._declined]})
        return talk.chat(turn, intent)

    def _taken_back(self, turn: Turn) -> Answer:
        """The answer to "never mind" or "no" after a timer, an alarm or a reminder was set or changed."""
        if turn.understanding.intent == "no" or not {"timer.set", "alarm.set", "reminder.add"} & set(self._last.acts):
            return Answer(talk.STANDS)
        reference = references.refer(phrases.CANCEL_IT, self._focus, self.memory)
        return (reference and self._as_reference(turn, reference)) or Answer(talk.STANDS)

    def _both(self, first: Turn, second: Turn | None) -> Answer:
        """Two requests in one line; the second only if the first leads to no question, and if it is clear."""
        answer = self._new(first)
        if answer.question is not None:
            return replace(answer, text=f"One thing at a time. {answer.text}")
        if second is None:
            return replace(answer, text=f"{answer.text} {talk.MORE}")
        second = replace(second, declined=self._declined)
        try:
            then = self._request(second)
        except BadInput as error:  # the first was done all the same
            then = Answer(_failed(error))
        return replace(then, text=f"{answer.text}\n{then.text}", acts=answer.acts + then.acts)

    def _tell_what_was_done(self) -> Answer:
        """Whether the last request was done."""
        if self._last_declined:
            return Answer(self._voice.pick(talk.NOT_DONE))
        if self._done:
            return Answer(f"The last thing that I did, in my own words: {self._done}")
        return Answer(self._voice.pick(talk.NOTHING_DONE))

    def _ring(self, now: datetime) -> list[str]:
        """Lines for what is due; none while the file cannot be used, which acts on it will report."""
        try:
            if not _ring_all(self.memory.read(), now):
                return []
            with self.memory.change() as data:
                return _ring_all(data, now)
        except BadInput:
            return []

    def _notices(self) -> list[str]:
        notices, self.memory.notices = self.memory.notices, []
        return notices


def _ring_all(data: dict, now: datetime) -> list[str]:
    return [*timers.ring(data, now), *alarms.ring(data, now), *reminders.ring(data, now)]


def _failed(error: BadInput) -> str:
    return f"That didn't work: {error}."


def _cleaned(line: str | bytes) -> tuple[str, str]:
    """A line with single spaces and plain quotes, and what is wrong with it ("" if nothing is)."""
    try:
        text = line.decode("utf-8") if isinstance(line, bytes) else line
        text.encode("utf-8")  # a terminal hands on stray bytes as halves of surrogate pairs
    except UnicodeError:
        return "", "That line isn't UTF-8, so I can't read it. Set the terminal to UTF-8, or type it again."
    text = text.translate({0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"', 0xA0: " ", 0x2212: "-"})
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if len(text) > LONGEST:
        return "", f"That line has {len(text):,} characters; I read {LONGEST} at most. The short version?"
    return text, ""


def _yes_or_no(turn: Turn) -> bool | None:
    if phrases.YES.match(turn.text):
        return True
    if phrases.NO.match(turn.text):
        return False
    understood = turn.understanding
    short = len(turn.text.split()) <= 6
    return {"yes": True, "no": False, "cancel": False}.get(understood.intent) if understood.in_scope and short else None


def _forbids(turn: Turn) -> bool:
    return bool(phrases.NOT.match(phrases.POLITE.sub("", turn.text)) or phrases.TAKEN_BACK.search(turn.text))


def _is_other_request(turn: Turn, name: str, requested: str) -> bool:
    """Whether a line after a skill's question is a request of its own, put as a question or a command.

    Not for text to translate, which may be a request.
    """
    text, understood, free = phrases.SOFT.sub("", turn.text), turn.understanding, requested in _FREE
    if phrases.DID_YOU.match(text):
        return True
    if phrases.AND.match(text) or not understood.in_scope:
        return False
    if (
        free and len(text.split()) > 6 and understood.confidence >= 0.8
    ):  # too long, and too clear, for a thing on a list
        return INTENTS.get(understood.intent) != name
    if not phrases.REQUEST.match(text):
        return False
    if requested in ("text", "items") and _TASK.match(text):  # "order a pizza"
        return False
    return not text.lower().startswith("call") if free else INTENTS.get(understood.intent) != name


def _is_new(turn: Turn) -> bool:
    """Whether a line that answers no question is about anything else."""
    understood = turn.understanding
    return route(turn) is not None or (
        understood.in_scope and understood.intent not in ("yes", "no", "maybe", "cancel")
    )
