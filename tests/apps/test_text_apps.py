"""Apps that take texts: running one on texts and files of them, with apps made up here; and write, translate and
sentiment on tiny checkpoints that have learned nothing."""

import csv
import html
import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import keras
import numpy as np
import pytest
import typer
from helpers import array, card_of
from typer.testing import CliRunner

import zoo
from zoo.data import tokens
from zoo.data.labels import probabilities
from zoo.errors import BadCheckpoint, BadInput, UnknownName
from zoo.generation.translation import Translator, normalized
from zoo.hub import checkpoint, store
from zoo.kinds.image import read_image, write_image
from zoo.runtime import onnx_generator
from zoo_apps import demo as demo_module
from zoo_apps import run as run_module
from zoo_apps.app import App, Flag, Image, Number, Record, Sample, Text
from zoo_apps.commands import _command
from zoo_apps.demo import demo
from zoo_apps.run import is_runnable, run
from zoo_apps.sentiment import Sentiment
from zoo_apps.translate import UNLIKE, Translate, drawn, word_attention, words
from zoo_apps.write import Write


class Shout(App):
    """Texts into texts, and a picture of one of them."""

    name = "shout"
    title = summary = "Shouts"

    def __init__(self):
        super().__init__()
        self.calls = []

    def __call__(
        self, texts: list[Annotated[str, Text(help="sentences")]], sign: Text = "!", drawn: Flag = False
    ) -> tuple[list[Annotated[str, Text(label="loud")]], Annotated[np.ndarray, Image(label="wave", when="drawn")]]:
        self.calls.append(list(texts))
        if "bad" in texts:
            raise BadInput("that is bad")
        if "stop" in texts:
            raise KeyboardInterrupt
        return [text.upper() + sign for text in texts], np.full((4, 6, 3), len(texts[0]), np.uint8) if drawn else None

    def samples(self):
        texts = ["it's a test", "<two>"]
        return [Sample(name="two", title="Two", credit="made here", inputs={"texts": texts, "drawn": True})]


class Count(App):
    name = "count"
    title = summary = "Counts"

    def __call__(self, texts: list[Text]) -> list[Annotated[dict, Record(label="counted")]]:
        if "bad" in texts:
            raise BadInput("that is bad")
        return [{"text": text, "letters": len(text), "first": {"letter": text[0]}} for text in texts]


class Tell(App):
    name = "tell"
    title = summary = "Tells"

    def __call__(
        self, prompt: Text, count: Annotated[int, Number(minimum=0, whole=True)] = 2
    ) -> Iterator[Annotated[str, Text(label="story")]]:
        if "é" in prompt:
            raise BadInput("é is unknown")
        return self.pieces(prompt, count)

    def pieces(self, prompt, count):
        yield prompt
        for number in range(count):
            if number == 5:
                raise KeyboardInterrupt
            yield f" {number}"


class Know(App):
    name = "know"
    title = summary = "Knows"

    def __call__(self, question: Text) -> tuple[Text, Record]:
        return f"{question}!", {"letters": len(question)}

    def describe(self, record):
        return f"{record['letters']} letters"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def given(monkeypatch):
    """Puts bytes on standard input."""
    return lambda data: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def table(path) -> list[dict]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


# --- what texts are ---------------------------------------------------------------------------------------------------


def test_texts_are_lines_or_a_list():
    assert Shout()("one\n\n  \n two\r\n")[0] == ["ONE!", " TWO!"]
    assert Shout()(["one\ntwo"])[0] == ["ONE\nTWO!"]
    for wrong in ("", " \n", []):
        with pytest.raises(BadInput, match="texts: there is no text"):
            Shout()(wrong)
    with pytest.raises(BadInput, match="text 2 of texts is empty; leave it out"):
        Shout()(["one", " "])
    for wrong in (3, None, ["one", 2], b"one"):
        with pytest.raises(BadInput, match="give a text or a list of them"):
            Shout()(wrong)


def test_what_an_app_is_about():
    assert Shout.main_input().name == "texts" and Tell.main_input().name == "prompt"
    assert all(is_runnable(app()) for app in (Shout, Count, Tell, Know))

    class Optional(App):
        name = title = summary = "optional"

        def __call__(self, words: Text = "") -> Text: ...

    assert Optional.main_input() is None and not is_runnable(Optional())
    with pytest.raises(BadInput, match="takes neither a file nor a text"):
        run(Optional(), ["x"])


# --- running one on texts ---------------------------------------------------------------------------------------------


