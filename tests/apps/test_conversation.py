"""Talking with an app on the terminal and in pipes; and the assistant as an app."""

import io
import os
import pty
import sys
import time

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from zoo.errors import BadInput
from zoo_apps import commands, conversation
from zoo_apps.app import Sample, Text
from zoo_apps.assistant import app as assistant_app
from zoo_apps.assistant.app import AssistantApp
from zoo_apps.conversation import Conversation, converse
from zoo_apps.demo import _article


class Loud(Conversation):
    """Answers in capitals; after "wait" it has something to say by itself."""

    name = "loud"
    title = summary = "Loud"

    def __init__(self):
        super().__init__()
        self.over, self.unasked = False, []

    def __call__(self, lines: list[Text]) -> list[Text]:
        return [self.reply(line) for line in lines]

    def begin(self):
        return self

    def reply(self, line):
        line = line.decode(errors="replace") if isinstance(line, bytes) else line
        self.over, self.unasked = line == "bye", ["Ring!"] if line == "wait" else []
        return line.upper()

    def due(self):
        unasked, self.unasked = self.unasked, []
        return unasked


def test_lines_of_a_command_are_one_conversation(capsys):
    converse(Loud(), ["hello", "bye"])
    assert capsys.readouterr().out == "HELLO\nBYE\n"


@pytest.mark.parametrize("lines", [[], ["-"]])
def test_standard_input_is_a_conversation_until_goodbye(lines, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"hello\r\n\xff\nbye\nmore\n")))
    converse(Loud(), lines)
    assert capsys.readouterr().out == "HELLO\n\ufffd\nBYE\n"


def test_the_command(capsys):
    app = typer.Typer()
    app.command("loud")(commands._command(Loud()))
    assert CliRunner().invoke(app, ["one", "two"]).output == "ONE\nTWO\n"
    assert "[LINE]" in CliRunner().invoke(app, ["--help"]).output
    assert CliRunner().invoke(app, [], input="a\n").output == "A\n"


@pytest.fixture
def terminal(monkeypatch):
    """A terminal in which `type` presses keys."""
    keys, screen = pty.openpty()
    monkeypatch.setattr(sys, "stdin", os.fdopen(screen, "r"))
    yield lambda text: os.write(keys, text)
    sys.stdin.close()
    os.close(keys)


@pytest.mark.parametrize("end", [b"bye\n", b"\x04"])
def test_a_terminal_is_asked_and_told_what_is_due(end, terminal, capsys, monkeypatch):
    monkeypatch.setattr(conversation, "PAUSE", 0.01)

    class Slow(Loud):
        def due(self):
            unasked = super().due()
            if unasked:
                terminal(end)  # pressed once it has rung
            return unasked

    terminal(b"hello\nwait\n")
    converse(Slow(), [])
    out = capsys.readouterr().out
    assert out.startswith("Loud\nCtrl-D ends it.\n> HELLO\n> WAIT\n> ")
    assert "\rRing!\n> " in out and out.endswith("BYE\n" if end == b"bye\n" else "\n")


def test_a_demo_shows_a_conversation_in_turn(tmp_path):
    sample = Sample(name="two", title="Two", credit="ours", inputs={"lines": ["it's <on>", "so"]})
    shown = _article(Loud(), sample, ["IT'S <ON>", "SO"], "1 s", tmp_path)
    assert "&gt; it&#x27;s &lt;on&gt;\nIT&#x27;S &lt;ON&gt;\n&gt; so\nSO" in shown
    assert "zoo run loud" in shown


# --- the assistant ----------------------------------------------------------------------------------------------------

LABELS = ("timer", "todo_list_update", "translate", "goodbye")
WORDS = {"timer": 0, "shopping": 1, "say": 2, "bye": 3}


class Understands:
    """A predictor that goes by one word of a line, and knows nothing without."""

    class card:
        labels, ood_threshold = LABELS, 0.0

    def __call__(self, lines):
        [line] = lines
        found = [number for word, number in WORDS.items() if word in line]
        logits = np.array([[5.0 if number in found else -5.0 for number in range(len(LABELS))]], np.float32)
        return {"logits": logits}


@pytest.fixture
def assistant(tmp_path, monkeypatch):
    def tool(name, make):
        def translator(sentences):
            if "long" in sentences[0]:
                raise BadInput("too long")
            return [f"<{name}: {sentence}>" for sentence in sentences]

        return translator

    app = AssistantApp()
    monkeypatch.setattr(app, "predictor", lambda name: Understands())
    monkeypatch.setattr(app, "tool", tool)
    monkeypatch.setenv("ZOO_ASSISTANT", str(tmp_path / "mine" / "assistant.json"))
    return app


def test_what_a_call_is_told_is_forgotten_and_a_conversation_keeps_it(assistant, tmp_path):
    lines = ["set a timer for 20 minutes", "make it 30", "bye"]
    answers = assistant(lines)
    assert len(answers) == 3 and "20 minutes" in answers[0] and "30 minutes" in answers[1]
    assert not (tmp_path / "mine").exists() and assistant(lines) == answers
    talk = assistant.begin()
    assert "20 minutes" in talk.reply(lines[0]) and not talk.over
    assert (tmp_path / "mine" / "assistant.json").exists()
    talk.reply("bye")
    assert talk.over
    assert "20 minutes" in assistant.begin().reply("how long is left on the timer")


def test_it_translates_by_the_checkpoint_and_says_what_is_beyond_it(assistant):
    german, _, beyond = assistant(["how do you say two dogs play in german", "bye", "what is the meaning of blue"])
    assert f"<{assistant_app.TRANSLATORS['german']}: two dogs play>" in german.lower() and "guess" in german
    assert assistant(["how do you say good morning in german"]) == ["In German: Guten Morgen"]
    with pytest.raises(BadInput, match="no word"):
        assistant._translator(assistant_app.TRANSLATORS["german"])("$%& 7")
    assert beyond and "timer" not in beyond.lower()


def test_a_timer_rings_while_it_waits(assistant, monkeypatch):
    talk = assistant.begin()
    talk.reply("set a timer for 1 second")
    assert not [line for line in talk.due() if "Ring" in line]
    time.sleep(1.1)
    assert any("Ring" in line for line in talk.due()) and not talk.due()


def test_its_samples_are_conversations(assistant):
    for sample in assistant.samples():
        assert len(assistant(**sample.inputs)) == len(sample.inputs["lines"])
