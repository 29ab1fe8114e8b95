"""Fuzzing: seeded mutations of bytes and of JSON, and what must hold for every mutated input.

A test gives its own number of inputs, which takes some seconds; `ZOO_FUZZ=100 pytest tests/fuzz` tries 100 times as
many. Input number n is the same on every machine and in every run, however many there are:

    @pytest.mark.parametrize("what", ["card"])
    def test_damaged_cards(what):
        for random, name in inputs(what, 40):
            text = changed_json(random, card)
            survives(lambda: read(text), name)
"""

import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from zoo.errors import ZooError

SECONDS = 5  # of the processor's time, that one input may take; other programs' work doesn't count
WAIT = 60  # seconds by the clock, for what waits for ever
BYTES = 10**9  # that one input may add to the process's memory
LETTERS = 1000  # of an error's line: 200 quoted ones, a path, names that would work
INTEGERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)
DEEP = 100_000
ODD = (  # JSON as text, since Python's own values can't express all of it
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "2.5",
    "1000000000000",
    str(2**63),
    "-1e308",
    "1e999",
    "9" * 5000,
    "NaN",
    "Infinity",
    "-Infinity",
    '""',
    '"3"',
    '"../../etc/passwd"',
    r'"\ud800"',
    r'"\u0000"',
    r'"two\nlines"',
    json.dumps("n" * 300),
    json.dumps("x" * 100_000),
    "[]",
    "{}",
    "[[[]]]",
    "[1, 2.5, null]",
    '{"a": {"b": []}}',
    "[" + "0, " * 100_000 + "0]",
    "[" * DEEP + "]" * DEEP,
    '{"a":' * DEEP + "0" + "}" * DEEP,
)
PLACE = "the place of an odd value"


class TooSlow(BaseException):  # no `except Exception` may take it for an error of its own
    """An input took more than `SECONDS`, or waited for more than `WAIT`."""


def inputs(what: str, count: int) -> Iterator[tuple[random.Random, str]]:
    """A source of random numbers, and a name for error messages, for each of `count` inputs times $ZOO_FUZZ."""
    for number in range(count * int(os.environ.get("ZOO_FUZZ", 1))):
        yield random.Random(f"{what} {number}"), f"{what} {number}"


def changed_bytes(random: random.Random, content: bytes) -> bytes:
    """`content` after one to three changes: bits flipped, parts cut off, left out, repeated or overwritten."""
    for _ in range(random.randint(1, 3)):
        start = random.randrange(len(content) + 1)
        end = min(len(content), start + random.choice((1, 4, 64, 4096)))
        before, part, after = content[:start], content[start:end], content[end:]
        change = random.choice(("flip", "flip", "cut", "leave out", "repeat", "insert", "integer", "integer"))
        if change == "flip" and part:
            content = before + bytes([part[0] ^ 1 << random.randrange(8)]) + part[1:] + after
        elif change == "cut":
            content = before
        elif change == "leave out":
            content = before + after
        elif change == "repeat":
            content = before + part * random.choice((2, 3, 100)) + after
        elif change == "insert":
            content = before + random.randbytes(len(part)) + part + after
        elif change == "integer":
            size, order = random.choice((1, 2, 4, 8)), random.choice(("little", "big"))
            number = random.choice(INTEGERS) % 256**size
            content = before + number.to_bytes(size, order) + content[start + size :]
    return content


def flipped_bit(random: random.Random, content: bytes) -> bytes:
    """`content` with one bit flipped."""
    place = random.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << random.randrange(8)]) + content[place + 1 :]


def changed_json(random: random.Random, value) -> str:
    """The JSON text of `value`, a dict or list, after a change at one to three places: an odd value, key or nesting, or
    another number."""
    value = json.loads(json.dumps(value))
    odd = []
    for _ in range(random.randint(1, 3)):
        parent, key = random.choice(list(_places(value)))
        change = random.choice(("replace", "replace", "replace", "remove", "rename", "wrap", "number"))
        if change == "remove":
            del parent[key]
        elif change == "rename" and isinstance(parent, dict):
            parent[random.choice(("n" * 300, "", "name", "\ud800", "two\nlines"))] = parent.pop(key)
        elif change == "wrap":
            parent[key] = [parent[key]] if random.random() < 0.5 else {str(key): parent[key]}
        elif change == "number" and isinstance(parent[key], int | float):
            parent[key] = random.choice((parent[key] + 1, parent[key] * 2, parent[key] * 1000, -parent[key]))
        else:
            parent[key] = PLACE
            odd.append(random.choice(ODD))
        if not value:
            break
    text = json.dumps(value)
    for each in odd:
        text = text.replace(json.dumps(PLACE), each, 1)
    return text


def _places(value) -> Iterator[tuple[dict | list, object]]:
    """Every place in a JSON value: the dict or list that holds it, and its key. Of long lists the first 20."""
    keys = list(value) if isinstance(value, dict) else range(min(len(value), 20))
    for key in keys:
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def survives(call, name: str) -> bool:
    """Call `call()`, which may raise `ZooError` with one short line. Returns whether it raised none.

    Fails for every other exception, for more than `SECONDS`, and for more than `BYTES` of memory.
    """
    start, before = time.process_time(), _memory("VmRSS")
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak is counted from here
    old = {which: signal.signal(which, _too_slow) for which in (signal.SIGALRM, signal.SIGPROF)}
    try:
        signal.alarm(WAIT)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        try:
            call()
        finally:
            signal.alarm(0)
            signal.setitimer(signal.ITIMER_PROF, 0)
        fine = True
    except ZooError as error:
        line, fine = str(error), False
        assert len(line.splitlines()) == 1, f"{name}: not one line: {line!r:.2000}"
        assert len(line) <= LETTERS, f"{name}: {len(line)} letters: {line:.2000}"
    except (Exception, TooSlow) as error:
        raise AssertionError(f"{name}: {type(error).__name__}: {str(error)[:500]}") from error
    finally:
        for which, handler in old.items():
            signal.signal(which, handler)
    seconds, more = time.process_time() - start, _memory("VmHWM") - before
    assert seconds < SECONDS, f"{name} took {seconds:.1f} seconds"
    assert more < BYTES, f"{name} took {more / 1e6:,.0f} MB"
    return fine


def _too_slow(*_):
    raise TooSlow(f"still running after {SECONDS} seconds of the processor's time, or waiting after {WAIT}")


def _memory(field: str) -> int:
    """Bytes of memory that this process holds (VmRSS) or held at most (VmHWM); 0 where there is no /proc."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(field))
