"""Text: reading files, preparing the data sets that are texts, and tokenisers."""

import gzip
import json

import numpy as np
import pytest
from helpers import failing, packed, shared_data, unpacked

from zoo.data import tokens
from zoo.data.catalogue import load, load_folder, prepare
from zoo.data.datasets import dataset
from zoo.data.tokens import Tokenizer
from zoo.errors import BadCheckpoint, BadInput
from zoo.kinds import text as module
from zoo.kinds.table import read_rows, read_table

PLAY = "First Citizen:\nSpeak, speak.\n\nAll:\nWe know't, we know't.\n"


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_text_is_read_whatever_its_line_ends(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeffé\r\nb\rc\n".encode())
    assert module.read_text(tmp_path / "a.txt") == "é\nb\nc\n"
    assert module.read_lines(tmp_path / "a.txt") == ["é", "b", "c"]


def test_what_is_no_text_is_refused_by_name(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"good\nbad \xe9\n")
    assert "a.txt: line 2 is not UTF-8 (byte 0xe9)" in failing(BadInput, module.read_text, tmp_path / "a.txt")
    assert "b.txt: cannot be read" in failing(BadInput, module.read_text, tmp_path / "b.txt")
    assert "no text files" in failing(BadInput, module.find_texts, tmp_path / "none")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_by_its_columns(delimiter, tmp_path):
    rows = [["n", "text", "label"], ["1", '"two, or\nthree; words"', "x"], ["2", "b", "y"]]
    (tmp_path / "a.csv").write_text("\n".join(delimiter.join(row) for row in rows) + "\n\n")
    found = read_table(tmp_path / "a.csv", ("label", "text"))
    assert found == [("x", "two, or\nthree; words"), ("y", "b")]


def test_a_bad_table_is_refused_by_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,b\nc\n")
    assert "line 3 has 1 columns" in failing(BadInput, read_table, path, ("text", "label"))
    assert "no column 'mood'; its first line has text, label" in failing(BadInput, read_table, path, ("mood",))
    path.write_text("")
    assert "its first line has nothing" in failing(BadInput, read_table, path, ("text",))
    path.write_text('text\n"a"b\n')
    assert "line 2 is no CSV" in failing(BadInput, read_table, path, ("text",))


# File -> header, rows, and the line at which each row begins.
TABLES = {
    "text,label\n\na,b\n\n\nc,d": (["text", "label"], [["a", "b"], ["c", "d"]], [3, 6]),
    "text,label\r\na,b\r\n": (["text", "label"], [["a", "b"]], [2]),
    "text,label\ra,b\r": (["text", "label"], [["a", "b"]], [2]),
    "\ufefftext,label\na,b": (["text", "label"], [["a", "b"]], [2]),
    # Line breaks that are inside of cells; what only str.splitlines takes for one is none.
    'text,n\n"one\ntwo\r\nthree",1\nfour,2\n': (["text", "n"], [["one\ntwo\r\nthree", "1"], ["four", "2"]], [2, 5]),
    "text,n\na\u2028b\x0bc\x85d\u2029,1\n": (["text", "n"], [["a\u2028b\x0bc\x85d\u2029", "1"]], [2]),
    '"my\r\ntext", n \nx,1\n': (["my text", "n"], [["x", "1"]], [3]),
    # Separators: of the header, whose quoted cells may have others.
    '"a;b;c",text\n1;2,x\n': (["a;b;c", "text"], [["1;2", "x"]], [2]),
    'text;"a,b,c,d"\nx, y;1\n': (["text", "a,b,c,d"], [["x, y", "1"]], [2]),
    '"a, ""b""; c"\ttext\nx\ty\n': (['a, "b"; c', "text"], [["x", "y"]], [2]),
    "text\nsomething; else\n": (["text"], [["something; else"]], [2]),
    "sep=;\ntext;label\na, b;c\n": (["text", "label"], [["a, b", "c"]], [3]),
    'sep=|\r\ntext|"a|b"\r\nx,y|1\r\n': (["text", "a|b"], [["x,y", "1"]], [3]),
    "": ([], [], []),
    'text,size\n"say ""hi""",5" disk\n': (["text", "size"], [['say "hi"', '5" disk']], [2]),
}


@pytest.mark.parametrize("content", TABLES, ids=[repr(content)[1:25] for content in TABLES])
def test_cells_are_as_they_stand_in_the_file(content, tmp_path):
    (tmp_path / "a.csv").write_bytes(content.encode())
    table = read_rows(tmp_path / "a.csv")
    assert (table.header, table.rows, table.lines) == TABLES[content]


def test_a_cell_may_be_a_long_text(tmp_path):
    long = "word " * 100_000
    (tmp_path / "a.csv").write_text(f'text,label\n"{long}",good\n{long},bad\n')
    assert read_table(tmp_path / "a.csv", ("text", "label")) == [(long, "good"), (long, "bad")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "text,stars\nNot a good film, and I would know,1\n",
            "line 2 has 3 columns, the header 2; a cell that has ','",
        ),
        ('text,stars\n"a\nb",1\n\nx,y,2\n', "line 5 has 3 columns"),
        ('text,stars\na,1\n"b,2\nc,3\n', "line 3 is no CSV"),  # where the quote that is never closed is
        ("sep=;\ntext;stars\na;b;1\n", "line 3 has 3 columns, the header 2; a cell that has ';'"),
        ("text,stars,text\na,b,c\n", "2 columns are called 'text'"),
        ("Text,stars\n", "no column 'text'; its first line has Text, stars"),
    ],
)
def test_a_table_whose_rows_do_not_fit_is_refused_by_line(content, expected, tmp_path):
    (tmp_path / "a.csv").write_text(content)
    message = failing(BadInput, read_table, tmp_path / "a.csv", ("text", "stars"))
    assert message.startswith(f"{tmp_path / 'a.csv'}: ") and expected in message