def test_texts_are_printed(capfd):
    assert run(Shout(), ["one", "two, and\nthree"], sign="?") == 0
    assert capfd.readouterr().out == "ONE?\nTWO, AND?\nTHREE?\n"
    assert run(Shout(), ["What is it?*.txt is it", "a.b", "3.5"]) == 0  # no names of files
    assert capfd.readouterr().out == "WHAT IS IT?*.TXT IS IT!\nA.B!\n3.5!\n" and not os.listdir()


def test_lines_of_a_file_keep_their_places(here, capfd):
    Path("in.txt").write_bytes("\ufeffone\r\n\r\ntwo\n".encode())
    app = Shout()
    assert run(app, ["in.txt"]) == 0
    assert capfd.readouterr().out == "ONE!\n\nTWO!\n" and app.calls == [["one", "two"]]
    assert run(app, ["in.txt"], "new/out.txt") == 0
    assert Path("new/out.txt").read_text() == "ONE!\n\nTWO!\n"
    assert capfd.readouterr().err.startswith("wrote new/out.txt\n2 done, 0 failed, ")
    assert run(app, ["in.txt", "in.txt", "./in.txt", "three"], "out.md") == 0  # a file is done once
    assert Path("out.md").read_text() == "ONE!\n\nTWO!\nTHREE!\n"
    assert names(here) == ["in.txt", "new/out.txt", "out.md"]


def test_standard_input(given, capfd):
    given("ähm\n\nzwei\n".encode())
    assert run(Shout(), ["-"]) == 0
    given(b"Once\nupon\n")
    assert run(Tell(), ["-"]) == 0
    assert capfd.readouterr().out == "ÄHM!\n\nZWEI!\nOnce\nupon 0 1\n"
    given(b"good\n\xff\n")
    assert run(Shout(), ["-"]) == 1
    assert capfd.readouterr().err == "standard input: line 2 is not UTF-8 (byte 0xff); save it as UTF-8 first\n"


def test_columns_of_a_table_are_kept(here, capfd):
    Path("in.csv").write_text('id;text;letters\n1;"one; or\ntwo";x\n2;;y\n3;three;z\n')
    assert run(Count(), ["in.csv"], "out.csv") == 0
    assert table("out.csv") == [
        {"id": "1", "text": "one; or\ntwo", "letters": "x", "count_letters": "11", "first_letter": "o"},
        {"id": "2", "text": "", "letters": "y", "count_letters": "", "first_letter": ""},
        {"id": "3", "text": "three", "letters": "z", "count_letters": "5", "first_letter": "t"},
    ]
    assert run(Count(), ["in.csv"], "out.json", column="id") == 0
    assert json.loads(Path("out.json").read_text())[0] == {
        "id": "1", "text": "one; or\ntwo", "letters": "x", "count_letters": 1, "first": {"letter": "1"}
    }  # fmt: skip
    assert run(Shout(), ["in.csv"], "loud.csv") == 0 and table("loud.csv")[2]["loud"] == "THREE!"
    assert run(Shout(), ["in.csv"], "loud.txt") == 0
    assert Path("loud.txt").read_text() == "ONE; OR TWO!\n\nTHREE!\n"  # a line for each row


def test_records_of_texts(capfd):
    assert run(Count(), ["one", "three [b]words[/b]"]) == 0
    out = capfd.readouterr().out.splitlines()
    assert out[0].split() == ["text", "letters", "first_letter"]
    assert out[1].split() == ["one", "3", "o"] and out[2].split() == ["three", "[b]words[/b]", "18", "t"]
    Path("in.txt").write_text("one\n\ntwo\n")
    assert run(Count(), ["in.txt", "three"], "out.csv") == 0
    assert [(row["file"], row["text"], row["letters"]) for row in table("out.csv")] == [
        ("in.txt", "one", "3"),
        ("in.txt", "two", "3"),
        ("", "three", "5"),
    ]
    assert run(Count(), ["in.txt"], "alone.csv") == 0 and next(iter(table("alone.csv")[0])) == "text"


