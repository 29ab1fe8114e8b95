"""Apps that one talks with, and how they talk on the terminal: lines in, answers out."""

import abc
import os
import queue
import sys
import threading
import typing

from .app import App
from .texts import STANDARD

PROMPT = "> "
LINE = 4096  # bytes of a line at most, as terminals have it
PAUSE = 0.5  # seconds between two checks for what is due


class Talk(typing.Protocol):
    """One conversation, on a terminal or a page."""

    over: bool  # whether it has ended: the user said goodbye

    def reply(self, line: str | bytes) -> str:
        """The answer to a line; bytes are UTF-8. It raises no error for a line: the answer says what is wrong."""

    def due(self) -> list[str]:
        """Lines to say without being asked, such as that a timer rings; to be called while waiting."""


class Conversation(App, abc.ABC):
    """An app that one talks with. Its `__call__` takes all lines of a conversation, and answers each of them.

    `zoo run NAME` talks on the terminal, and the gallery shows a chat; both call `begin`.
    """

    @abc.abstractmethod
    def begin(self) -> Talk:
        """A new conversation."""


def converse(app: Conversation, lines: list[str]) -> None:
    """Print the answers to these lines or, without any, to those of standard input, until it or the conversation ends.

    On a terminal, what becomes due is printed while it waits for a line.
    """
    talk = app.begin()
    if lines and lines != [STANDARD]:
        for line in lines:
            print(talk.reply(line), flush=True)
    elif not lines and sys.stdin.isatty():
        print(f"{app.summary}\nCtrl-D ends it.")
        _on_terminal(talk)
    else:
        for line in sys.stdin.buffer:
            print(talk.reply(line.rstrip(b"\r\n")), flush=True)
            if talk.over:
                break


def _on_terminal(talk) -> None:
    heard, ready = queue.Queue(), threading.Semaphore()
    # A thread, since not every system can wait for a line with a time limit.
    threading.Thread(target=_hear, args=(heard, ready), daemon=True).start()
    while not talk.over:
        try:
            line = heard.get(timeout=PAUSE)
        except queue.Empty:
            for notice in talk.due():
                print(f"\r{notice}\n{PROMPT}", end="", flush=True)
            continue
        if not line:  # the end of the input
            print()
            break
        print(talk.reply(line.rstrip(b"\r\n")), flush=True)
        if not talk.over:
            ready.release()


def _hear(heard: queue.Queue, ready: threading.Semaphore) -> None:
    """Put line after line into `heard`, each once the one before is answered."""
    while ready.acquire():
        print(PROMPT, end="", flush=True)
        # Not sys.stdin's own reading, whose lock Python waits for when it ends. A terminal gives a line at a time.
        line = os.read(sys.stdin.fileno(), LINE)
        heard.put(line)
        if not line:
            return
