"""Tokenisers: texts to token numbers and back, by the `tokenizers` library, stored as a JSON file beside the weights.

Three kinds are trained here on a recipe's own training texts: single characters, byte pairs (GPT-2's: they can write
any text) and word pieces (BERT's: lower case, parts of words).
"""

import contextlib
import functools
import json
import os
from pathlib import Path

import numpy as np

from zoo.errors import BadCheckpoint, BadInput, one_line, quoted

PAD, START, END, UNKNOWN = "[PAD]", "[START]", "[END]", "[UNK]"  # PAD is number 0 wherever it is
CLS, SEP, MASK = "[CLS]", "[SEP]", "[MASK]"  # BERT's


class Tokenizer:
    """Texts to token numbers and back. `inner` is a `tokenizers.Tokenizer`."""

    FILE = "tokenizer.json"

    def __init__(self, inner):
        self.inner = inner

    @classmethod
    def read(cls, folder: str | os.PathLike) -> "Tokenizer":
        """The tokeniser in a folder. Raises BadCheckpoint where it is missing or damaged."""
        path = Path(folder) / cls.FILE
        try:
            return cls.of(path.read_bytes(), path)
        except OSError as error:
            raise BadCheckpoint(f"{path} cannot be read: {error.strerror}; copy the checkpoint again") from None

    @classmethod
    def of(cls, content: bytes, path: Path) -> "Tokenizer":
        """The tokeniser that the file `path` holds. Raises BadCheckpoint where it is damaged."""
        import tokenizers

        with _as_bad_checkpoint(f"{path} is damaged"):
            _check_template(json.loads(content).get("post_processor"))
            inner = tokenizers.Tokenizer.from_buffer(content)
            numbers = inner.get_vocab().values()
            if max(numbers, default=0) >= inner.get_vocab_size() or inner.padding:
                raise ValueError("numbers beyond its tokens, or padding")
        return cls(inner)

    def to_bytes(self) -> bytes:
        """The file's contents."""
        return self.inner.to_str().encode()

    @property
    def size(self) -> int:
        """How many tokens there are."""
        return self.inner.get_vocab_size()

    def number(self, token: str) -> int | None:
        """The number of a token, None where there is no such token."""
        return self.inner.token_to_id(token)

    def __call__(self, texts, *, special=False) -> list[list[int]]:
        """Token numbers of each text. special: add the special tokens around a text, such as [CLS] and [SEP].

        Raises BadInput for characters that a tokeniser of single characters doesn't have.
        """
        return [each.ids for each in self._encoded(texts, special)]

    def arrays(self, texts) -> dict[str, np.ndarray]:
        """Texts as BERT takes them: {"tokens", "segments"}, int32 (B, T), padded with zeros at the end."""
        encoded = self._encoded(texts, special=True)
        return {"tokens": padded([e.ids for e in encoded]), "segments": padded([e.type_ids for e in encoded])}

    def varied(self, texts, rate: float, rng) -> list[list[int]]:
        """Token numbers of texts with [CLS] and [SEP], split at random (MaxMatch-Dropout); for word pieces only.

        A word is split from its beginning, the longest known part first; here such a part is dropped with probability
        `rate` and a shorter one taken (T. Hiraoka, "MaxMatch-Dropout", COLING 2022). Special tokens written in a text
        are words like others here.
        """
        normalize, words = self.inner.normalizer.normalize_str, self.inner.pre_tokenizer.pre_tokenize_str
        cls, sep, most = self.number(CLS), self.number(SEP), self.inner.truncation["max_length"] - 2
        rows = [[n for word, _ in words(normalize(text)) for n in self._parts(word, rate, rng)] for text in texts]
        return [[cls, *row[:most], sep] for row in rows]

    def _parts(self, word: str, rate: float, rng) -> list[int]:
        if len(word) > self.inner.model.max_input_chars_per_word:
            return [self.number(UNKNOWN)]
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                number = self._numbers.get(word[start:end] if start == 0 else f"##{word[start:end]}")
                if number is not None and (end == start + 1 or rng.random() >= rate):
                    break
            else:
                return [self.number(UNKNOWN)]
            found.append(number)
            start = end
        return found

    @functools.cached_property
    def _numbers(self) -> dict[str, int]:
        return self.inner.get_vocab()

    def text(self, tokens) -> str:
        """The text of token numbers, without special tokens."""
        return self.inner.decode([int(token) for token in tokens])

    def split_prompt(self, prompt: str) -> tuple[str, str]:
        """A prompt as far as its tokens are complete, and the rest: the start of the next word's token, "" or a space.

        Byte pairs hold a word with the space before it. After a single space of its own, such as in no training text,
        a model would continue inside a word.
        """
        from tokenizers.models import BPE

        incomplete = isinstance(self.inner.model, BPE) and prompt.endswith(" ") and len(prompt) > 1
        return (prompt[:-1], " ") if incomplete else (prompt, "")

    def words_after(self, start: str) -> list[int]:
        """The tokens that begin with `start` and have more than spaces after it."""
        texts = ((number, self.text([number])) for number in range(self.size))
        return [number for number, text in texts if text.startswith(start) and text.strip()]

    def _encoded(self, texts, special):
        from tokenizers.models import WordLevel

        texts = list(texts)
        try:
            "".join(texts).encode()
        except UnicodeEncodeError:  # what Python makes of bytes on a command line that are no UTF-8
            raise BadInput("a text is not UTF-8; save or type it as UTF-8") from None
        # The others can write any text, or have [UNK].
        single = isinstance(self.inner.model, WordLevel)
        if single and (unknown := sorted(set("".join(texts)) - set(self.inner.get_vocab()))):
            raise BadInput(f"unknown characters: {' '.join(unknown):.80}; leave them out")
        with _as_bad_checkpoint("the checkpoint's tokeniser is damaged"):
            return self.inner.encode_batch(texts, add_special_tokens=special)