def test_folders_and_globs(here, capfd):
    for name, text in {"a.txt": "a", "deep/b.csv": "text,n\nb,1\n", ".hidden/c.txt": "c", "d.png": "d"}.items():
        Path("texts", name).parent.mkdir(parents=True, exist_ok=True)
        Path("texts", name).write_text(text)
    app = Shout()
    for _ in range(2):  # results are no inputs
        assert run(app, ["texts"], "texts/out", force=True) == 0
        assert app.calls.pop() == ["a", "b"]
    assert names("texts/out") == ["a.txt", "deep/b.csv"]
    assert Path("texts/out/a.txt").read_text() == "A!\n"
    assert table("texts/out/deep/b.csv") == [{"text": "b", "n": "1", "loud": "B!"}]
    assert capfd.readouterr().err.startswith("results are in texts/out\n2 done")
    assert run(Count(), ["texts/*.txt", "said"], "v1/") == 0
    assert names("v1") == ["a.csv", "count.csv"] and table("v1/count.csv")[0]["text"] == "said"
    Path("empty").mkdir()
    assert run(Shout(), ["empty", "no/*.csv"]) == 2
    assert capfd.readouterr().err.count("no text files there (.txt .csv .tsv)") == 2


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nowhere.txt", "nowhere.txt: no such file"),
        ("a/b.CSV", "a/b.CSV: no such file"),
        ("latin.txt", "latin.txt: line 2 is not UTF-8"),
        ("other.csv", "other.csv: no column 'text'; its first line has id, words"),
        ("twice.csv", "twice.csv: two columns have one name; its first line has text, id, id"),
        ("short.csv", "short.csv: line 3 has 1 columns"),
    ],
)
def test_files_that_cannot_be_read_are_one_line_and_the_rest_is_done(given, said, capfd):
    Path("latin.txt").write_bytes(b"one\nd\xe9j\xe0\n")
    Path("other.csv").write_text("id,words\n1,a\n")
    Path("twice.csv").write_text("text,id,id\na,1,2\n")
    Path("short.csv").write_text("text,id\na,1\nb\n")
    assert run(Shout(), [given]) == 1
    alone = capfd.readouterr()
    assert not alone.out and alone.err.startswith(said) and alone.err.count("\n") == 1
    assert run(Shout(), ["one", given]) == 1
    assert capfd.readouterr().out == "ONE!\n"


def test_one_bad_text_is_named_and_the_rest_done(capfd):
    Path("in.txt").write_text("one\nbad\n\nthree\n")
    assert run(Shout(), ["in.txt"], "out.txt") == 1
    assert Path("out.txt").read_text() == "ONE!\n\n\nTHREE!\n"
    lines = capfd.readouterr().err.splitlines()
    assert lines[:2] == ["in.txt: line 2: that is bad", "wrote out.txt"] and lines[2].startswith("2 done, 1 failed")
    Path("in.csv").write_text("text,n\none,1\nbad,2\n")
    assert run(Count(), ["in.csv"], "out.csv") == 1
    assert [row["letters"] for row in table("out.csv")] == ["3", ""] and table("out.csv")[1]["n"] == "2"
    assert capfd.readouterr().err.startswith("in.csv: row 2: that is bad\n")
    assert run(Shout(), ["bad"], "none.txt") == 1 and not Path("none.txt").exists()
    assert capfd.readouterr().err == "that is bad\n"


def test_many_texts_go_through_in_parts_and_a_stop_keeps_what_was_found(monkeypatch, capfd):
    monkeypatch.setattr(run_module, "PART", 2)
    Path("in.txt").write_text("a\nb\n\nc\nd\ne\n")
    app = Shout()
    assert run(app, ["in.txt"]) == 0
    assert app.calls == [["a", "b"], ["c", "d"], ["e"]] and capfd.readouterr().out == "A!\nB!\n\nC!\nD!\nE!\n"
    Path("in.txt").write_text("a\nb\n\nc\nstop\nd\ne\n")
    with pytest.raises(KeyboardInterrupt):
        run(Shout(), ["in.txt"], "out.txt")
    assert Path("out.txt").read_text() == "A!\nB!\n"
    with pytest.raises(KeyboardInterrupt):
        run(Tell(), ["Once"], "told.txt", count=9)
    assert Path("told.txt").read_text() == "Once 0 1 2 3 4\n"
    with pytest.raises(KeyboardInterrupt):
        run(Shout(), ["stop"], "none.txt")
    assert not Path("none.txt").exists()


@pytest.mark.parametrize("force", [False, True])
def test_an_input_is_never_overwritten(force, capfd):
    Path("in.txt").write_text("one\n")
    os.link("in.txt", "link.txt")
    for output in ("in.txt", "./in.txt", "link.txt"):
        assert run(Shout(), ["in.txt"], output, force=force) == 1
        assert "is an input; choose another output" in capfd.readouterr().err
    assert run(Shout(), ["in.txt", "link.txt"], ".", force=force) == 2
    assert run(Tell(), ["in.txt"], "in.txt", force=force) == 1
    assert Path("in.txt").read_text() == "one\n" and names(".") == ["in.txt", "link.txt"]


