"""Calls wait here for their app, and are answered in the order in which they came.

Each app has a `Line`. Calls whose texts can be answered together, since all else in them is equal, are: a network takes
little longer for sixteen short texts than for one. Calls with pictures are not: MobileNet takes 2.0 ms of a processor
for each picture of a batch, and 2.3 ms for one alone. While one call is computed, the files of another are read or
written.
"""

import asyncio
import collections
import contextlib
import functools
import math
import sys
import threading
import time
import traceback

from zoo.errors import ZooError

from ..app import REQUIRED, App

MAX_WAITING = 256  # calls of one app; a call beyond that is refused, and told when to come again
TOGETHER = 16  # calls that are answered at once, at most
THREADS = 2  # of each app: one computes while the other reads or writes files
TICK = 0.5  # seconds between two looks at how long a call still has to wait
FIRST = 5.0  # seconds that an app's first call is taken for, which loads its models


class Busy(ZooError):
    """Too many calls wait. `seconds`: after how many to try again."""

    def __init__(self, app: str, seconds: int):
        self.seconds = seconds
        super().__init__(f"{app}: {MAX_WAITING} calls wait already; try again in {seconds} s")


class Call:
    """One call that waits for its answer, which its event loop gets by `messages`."""

    def __init__(self, line: "Line", sent: dict, read, show):
        """A call with `sent`, {input: value as it was sent}.

        In a thread of the line, read(input, value) gives what the app takes, and show(answer) the answer as it is sent.
        """
        self.line, self.sent, self.read, self.show = line, sent, read, show
        self.over = False  # answered, or nobody waits for it any more
        self._loop, self._messages = asyncio.get_running_loop(), asyncio.Queue()

    def tell(self, what: str, value=None) -> None:
        """Pass on a message, from any thread."""
        with contextlib.suppress(RuntimeError):  # the server has ended, and its loop with it
            self._loop.call_soon_threadsafe(self._messages.put_nowait, (what, value))

    async def messages(self):
        """Pairs of what is told and its value, as they come. A call whose messages nobody takes any more is given up.

        "waiting": (the call's place, seconds until its answer or None)
        "working", None: its turn has come, and it takes long
        "progress": (steps done, of how many, of what)
        "piece": the answer so far
        "answer": the answer, at last

        Raises what reading, the app or showing raised.
        """
        try:
            before = None
            while True:
                try:
                    what, value = await asyncio.wait_for(self._messages.get(), TICK)
                except TimeoutError:
                    waiting = self.line.waiting(self)
                    if waiting is None:
                        yield "working", None
                    elif waiting != before:
                        yield "waiting", waiting
                    before = waiting
                    continue
                if what == "error":
                    raise value
                yield what, value
                if what == "answer":
                    return
        finally:
            self.over = True