@contextlib.contextmanager
def _as_bad_checkpoint(what: str):
    """Errors of the `tokenizers` library, which has no kind of its own, become BadCheckpoint. Its panics are none of
    Python's kinds of exceptions either."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise  # Ctrl-C, for example
        raise BadCheckpoint(f"{what} ({one_line(error)}); copy the checkpoint again") from None


def _check_template(processor) -> None:
    """Raise `ValueError` for a template that names special tokens which it doesn't define: the library would panic, and
    write pages about it, when it encodes a text."""
    if not isinstance(processor, dict):
        return
    for each in processor.get("processors") or ():
        _check_template(each)
    for part in [*(processor.get("single") or ()), *(processor.get("pair") or ())]:
        token = part.get("SpecialToken")
        if token and token["id"] not in processor["special_tokens"]:
            raise ValueError(f"no special token {quoted(token['id'])}")


def padded(rows, *, multiple: int = 16, least: int = 1) -> np.ndarray:
    """Lists of token numbers as one array, int32 (B, T), padded with zeros at the end.

    T is a multiple of `multiple`, so that there are few different shapes, and at least `least`.
    """
    longest = max([least, *map(len, rows)])
    length = -(-longest // multiple) * multiple
    return np.array([[*row, *[0] * (length - len(row))] for row in rows], np.int32)


def characters(texts) -> Tokenizer:
    """One token for each character that occurs, in their order."""
    import tokenizers
    from tokenizers import decoders, models, pre_tokenizers

    known = sorted(set("".join(texts)))
    inner = tokenizers.Tokenizer(models.WordLevel({character: number for number, character in enumerate(known)}))
    inner.pre_tokenizer = pre_tokenizers.Split(tokenizers.Regex(r"[\s\S]"), "isolated")
    inner.decoder = decoders.Fuse()
    return Tokenizer(inner)


def byte_pairs(texts, size: int, special=(PAD, START, END)) -> Tokenizer:
    """Byte-pair encoding over bytes (R. Sennrich and others 2016; A. Radford and others 2019, section 2.2).

    special: tokens with the first numbers, in their order.
    """
    import tokenizers
    from tokenizers import decoders, models, pre_tokenizers, trainers

    inner = tokenizers.Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(texts, trainer)
    return Tokenizer(inner)


def word_pieces(texts, size: int, context: int) -> Tokenizer:
    """BERT's parts of words, lower case, without accents. Texts are cut off at `context` tokens, with [CLS] and [SEP].

    Learned as byte pairs are, but inside words and of characters; a part that doesn't begin a word begins with ##.
    """
    import tokenizers
    from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

    texts = list(texts)
    special = [PAD, UNKNOWN, CLS, SEP, MASK]
    inner = tokenizers.Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    inner.normalizer = normalizers.BertNormalizer(lowercase=True)
    inner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    # The trainer numbers ##a, ##b, ... as it meets them, which is another order in each process. Named beforehand they
    # keep theirs.
    letters = sorted({letter for text in texts for letter in inner.normalizer.normalize_str(text) if letter.strip()})
    parts = [f"##{letter}" for letter in letters]
    trainer = trainers.WordPieceTrainer(vocab_size=size, special_tokens=special + parts, show_progress=False)
    inner.train_from_iterator(texts, trainer)
    learned = tokenizers.Tokenizer(models.WordPiece(inner.get_vocab(), unk_token=UNKNOWN))
    learned.normalizer, learned.pre_tokenizer = inner.normalizer, inner.pre_tokenizer
    learned.decoder = decoders.WordPiece()
    learned.add_special_tokens(special)
    around = [(token, learned.token_to_id(token)) for token in (CLS, SEP)]
    learned.post_processor = processors.TemplateProcessing(
        single=f"{CLS} $A {SEP}", pair=f"{CLS} $A {SEP} $B:1 {SEP}:1", special_tokens=around
    )
    learned.enable_truncation(context)
    return Tokenizer(learned)
