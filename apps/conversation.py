"""Talk with a `Conversation` on the terminal: lines in, answers out."""

import os
import queue
import sys
import threading

from .app import Conversation
from .texts import STANDARD

PROMPT = "> "
LINE = 4096  # bytes of a line that a terminal hands on
PAUSE = 0.5  # seconds between two looks at what is due


def converse(app: Conversation, lines: list[str]) -> None:
    """Say these lines, or where there are none those of standard input, until its end or until the user says goodbye.

    While a terminal waits for a line, what becomes due is said.
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
    # A thread, since not every system can wait for a line and for a time at once.
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