# --- data sets --------------------------------------------------------------------------------------------------------


def tinyshakespeare():
    return {"input.txt": (PLAY * 20000).encode()}


def gutenberg():
    book = "\n\n".join(f"Paragraph {i} of it." for i in range(100))
    return {"austen-emma.txt": book.encode(), "melville-moby_dick.txt": book.encode(), "README": b"not a book"}


def multi30k():
    about = dataset("multi30k")
    lines = {s: {k: [f"{s} {k} {i}" for i in range(5)] for k in about.inputs} for s in about.splits}
    return {
        f"data/task1/raw/{s}.{k}.gz": gzip.compress(("\n".join(found) + "\n").encode())
        for s, each in lines.items()
        for k, found in each.items()
    }


def rt_polarity():
    return {"rt-polarity.pos": b"a joy .\ncaf\xe9 scenes .\n", "rt-polarity.neg": b"a bore .\n"}


def clinc150():
    about = dataset("clinc150")
    content = {split: [["flip it", "flip_coin"]] for split in ("train", "val", "test")}
    content |= {split: [["who won", "oos"]] for split in about.splits if split.startswith("oos")}
    return {"data_full.json": json.dumps(content).encode()}


def topical_chat():
    chat = {"c1": {"content": [{"message": "hi  there"}, {"message": "hello"}]}}
    return {f"{split}.json": json.dumps(chat).encode() for split in dataset("topical_chat").splits}


MADE = {make.__name__: make for make in (tinyshakespeare, gutenberg, multi30k, rt_polarity, clinc150, topical_chat)}


@pytest.mark.parametrize("form", ["unpacked", "files.tar"])
@pytest.mark.parametrize("name", MADE)
def test_prepare_and_load(name, form, tmp_path):
    source = (unpacked if form == "unpacked" else packed)(tmp_path / "source", MADE[name]())
    prepare(name, source, tmp_path)
    found = {split: load(name, split, tmp_path) for split in dataset(name).splits}
    match name:
        case "tinyshakespeare":
            [train], [validation] = found["train"], found["validation"]
            assert len(train) == 1_003_854 and train + validation == PLAY * 20000
        case "gutenberg":
            assert len(found["train"]) == len(found["validation"]) == 2
            for train, validation in zip(found["train"], found["validation"], strict=True):
                assert (train + validation).encode() == gutenberg()["austen-emma.txt"]
                assert validation.startswith("Paragraph") and 0.03 < len(validation) / len(train) < 0.06
        case "multi30k":
            for split, sentences in found.items():
                assert sorted(sentences["de"]) == [f"{split} de {i}" for i in range(5)]
                for together in zip(*sentences.values(), strict=True):
                    assert len({sentence.split()[-1] for sentence in together}) == 1
        case "rt_polarity":
            sentences, y = found["train"]
            assert dict(zip(sentences, y.tolist(), strict=True)) == {"a joy .": 1, "café scenes .": 1, "a bore .": 0}
        case "clinc150":
            assert found["val"][0] == ["flip it"] and found["val"][1] == dataset(name).labels.index("flip_coin")
            assert found["oos_test"][0] == ["who won"] and found["oos_test"][1] == -1
        case "topical_chat":
            assert found["test_rare"] == ["hi there\nhello"]


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        ("tinyshakespeare", {"input.txt": b"too short"}, "1,003,854 characters"),
        ("gutenberg", {"notes.md": b""}, "<author>-<title>.txt"),
        ("multi30k", {"train.en.gz": gzip.compress(b"a\n")}, "train.de.gz"),
        ("multi30k", {f"train.{k}.gz": b"\x1f\x8bx" for k in dataset("multi30k").inputs}, "train.en.gz: cannot be"),
        (
            "multi30k",
            {f"train.{k}.gz": gzip.compress(b"a\n" * (1 + (k == "de"))) for k in dataset("multi30k").inputs},
            "not as many lines",
        ),
        ("rt_polarity", {"rt-polarity.pos": b"good"}, "rt-polarity.neg"),
        ("clinc150", {"data_full.json": b"{}"}, "is not CLINC150's"),
        ("topical_chat", {f"{s}.json": b"[]" for s in dataset("topical_chat").splits}, "not a file of Topical-Chat"),
    ],
)
def test_what_is_missing_or_damaged_is_said(name, files, expected, tmp_path):
    assert expected in failing(BadInput, prepare, name, unpacked(tmp_path / "source", files), tmp_path / "data")