def test_an_output_that_exists_is_refused_before_the_work(here, capfd):
    Path("out.txt").write_text("mine")
    Path("shout.wave.png").write_text("mine")
    app = Shout()
    assert run(app, ["one"], "out.txt") == 1 and run(app, ["one"], drawn="true") == 1
    assert capfd.readouterr().err.count("exists already; choose another output or add --force") == 2
    assert not app.calls and Path("out.txt").read_text() == "mine"
    assert run(app, ["one"], "out.txt", force=True) == 0 and Path("out.txt").read_text() == "ONE!\n"
    Path("file").touch()
    assert run(app, ["one"], "file/out.txt") == 1 and "cannot be written to" in capfd.readouterr().err
    assert not [name for name in names(here) if name.endswith(".part")]


@pytest.mark.parametrize(
    ("app", "output", "said"),
    [
        (Shout, "out.pdf", "out.pdf: cannot write .pdf; use one of .jpg .jpeg .png"),
        (Count, "out.txt", "out.txt: cannot write .txt; use one of .json .csv"),
        (Count, "out.png", "out.png: cannot write .png"),
        (Shout, "out.png", "out.png: no image is made without --drawn"),
        (Shout, "", "the output has no name"),
    ],
)
def test_an_output_must_suit(app, output, said):
    with pytest.raises(BadInput) as caught:
        run(app(), ["one"], output)
    assert str(caught.value).startswith(said) and not os.listdir()


def test_options_and_empty_texts_are_one_line(capfd):
    Path("empty.txt").write_text("\n \n")
    with pytest.raises(BadInput, match="texts: there is no text; give one"):
        run(Shout(), ["empty.txt"])
    with pytest.raises(BadInput, match="prompt: there is no text; give one"):
        run(Tell(), [""])
    with pytest.raises(BadInput, match="count is 'x'"):
        run(Tell(), ["Once"], count="x")
    with pytest.raises(UnknownName, match="signs"):
        run(Shout(), ["one"], signs="?")


def test_a_picture_of_a_text(capfd):
    assert run(Shout(), ["one"], drawn="true") == 0
    assert capfd.readouterr() == ("ONE!\n", "wrote shout.wave.png\n")
    assert run(Shout(), ["one"], "new/out.txt", drawn="true") == 0
    assert run(Shout(), ["three"], "wave.png", drawn="true") == 0 and capfd.readouterr().out == "THREE!\n"
    assert names("new") == ["out.txt", "out.wave.png"] and (read_image("wave.png") == 5).all()
    for inputs in (["one", "two"], ["one\ntwo"]):
        with pytest.raises(BadInput, match="shout draws one text, not 2; give one or leave out --drawn"):
            run(Shout(), inputs, drawn="true")
    write_image("in.png", np.zeros((2, 2, 3), np.uint8))
    assert run(Shout(), ["in.png"]) == 1 and "in.png: line 1 is not UTF-8" in capfd.readouterr().err


def test_one_text_and_no_more(here, capfd):
    assert run(Tell(), ["Once upon"]) == 0
    assert capfd.readouterr().out == "Once upon 0 1\n"
    Path("in.txt").write_text("Once\n\nupon\n")
    assert run(Tell(), ["in.txt"], "out.txt", count=1) == 0
    assert Path("out.txt").read_text() == "Once\n\nupon 0\n" and capfd.readouterr() == ("", "wrote out.txt\n")
    for inputs in (["Once", "upon", "a"], ["in.txt", "in.txt"]):
        with pytest.raises(BadInput, match=f"tell takes one text, not {len(inputs)}; put it in quotes"):
            run(Tell(), inputs)
    with pytest.raises(BadInput, match="tell takes one text, not 2"):
        run(Tell(), ["."])  # a folder with two
    Path("in.txt").write_text("é")
    assert run(Tell(), ["in.txt"]) == 1 and capfd.readouterr().err == "in.txt: é is unknown\n"


def test_a_record_of_one_text(capfd):
    assert run(Know(), ["Why"]) == 0 and capfd.readouterr().out == "Why!\n3 letters\n"
    assert run(Know(), ["Why"], "out.json") == 0
    assert json.loads(Path("out.json").read_text()) == {"text": "Why", "result": "Why!", "letters": 3}


# --- the command line and the demo ------------------------------------------------------------------------------------


