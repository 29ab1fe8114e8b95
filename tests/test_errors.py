"""Lines of errors: one line each, however long or odd what they refuse is."""

import sys

import pytest
from helpers import failing

import zoo
from zoo.cli.main import main
from zoo.errors import LINE, QUOTED, BadInput, UnknownName, one_line, quoted
from zoo.kinds.boxes import Boxes
from zoo.kinds.choice import Choice
from zoo.kinds.number import Number
from zoo.kinds.table import Table
from zoo.kinds.text import Text


@pytest.mark.parametrize(
    "value",
    ["x" * 300, ["y"] * 10**5, 10**5000, {"a": "b" * 10**6}, "\ud800" * 150, "\n" * 199, b"z" * 999],
    ids=lambda value: type(value).__name__,
)
def test_at_most_200_characters_are_quoted_of_what_is_refused(value):
    found = quoted(value)
    assert len(found) <= QUOTED and found.isprintable()


def test_the_beginning_and_the_end_of_long_values_are_quoted_and_short_ones_whole():
    found = quoted("begin" + "x" * 300 + "end")
    assert found.startswith("'begin") and found.endswith("end'") and " ... " in found
    assert quoted("short\n") == "'short\\n'" and quoted(None) == "None"


def test_values_that_cannot_be_written_are_named():
    deep = []
    for _ in range(10**5):
        deep = [deep]
    assert quoted(deep) == "a list"


def test_an_error_is_one_line_whatever_stands_in_a_name():
    line = str(BadInput("folder/two\nlines\x1b[31m/card.json is damaged"))
    assert line == "folder/two\\nlines\\x1b[31m/card.json is damaged"
    assert len(str(BadInput("x" * 10**6))) <= LINE
    assert len(str(UnknownName("checkpoint", "n" * 10**5, ["lenet5.mnist"]))) < 2 * QUOTED
    assert one_line(ValueError("first\nsecond")) == "first" and one_line(KeyError()) == "KeyError"


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "n" * 300],
        ["show", "n" * 100_000],
        ["show", f"folder/{'n' * 300}"],
        ["n" * 300],
        ["list", f"--{'n' * 300}"],
        ["show", "two\nlines"],
        ["show", "nul\0byte"],
    ],
)
def test_the_command_line_quotes_long_arguments_in_part(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["zoo", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    (line,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert line.startswith("zoo: ") and line.count("n" * 4) <= QUOTED


HUGE = 10**5000  # Python refuses to write it out


@pytest.mark.parametrize(
    "call",
    [
        lambda: zoo.load(HUGE),
        lambda: zoo.save(None, HUGE),
        lambda: Choice(options=("a", "b")).check("way", HUGE),
        lambda: Choice(options=("a", "b")).check_many("ways", HUGE),
        lambda: Number().check_many("box", [HUGE, 1], 3),
        lambda: Text().check_many("texts", [HUGE]),
        lambda: Table().check("rows", HUGE),
        lambda: Boxes().check("boxes", [HUGE]),
    ],
)
def test_a_huge_number_is_refused_in_one_line(call):
    assert "a int" in failing(BadInput, call) or "a list" in failing(BadInput, call)


def test_an_empty_name_is_none_of_a_checkpoint():
    line = failing(BadInput, zoo.card, "")
    assert line == "'' is no checkpoint; give a name, such as 'lenet5.mnist', or a folder"
