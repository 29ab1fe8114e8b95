"""Number words as digits: "set a timer for twenty five minutes" -> "set a timer for 25 minutes".

Measured against what there is: word2number reads "a hundred and five" as 500 and adds up the numbers of a sentence;
text2digits takes a tenth of a second to load and leaves "two and a half" in words. So this is our own.
"""

import difflib
import re
from decimal import Decimal

_TO_9 = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TO_19 = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TO_90 = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
UNITS = {word: n for n, word in enumerate(_TO_9, start=1)}
TEENS = {word: n for n, word in enumerate(_TO_19, start=10)}
TENS = {word: 10 * n for n, word in enumerate(_TO_90, start=2)}
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
BELOW_100 = {"zero": 0} | UNITS | TEENS | TENS
WORDS = (*BELOW_100, "hundred", *SCALES)
PARTS = {"half": Decimal("0.5"), "quarter": Decimal("0.25")}


def _any(words) -> str:
    return f"(?:{'|'.join(words)})"


_WRITTEN = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_DIGIT = rf"\b{_any(['zero', *UNITS])}\b"
_TO_99 = rf"\b(?:{_any(TENS)}(?:[ -]{_any(UNITS)}\b)?|{_any(BELOW_100)})\b"
_TO_999 = rf"(?:\b(?:an?|\d+|{_any(UNITS)}|{_any(TEENS)}) hundred\b(?: (?:and )?{_TO_99})?|{_TO_99})"
_LARGE = rf"(?:(?:\ba|{_TO_999}|{_WRITTEN}) {_any(SCALES)}\b)"
_WHOLE = rf"(?:{_LARGE}(?:,? {_LARGE})*(?:,? (?:and )?{_TO_999})?|{_TO_999}|{_WRITTEN})"
_NUMBER = re.compile(
    rf"(?P<whole>{_WHOLE})(?P<point> point(?: {_DIGIT})+)?(?: and an? (?P<part>half|quarter)\b)?"
    rf"|\b(?P<alone>point(?: {_DIGIT})+)",
    re.IGNORECASE,
)


class Digits:
    """A text with its number words as digits (`text`), which knows where each letter of it stood in the `source`."""

    def __init__(self, source: str):
        self.source = source
        self.text, self._spans = "", []  # (start, end) in the source for each letter of the text
        at = 0
        for match in _NUMBER.finditer(source):
            self._add(source[at : match.start()], at)
            written = _written(match)
            self.text += written
            self._spans += [match.span()] * len(written)
            at = match.end()
        self._add(source[at:], at)

    def _add(self, same: str, start: int) -> None:
        self.text += same
        self._spans += [(start + i, start + i + 1) for i in range(len(same))]

    def without(self, start: int, end: int) -> str:
        """The source without what stands from `start` to `end` in `text`."""
        return self.cut([(start, end)])

    def cut(self, spans) -> str:
        """The source without what stands in several such places of `text`, which don't overlap."""
        text = self.source
        for start, end in sorted(spans, reverse=True):
            if start < end:
                before, after = text[: self._spans[start][0]].rstrip(), text[self._spans[end - 1][1] :].lstrip()
                text = (before + after if after[:1] in tuple(",.;!?") else f"{before} {after}").strip()
        return text


def digits(text: str) -> str:
    """The text with its number words as digits; everything else stays as it is."""
    return Digits(text).text


def corrected(text: str, known, cutoff: float = 0.8) -> str:
    """The text with words of five or more letters that nearly are one of `known` spelt like that one.

    For what could not be read as it stands: "fiften minuts" -> "fifteen minutes". `cutoff`: how near, 1 is the same.
    """
    known = list(known)

    def mend(match):
        word = match[0].lower()
        near = [] if word in known else difflib.get_close_matches(word, known, n=1, cutoff=cutoff)
        return near[0] if near else match[0]

    return re.sub(r"[^\W\d_]{5,}", mend, text)


def shown(value) -> str:
    """A number (int, float, Fraction) as a person writes it, to ten significant digits: 1234.0 -> "1,234".

    From 10^15 on, and below a millionth, with a power of ten.
    """
    if value == int(value) and abs(value) < 10**15:
        return f"{int(value):,}"
    rounded = Decimal(value.numerator) / value.denominator if hasattr(value, "numerator") else Decimal(value)
    power = rounded.adjusted()
    lead = rounded.scaleb(-power)  # 1 <= |lead| < 10
    if -7 < power < 15:
        return _trimmed(f"{round(rounded, max(0, 9 - power)):,f}")
    return f"{_trimmed(f'{lead:.6f}')} * 10^{power}"


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _written(match) -> str:
    """A number that the pattern found, in digits."""
    if match["alone"]:
        return "0" + _decimals(match["alone"])
    if re.fullmatch(_WRITTEN, match["whole"]):
        text = match["whole"].replace(",", "")
    else:
        text = _trimmed(f"{_value(match['whole'].lower()):f}")
    if match["point"] and "." not in text:
        text += _decimals(match["point"])
    return f"{Decimal(text) + PARTS[match['part'].lower()]:f}" if match["part"] else text


def _value(words: str) -> Decimal:
    total = group = Decimal(0)
    for word in re.findall(rf"{_WRITTEN}|[a-z]+", words):
        if word == "hundred":
            group = (group or 1) * 100
        elif word in SCALES:
            total, group = total + (group or 1) * SCALES[word], Decimal(0)
        elif word in BELOW_100:
            group += BELOW_100[word]
        elif word[0].isdigit():
            group += Decimal(word.replace(",", ""))
    return total + group


def _decimals(words: str) -> str:
    return "." + "".join(str(UNITS.get(word, 0)) for word in words.lower().split()[1:])