@pytest.fixture
def command():
    """Runs an app's command; its standard output, or what it says where it fails with exit code 2."""

    def call(app, *words, stdin=None):
        line = typer.Typer()
        line.command()(_command(app))
        answer = CliRunner().invoke(line, [*words], input=stdin)
        if answer.exception and not isinstance(answer.exception, SystemExit):
            raise answer.exception
        assert answer.exit_code in (0, 2)
        return answer.output

    return call


def test_commands(command):
    assert command(Tell(), "Once", "--count", "1") == "Once 0\n"
    assert command(Tell(), "-", stdin="upon\n") == "upon 0 1\n"
    assert command(Shout(), "one", "two", "--sign", "?") == "ONE?\nTWO?\n"
    Path("in.csv").write_text("words\none\n")
    assert command(Shout(), "in.csv", "--column", "words") == "ONE!\n"
    assert "no column 'text'" in command(Shout(), "in.csv")
    assert "in.csv" in command(Shout(), "in.csv", "-o", "in.csv", "--column", "words", "--force")
    help = command(Shout(), "--help")
    assert "--column" in help and "--sign" in help and "--drawn" in help and "standard output" in help
    assert "--column" not in command(Tell(), "--help") and "TEXT" in command(Tell(), "--help")


def test_the_demo_shows_texts(monkeypatch, here):
    class Tale(Tell):
        name = "tale"

        def samples(self):
            inputs = {"prompt": "Once & <again>", "count": 1}
            return [Sample(name="once", title="Once", credit="made here", inputs=inputs)]

    class Tally(Count):
        name = "tally"

        def samples(self):
            return [Sample(name="two", title="Two", credit="made here", inputs={"texts": "one\ntwo"})]

    monkeypatch.setattr(demo_module, "apps", lambda: {app.name: app for app in (Shout(), Tale(), Tally())})
    page = demo().read_text(encoding="utf-8")
    assert "<pre>it&#x27;s a test\n&lt;two&gt;</pre>" in page and "<pre>IT&#x27;S A TEST!\n&lt;TWO&gt;!</pre>" in page
    assert '<img src="shout/two-wave.png"' in page and read_image("demo/shout/two-wave.png").shape == (4, 6, 3)
    assert "Once &amp; &lt;again&gt; 0" in page and "text: one, letters: 3" in page
    commands = re.findall("<pre><code>(zoo run .*)</code></pre>", page)
    spoken = [shlex.split(html.unescape(each)) for each in commands]
    assert spoken[0] == ["zoo", "run", "shout", "it's a test", "<two>", "--drawn", "-o", "two.png"]
    assert spoken[1] == ["zoo", "run", "tale", "Once & <again>", "--count", "1"]
    assert spoken[2] == ["zoo", "run", "tally", "one", "two"]


# --- write, translate, sentiment --------------------------------------------------------------------------------------