def test_folders_of_texts(tmp_path):
    unpacked(tmp_path, {"b.txt": b"two", "deep/a.txt": b"one", "validation/c.txt": b"three"})
    assert load_folder("gutenberg", "train", tmp_path) == ["two", "one", "three"]
    assert load_folder("gutenberg", "validation", tmp_path) == ["three"]
    (tmp_path / "test.csv").write_text("text,label\nflip it,flip_coin\nwho won,oos\n")
    found, y = load_folder("clinc150", "test", tmp_path)
    assert found == ["flip it", "who won"] and y.tolist() == [dataset("clinc150").labels.index("flip_coin"), -1]
    (tmp_path / "val.csv").write_text("text,label\nflip it,flipcoin\n")
    assert "no label 'flipcoin'" in failing(BadInput, load_folder, "clinc150", "val", tmp_path)
    for language in dataset("multi30k").inputs:
        (tmp_path / f"val.{language}").write_text("a\nb\n")
    assert load_folder("multi30k", "val", tmp_path)["cs"] == ["a", "b"]
    (tmp_path / "val.cs").write_text("a\n")
    assert load_folder("multi30k", "val", tmp_path, fields=("en", "de")) == {"en": ["a", "b"], "de": ["a", "b"]}
    assert "as many lines each" in failing(BadInput, load_folder, "multi30k", "val", tmp_path)


def test_languages_that_are_not_wanted_need_no_file(tmp_path):
    unpacked(tmp_path, {"val.en": b"a dog\n", "val.de": b"ein Hund\n"})
    assert load_folder("multi30k", "val", tmp_path, fields=("de", "en")) == {"de": ["ein Hund"], "en": ["a dog"]}
    assert "val.fr: cannot be read" in failing(BadInput, load_folder, "multi30k", "val", tmp_path)


@pytest.mark.parametrize("name", ["train.csv", "mine.csv", "test.CSV", "only.tsv"])
def test_a_table_of_labelled_texts_is_found_in_its_folder_or_by_its_own_name(name, tmp_path):
    others = {"notes.txt": b"", "notes.json": b"[]", "@eaDir/train.csv": b"x"}
    unpacked(tmp_path, others | {name: b"text,label\na joy,positive\n"})
    for given in (tmp_path, tmp_path / name):
        texts, y = load_folder("rt_polarity", "train", given)
        assert texts == ["a joy"] and y.tolist() == [1]


def test_one_of_several_tables_must_be_called_as_the_split(tmp_path):
    assert "no such folder" in failing(BadInput, load_folder, "clinc150", "test", tmp_path / "none")
    assert "no test.csv; it has no CSV file" in failing(BadInput, load_folder, "clinc150", "test", tmp_path)
    (tmp_path / "val.csv").write_text("text,label\nflip it,flip_coin\n")
    assert "no test.csv; it has val.csv" in failing(BadInput, load_folder, "clinc150", "test", tmp_path)
    (tmp_path / "a.csv").write_text("text,label\n")
    assert "it has a.csv, val.csv" in failing(BadInput, load_folder, "clinc150", "test", tmp_path)
    assert load_folder("clinc150", "val", tmp_path)[0] == ["flip it"]