class Line:
    """The calls that wait for one app, and the threads that answer them."""

    def __init__(self, app: App):
        self.app = app
        self._texts = texts_of(app)
        self._calls: collections.deque[Call] = collections.deque()
        self._changed = threading.Condition()
        self._busy = 0  # calls that are being answered
        self._threads = 0
        self.lock = threading.Lock()  # held while the app is called: it keeps its models and its progress to itself
        self._seconds, self._last = None, 0.0  # between two answers while calls wait; when the last one was

    def join(self, sent: dict, read, show) -> Call:
        """A new call at the end of the line; see `Call`. To be called in the event loop. Raises Busy."""
        call = Call(self, sent, read, show)
        with self._changed:
            if len(self._calls) >= MAX_WAITING:
                self._calls = collections.deque(each for each in self._calls if not each.over)
            if len(self._calls) >= MAX_WAITING:
                raise Busy(self.app.name, math.ceil(self._wait(len(self._calls) / 2) or FIRST))
            self._calls.append(call)
            if self._threads < THREADS:
                self._threads += 1
                threading.Thread(target=self._work, name=f"zoo-{self.app.name}", daemon=True).start()
            self._changed.notify()
        return call

    def waiting(self, call: Call) -> tuple[int, float | None] | None:
        """The place of a call, 1 for the next, and the seconds until its answer; None once its turn has come."""
        with self._changed:
            try:
                place = self._calls.index(call) + 1
            except ValueError:
                return None
            return place, self._wait(place)

    def _wait(self, place: float) -> float | None:
        return None if self._seconds is None else round((place + self._busy) * self._seconds, 1)

    def _work(self) -> None:
        while True:
            calls = self._next()
            start = time.monotonic()
            try:
                self._answer(calls)
            except Exception as error:  # a fault of ours must not end the thread, nor leave anybody waiting
                traceback.print_exc()
                for call in calls:
                    call.tell("error", error)
            with self._changed:
                self._busy -= len(calls)
                now = time.monotonic()
                seconds = (now - max(start, self._last)) / len(calls)
                self._seconds = seconds if self._seconds is None else 0.8 * self._seconds + 0.2 * seconds
                self._last = now

    def _next(self) -> list[Call]:
        """The first call, once there is one, and those behind it that can be answered together with it."""
        with self._changed:
            while True:
                while self._calls and self._calls[0].over:
                    self._calls.popleft()
                if self._calls:
                    break
                self._changed.wait()
            first = self._calls.popleft()
            calls = [first]
            if self._texts:
                rest = [each for each in self._calls if not each.over and self._options(each) == self._options(first)]
                calls += rest[: TOGETHER - 1]
                self._calls = collections.deque(each for each in self._calls if each not in calls)
            self._busy += len(calls)
            return calls

    def _options(self, call: Call) -> dict:
        """All that was sent with a call but its texts."""
        return {name: value for name, value in call.sent.items() if name != self._texts}

    def _answer(self, calls: list[Call]) -> None:
        given = {}
        for call in calls:
            with _errors_told(call):
                values = {name: call.read(self.app.inputs[name], value) for name, value in call.sent.items()}
                given[call] = self.app.check(**values)
        with self.lock:
            if len(given) > 1:
                answers = self._together(given)
            else:
                answers = {call: self._alone(call, values) for call, values in given.items()}
        for call, answer in answers.items():
            if answer is not None:
                with _errors_told(call):
                    call.tell("answer", call.show(answer))

    def _alone(self, call: Call, values: dict) -> tuple | None:
        """The answer to one call, all streamed pieces in it; None where it failed or was given up."""
        self.app.track = functools.partial(_track, [call])
        with _errors_told(call):
            answer = self.app(**values)
            answer = answer if isinstance(answer, tuple) else (answer,)
            for number, output in enumerate(self.app.outputs):
                if output.streamed:
                    answer = self._streamed(call, answer, number)
            return answer
        return None

    def _streamed(self, call: Call, answer: tuple, number: int) -> tuple | None:
        """The answer with a text in place of its pieces, which are told as they come."""
        text = ""
        for piece in answer[number]:
            if call.over:
                return None
            text += piece
            call.tell("piece", call.show((*answer[:number], text, *answer[number + 1 :])))
        return *answer[:number], text, *answer[number + 1 :]

    def _together(self, given: dict) -> dict:
        """The answers to several calls of equal options, {call: answer}, by one call of the app with all texts."""
        [first, *_] = given.values()
        if not can_be_split(self.app, first):
            return {call: self._alone(call, values) for call, values in given.items()}
        self.app.track = functools.partial(_track, list(given))
        texts = [text for values in given.values() for text in values[self._texts]]
        try:
            found = self.app(**first | {self._texts: texts})
        except Exception:  # one of the calls is at fault: each is answered alone, and that one raises again
            return {call: self._alone(call, values) for call, values in given.items()}
        found = found if isinstance(found, tuple) else (found,)
        answers, at = {}, 0
        for call, values in given.items():
            end = at + len(values[self._texts])
            answers[call] = tuple(None if part is None else part[at:end] for part in found)
            at = end
        return answers


@functools.cache
def line_of(app: App) -> Line:
    """The line of an app: one, by whichever door a call comes."""
    return Line(app)


def texts_of(app: App) -> str | None:
    """The name of the app's input that takes a list of texts of any length, if that is its only required input."""
    required = [each for each in app.inputs.values() if each.default is REQUIRED]
    several = [each.name for each in required if each.many and not each.count and not each.kind.is_file]
    return several[0] if len(required) == len(several) == 1 else None


def can_be_split(app: App, values: dict) -> bool:
    """Whether an answer to many texts has one for each, in all outputs that these values ask for."""
    return all(each.many or (each.kind.when and not values[each.kind.when]) for each in app.outputs)


def _track(calls: list[Call], steps, total: int, what: str):
    """The steps, one by one, while those who wait are told how many are done."""
    for done, step in enumerate(steps):
        for call in calls:
            call.tell("progress", (done, total, what))
        yield step


@contextlib.contextmanager
def _errors_told(call: Call):
    """A context whose error is that of the call."""
    try:
        yield
    except ZooError as error:
        call.tell("error", error)
    except Exception as error:  # a fault of an app ends its call, and not the line
        traceback.print_exc(file=sys.stderr)
        call.tell("error", error)