LINES = [
    "Zwei Kinder spielen am Strand mit einem roten Ball.",
    "Two children play on the beach with a red ball.",
    "the old house stood at the end of the lane",
]
TOKENS = array(None, dtype="int32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    keras.utils.set_random_seed(1)
    return tmp_path_factory.mktemp("weights")


def saved(model, folder, tokenizer, **fields) -> str:
    outputs = {"logits": array(*model.output.shape[1:])}
    store.save(model, folder, card_of(model, outputs=outputs, **fields), tokenizer=tokenizer)
    return str(folder)


@pytest.fixture(scope="module")
def pairs():
    return tokens.byte_pairs(LINES, 300)


@pytest.fixture(scope="module", params=["gpt", "lstm"])
def language_model(request, folder, pairs):
    facts = {"task": "generate_text", "inputs": {"tokens": TOKENS}}
    if request.param == "gpt":
        model = zoo.GPT(vocabulary=pairs.size, context=32, width=16, depth=1, heads=2)
        return saved(model, folder / "gpt", pairs, **facts)
    tokenizer = tokens.characters(LINES)
    return saved(zoo.LSTM(vocabulary=tokenizer.size, embedding=8, units=8), folder / "lstm", tokenizer, **facts)


@pytest.fixture(scope="module")
def translator(folder, pairs):
    """One that answers something: at each place a token of plain letters is by far the likeliest, never the end."""
    model = zoo.Transformer(vocabulary=pairs.size, width=16, depth=1, heads=2, hidden=16, context=128)
    [table] = model.get_layer("embedding").weights
    plain = [bool(pairs.text([n]).strip()) and pairs.text([n]).isascii() for n in range(pairs.size)]
    table.assign(20 * np.array(table) * np.array(plain)[:, None])
    inputs = {"source": TOKENS | {"language": "de"}, "target": TOKENS | {"language": "en"}}
    return saved(model, folder / "transformer", pairs, task="translate_text", inputs=inputs)


SENTENCES = {"task": "classify_texts", "inputs": {"tokens": TOKENS, "segments": TOKENS}}


@pytest.fixture(scope="module")
def classifier(folder):
    tokenizer = tokens.word_pieces(LINES, 120, 32)
    model = zoo.BERT(vocabulary=tokenizer.size, context=32, width=16, depth=1, heads=2, classes=2)
    for weight in model.get_layer("classes").weights:
        weight.assign(keras.random.normal(weight.shape, stddev=2.0, seed=1))
    return saved(model, folder / "bert", tokenizer, **SENTENCES, labels=["negative", "positive"])


def test_write_continues_a_text(language_model):
    app = Write()

    def text(**options):
        return list(app("the old house", checkpoint=language_model, length=40, **options))

    pieces = text(seed=3)
    assert pieces[0] == "the old house" and len(pieces) > 2 and len("".join(pieces)) > len(pieces[0])
    assert text(seed=3) == pieces and text(seed=4) != pieces and text() != text()
    assert text(temperature=0, seed=1) == text(temperature=0, seed=2)


def test_write_on_the_command_line(language_model, command):
    words = ["the old house", "--checkpoint", language_model, "--length", "20", "--temperature", "0.7", "--seed", "3"]
    out = command(Write(), *words)
    assert out.startswith("the old house") and out == command(Write(), *words)
    command(Write(), *words, "-o", "out.txt")
    assert Path("out.txt").read_text(encoding="utf-8").startswith("the old house")
    for wrong in ([""], ["-"]):
        with pytest.raises(BadInput, match="prompt: there is no text"):
            command(Write(), *wrong, *words[1:], stdin="")
    for option, value in (("--temperature", "3"), ("--top-p", "0"), ("--length", "0"), ("--seed", "1.5")):
        with pytest.raises(BadInput, match=f"{option[2:].replace('-', '_')} is '{value}'; give a"):
            command(Write(), "the", option, value)
    if "lstm" in language_model:
        said = command(Write(), "ähm §", *words[1:])
        assert said == "unknown characters: § ä; leave them out\n"  # and nothing of the text


def test_translate(translator, command):
    app = Translate()
    texts = ["Zwei Kinder spielen.", "am Strand"]
    found, notes, picture = app(texts, checkpoint=translator)
    assert len(found) == 2 and all(found) and notes == ["", ""] and picture is None
    again, _, picture = app(texts[:1], checkpoint=translator, attention=True)
    assert again == found[:1] and picture.dtype == np.uint8 and picture.shape[2] == 3 and picture.min() < 100
    assert command(app, *texts, "--checkpoint", translator).splitlines() == [" ".join(f.splitlines()) for f in found]
    out = command(app, texts[0], "--checkpoint", translator, "--attention", "-o", "out.txt")
    assert "wrote out.txt\nwrote out.attention.png\n" in out.replace("\r", "")
    np.testing.assert_array_equal(read_image("out.attention.png"), picture)
    with pytest.raises(BadInput, match="attention is drawn for one sentence, not 2"):
        app(texts, checkpoint=translator, attention=True)
    with pytest.raises(BadInput, match="attention is drawn for one sentence, not 2"):
        app("Zwei Kinder. Ein Ball.", checkpoint=translator, attention=True)
    with pytest.raises(BadInput, match="pair is 'en-fr'; choose de-en or en-de"):
        command(app, "Hello", "--pair", "en-fr")
    Path("in.txt").write_text("am Strand\n" + 200 * "Strand, " + "\n")
    said = command(app, "in.txt", "--checkpoint", translator)
    assert "in.txt: line 2: a sentence of" in said and "longer than the 128" in said


def test_words_of_both_sentences_have_attention(translator, pairs):
    tool = Translate()
    tool("am Strand", checkpoint=translator)
    [(_, made)] = tool._tools.values()
    weights, target, source = word_attention(made, "Zwei Kinder, am Strand!", "Two childrens' ball")
    assert source == ["Zwei", "Kinder", ",", "am", "Strand", "!"] and target == ["Two", "childrens", "'", "ball"]
    all_of_it, *_ = made.attention("Zwei Kinder, am Strand!", "Two childrens' ball")
    assert weights.shape == (4, 6)
    np.testing.assert_allclose(weights[0].sum(), all_of_it[: len(pairs(["Two"])[0])].sum(axis=1).mean(), rtol=1e-5)
    assert [word for word, _ in words(pairs, " Ein  Übergrößen-Träger läuft… 😀")] == [
        "Ein", "Übergrößen-Träger", "läuft", "…", "😀"
    ]  # fmt: skip
    parts = [part for _, part in words(pairs, "Ein Übergrößen-Träger läuft…")]
    assert sorted(number for part in parts for number in part) == list(
        range(len(pairs(["Ein Übergrößen-Träger läuft…"])[0]))
    )


@pytest.mark.parametrize("shape", [(1, 1), (3, 12), (300, 2)])
def test_a_picture_of_attention_has_all_words(shape):
    rows, columns = shape
    weights = np.random.default_rng(0).random(shape)
    picture = drawn(weights, [f"$t{i}" for i in range(rows)], ["语" + columns * "x"] * columns, ["de", "fr"])
    assert picture.dtype == np.uint8 and max(picture.shape) < 5000 and min(picture.shape[:2]) > 150


def test_sentiment(classifier, command):
    app, texts = Sentiment(), ["a red ball", "the lane", "the old house stood at the end of the lane"]
    found = app(texts, checkpoint=classifier)
    chances = probabilities(zoo.predictor(classifier, "model")(texts)["logits"])
    assert [record["text"] for record in found] == texts
    labels = ["negative", "positive"]
    assert [record["label"] for record in found] == [labels[i] for i in chances.argmax(axis=1)]
    np.testing.assert_allclose([record["confidence"] for record in found], chances.max(axis=1), atol=2e-3)

    Path("in.csv").write_text("id,text,label\n" + "".join(f"{i},{text},?\n" for i, text in enumerate(texts)))
    command(app, "in.csv", "--checkpoint", classifier, "-o", "out.csv")
    rows = table("out.csv")
    assert list(rows[0]) == ["id", "text", "label", "sentiment_label", "confidence"]
    assert [row["sentiment_label"] for row in rows] == [record["label"] for record in found]
    assert [float(row["confidence"]) for row in rows] == [record["confidence"] for record in found]
    command(app, *texts, "--checkpoint", classifier, "-o", "out.json")
    assert json.loads(Path("out.json").read_text()) == found
    assert found[0]["label"] in command(app, texts[0], "--checkpoint", classifier)


def test_what_is_unknown_has_no_label(classifier, tmp_path, capfd):
    card = json.loads((Path(classifier) / "card.json").read_text())
    for edge in (-1000.0, 1000.0):
        target = tmp_path / f"edge{edge}"
        target.mkdir()
        for path in Path(classifier).iterdir():
            os.link(path, target / path.name)
        (target / "card.json").unlink()
        (target / "card.json").write_text(json.dumps(card | {"ood_threshold": edge}))
        [record] = Sentiment()("a red ball", checkpoint=str(target))
        assert (record["label"] is None) == (edge > 0)
    assert run(Sentiment(), ["a red ball"], checkpoint=str(target)) == 0
    assert capfd.readouterr().out.splitlines()[1].split()[3] == "-"


def test_checkpoints_of_another_kind_are_one_line(language_model, translator, classifier):
    kinds = {
        Write: (language_model, "writes no texts; give a language model such as gpt.gutenberg"),
        Translate: (translator, "translates nothing; give a translator such as transformer.multi30k-de-en"),
        Sentiment: (classifier, "is no classifier of texts; give a classifier of texts such as bert.rt-polarity"),
    }
    for app, (own, said) in kinds.items():
        for other in {language_model, translator, classifier, "lenet5.mnist"} - {own}:
            with pytest.raises(BadCheckpoint) as caught:
                app()("the lane", checkpoint=other)
            assert str(caught.value).endswith(said)
        with pytest.raises(UnknownName, match=r"no checkpoint is called 'nobody\.knows'"):
            app()("the lane", checkpoint="nobody.knows")


def test_labels_that_do_not_fit_are_one_line(folder, classifier):
    tokenizer = checkpoint.tokenizer(classifier)
    model = zoo.BERT(vocabulary=tokenizer.size, context=32, width=16, depth=1, heads=2, classes=3)
    few = saved(model, folder / "few", tokenizer, **SENTENCES, labels=["negative", "positive"])
    with pytest.raises(BadCheckpoint, match=r"has 2 labels for logits of shape \(1, 3\)"):
        Sentiment()("the lane", checkpoint=few)


def test_with_their_exports_apps_import_no_framework(classifier, translator, language_model):
    zoo.predictor(classifier, "onnx")
    for name in (translator, language_model):
        onnx_generator.load(name)
    code = (
        "import sys; from zoo_apps.app import find; from zoo_apps.run import run;"
        "run(find('sentiment'), ['a red ball'], checkpoint=sys.argv[1]);"
        "run(find('translate'), ['Ein Ball.'], checkpoint=sys.argv[2], attention=True);"
        "run(find('write'), ['the old house'], checkpoint=sys.argv[3], length=20);"
        "print([m for m in ('keras', 'tensorflow', 'torch', 'jax') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code, classifier, translator, language_model]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]" and "confidence" in done.stdout and "the old house" in done.stdout
    assert done.stderr == "wrote translate.attention.png\n"


def test_a_prompt_with_a_space_at_its_end_is_followed_by_a_word():
    app = Write()
    for seed in range(4):
        text = "".join(app("The sea was ", length=12, seed=seed))
        assert re.match("The sea was [^ ]", text)
    # The likeliest tokens are those after the prompt without the space, which a space follows.
    spaced, plain = ("".join(app(f"The sea was{end}", length=12, temperature=0)) for end in (" ", ""))
    assert spaced == plain and plain[len("The sea was")] == " "


@pytest.mark.parametrize("name", ["gpt.gutenberg", "gpt.shakespeare", "lstm.shakespeare", "bert.gutenberg"])
def test_prompts_are_split_where_their_tokens_are_complete(name):
    tokenizer = checkpoint.tokenizer(name)
    byte_pairs = name == "gpt.gutenberg"
    assert tokenizer.split_prompt("The sea was ") == (("The sea was", " ") if byte_pairs else ("The sea was ", ""))
    assert tokenizer.split_prompt("was  ") == (("was ", " ") if byte_pairs else ("was  ", ""))
    for complete in (" ", "was", "was\n"):
        assert tokenizer.split_prompt(complete) == (complete, "")
    if byte_pairs:
        numbers = tokenizer.words_after(" ")
        assert 1000 < len(numbers) < tokenizer.size and tokenizer([" "])[0][0] not in numbers
        assert all(tokenizer.text([number])[:1] == " " for number in numbers)


def test_texts_are_normalised_split_and_truecased():
    name = "transformer.multi30k-de-en"
    found = Translator(zoo.load(name), checkpoint.tokenizer(name), "de")
    assert found.split("Zwei Hunde spielen im Schnee. Ein Mann liest die Zeitung.") == [
        "Zwei Hunde spielen im Schnee.",
        "Ein Mann liest die Zeitung.",
    ]
    for whole in ("Dr. Müller mag Obst, z. B. Äpfel.", "Am 3. Oktober spielen zwei Hunde.", "Wo ist er"):
        assert found.split(whole) == [whole]
    assert found.split("ZWEI HUNDE SPIELEN IM SCHNEE.") == ["Zwei Hunde spielen im Schnee."]
    assert found.split("Die USA sind groß.") == ["Die USA sind groß."]
    assert normalized("Ein Mann fa\u0308hrt\u00a0\u202fRad\u00ad.\u200b") == "Ein Mann fährt Rad."


def test_shipped_translators_translate_what_people_type(capfd):
    app, two = Translate(), "Zwei Hunde spielen im Schnee. Ein Mann liest die Zeitung."
    [both, decomposed, plain, capitals, usual], notes, _ = app(
        [two, "Ein Mann fa\u0308hrt\u00a0Rad.", "Ein Mann fährt Rad.", "ZWEI HUNDE SPIELEN IM SCHNEE.", two[:29]]
    )
    assert both == f"{usual} {app('Ein Mann liest die Zeitung.')[0][0]}" and both.count(".") == 2
    assert decomposed == plain and capitals == usual and not any(notes)
    strange = "Der Bundestag verabschiedete gestern das umstrittene Haushaltsgesetz."
    assert app(strange)[1] == [UNLIKE]
    assert run(app, [strange], "out.csv") == 0 and table("out.csv")[0]["note"] == UNLIKE
    assert run(app, [strange, two]) == 0
    said = capfd.readouterr()
    assert UNLIKE in said.err and UNLIKE not in said.out and said.err.count(UNLIKE) == 1


def test_samples_are_texts_of_our_own():
    for app in (Write(), Translate(), Sentiment()):
        for sample in app.samples():
            assert app.check(**sample.inputs) and sample.credit == "our own words"