def test_real_texts(tmp_path):
    shared = shared_data()
    prepare("tinyshakespeare", shared / "tinyshakespeare", tmp_path)
    [train], [validation] = (load("tinyshakespeare", split, tmp_path) for split in ("train", "validation"))
    assert len(train) == 1_003_854 and len(validation) == 55_690
    assert tokens.characters([train]).size == 65
    prepare("clinc150", shared / "clinc150", tmp_path)
    requests, y = load("clinc150", "test", tmp_path)
    assert len(requests) == 4200 and set(np.bincount(y)) == {28}


# --- tokenisers -------------------------------------------------------------------------------------------------------


def kept(tokenizer, tmp_path):
    (tmp_path / Tokenizer.FILE).write_bytes(tokenizer.to_bytes())
    return Tokenizer.read(tmp_path)


def test_characters(tmp_path):
    tokenizer = kept(tokens.characters([PLAY]), tmp_path)
    assert tokenizer.size == len(set(PLAY)) and tokenizer.text(*tokenizer([PLAY])) == PLAY
    assert tokenizer(["k"]) == [[sorted(set(PLAY)).index("k")]]
    assert "unknown characters: Z é" in failing(BadInput, tokenizer, ["Zé"])


def test_byte_pairs(tmp_path):
    tokenizer = kept(tokens.byte_pairs([PLAY], 300), tmp_path)
    assert [tokenizer.number(token) for token in (tokens.PAD, tokens.START, tokens.END)] == [0, 1, 2]
    for text in (PLAY, "Übergrößenträger 😀", " leading and  double spaces "):
        [numbers] = tokenizer([text])
        assert tokenizer.text(numbers) == text and min(numbers) > 2
    assert len(tokenizer(["We know't"])[0]) < len("We know't")
    assert "not UTF-8" in failing(BadInput, tokenizer, [b"caf\xe9".decode(errors="surrogateescape")])


def test_word_pieces(tmp_path):
    tokenizer = kept(tokens.word_pieces([PLAY], 60, 8), tmp_path)
    assert tokenizer.number(tokens.PAD) == 0
    [numbers] = tokenizer(["Spéak, we."])
    assert tokenizer.text(numbers) == "speak, we."
    arrays = tokenizer.arrays(["speak", "we know't, we know't, we know't"])
    assert arrays["tokens"].shape == arrays["segments"].shape == (2, 16) and not arrays["segments"].any()
    cls, sep = tokenizer.number(tokens.CLS), tokenizer.number(tokens.SEP)
    assert (arrays["tokens"][:, 0] == cls).all()
    assert arrays["tokens"][1, 7] == sep and not arrays["tokens"][1, 8:].any()  # cut off at the context


def test_words_are_cut_otherwise_each_time(tmp_path):
    tokenizer = kept(tokens.word_pieces([PLAY], 200, 16), tmp_path)
    text = ["Speak, we know't.", PLAY]
    rng = np.random.default_rng(0)
    assert tokenizer.varied(text, 0.0, rng) == tokenizer(text, special=True)
    found = [tokenizer.varied(["speak"], 0.5, rng)[0] for _ in range(50)]
    assert {tokenizer.text(numbers) for numbers in found} == {"speak"} and len(set(map(tuple, found))) > 3
    letters = [tokenizer.number(letter) for letter in ("[CLS]", "s", "##p", "##e", "##a", "##k", "[SEP]")]
    assert tokenizer.varied(["speak"], 1.0, rng) == [letters]
    unknown = [tokenizer.number(token) for token in ("[CLS]", "[UNK]", "[SEP]")]
    assert tokenizer.varied(["ß"], 0.5, rng) == [unknown]
    long = ["e" * 101]  # more letters than a word may have
    assert tokenizer.varied(long, 0.5, rng) == tokenizer(long, special=True) == [unknown]


@pytest.mark.parametrize("make", [lambda t: tokens.byte_pairs(t, 400), lambda t: tokens.word_pieces(t, 200, 8)])
def test_the_same_texts_give_the_same_tokeniser(make):
    found = [f"{word} {word[::-1]}" for word in PLAY.split()] * 3
    assert make(found).to_bytes() == make(list(found)).to_bytes()


def test_a_damaged_tokeniser_is_said(tmp_path):
    assert "cannot be read" in failing(BadCheckpoint, Tokenizer.read, tmp_path)
    (tmp_path / Tokenizer.FILE).write_text("{}")
    assert "is damaged" in failing(BadCheckpoint, Tokenizer.read, tmp_path)
