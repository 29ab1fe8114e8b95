"""Numbers in text, as plain digits: "twenty five" -> "25", "1,5" -> "1.5", "two and three quarters" -> "2 3/4".

A number that cannot be read, such as "1,2,3", stays as it is written, and no pattern takes a part of it for a number.

Libraries were measured on 38 numbers from this app's tests: recognizers-text reads 34 of them, but its last
release fails to import beside a current `emoji`; ovos-number-parser and quantulum3 read 29, not the decimal
comma, and take "1 1/2" for 1 or "1.2.3" for 1.2. So this is our own.
"""

import difflib
import re
from decimal import Decimal
from fractions import Fraction

_TO_9 = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TO_19 = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TO_90 = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
UNITS = {word: n for n, word in enumerate(_TO_9, start=1)}
TEENS = {word: n for n, word in enumerate(_TO_19, start=10)}
TENS = {word: 10 * n for n, word in enumerate(_TO_90, start=2)}
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
BELOW_100 = {"zero": 0} | UNITS | TEENS | TENS
WORDS = (*BELOW_100, "hundred", *SCALES)
DENOMINATORS = {"hal": 2, "thi": 3, "qua": 4, "fou": 4, "fif": 5, "six": 6, "eig": 8, "ten": 10}
GLYPHS = {"½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8"}

# A number as `digits` writes it, and what must not stand before one: "30" is no number in "1:30", nor in "20-30".
NUMBER = r"(?:\d+ \d+/[1-9]\d*|\d+/[1-9]\d*|\d+(?:\.\d+)?)"
START = r"(?<![\w.,:/])(?<!\d[-\u2013])"
# How much of a unit: "2.5", "3/4 of an", "half a", "a quarter of an", "a couple of", "an".
AMOUNT = (
    rf"(?:{NUMBER}(?:(?<=/\d)(?: of)?(?: an?\b)?)?|(?:an? )?(?:half|quarter|third(?= of))(?: of)?(?: an?\b)?|"
    r"(?:a )?couple(?: of)?|an?\b)"
)
PARTS = {"half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4)}


def _any(words) -> str:
    return f"(?:{'|'.join(words)})"


_WRITTEN = r"(?<![\d.,])\d+(?:[.,]\d+)*"
_DIGIT = rf"\b{_any(['zero', 'oh', *UNITS])}\b"
_TO_99 = rf"\b(?:{_any(TENS)}(?:[ -]{_any(UNITS)}\b)?|{_any(BELOW_100)})\b"
_TO_999 = rf"(?:\b(?:an?|\d+|{_any(UNITS)}|{_any(TEENS)}) hundred\b(?: (?:and )?{_TO_99})?|{_TO_99})"
_LARGE = rf"(?:(?:\ba|{_TO_999}|{_WRITTEN}) {_any(SCALES)}\b)"
_WHOLE = rf"(?:{_LARGE}(?:,? {_LARGE})*(?:,? (?:and )?{_TO_999})?|{_TO_999}|{_WRITTEN})"
# "three quarters", "three-quarter", "one third"; "twenty third" is no fraction but a day.
_FRACTION = (
    rf"\b(?P<above>{_any(UNITS)}|[1-9])[ -](?P<below>halves|thirds|quarters|fourths|fifths|sixths|eighths|tenths|"
    r"(?<=\bone.)(?:half|third|quarter)|(?<=\bthree.)quarter)\b"
)
_AND_FRACTION = re.sub(r"\?P<(\w+)>", r"?P<and_\1>", _FRACTION).removeprefix(r"\b")
_NUMBER = re.compile(
    rf"(?P<fraction>(?<!ty[ -]){_FRACTION})|(?P<glyph>(?<=\d) ?[{''.join(GLYPHS)}]|[{''.join(GLYPHS)}])"
    rf"|(?P<whole>{_WHOLE})(?P<point> point(?: {_DIGIT})+)?"
    rf"(?: and (?:an? (?P<part>half|quarter|third)\b|{_AND_FRACTION}))?"
    rf"|\b(?P<alone>point(?: {_DIGIT})+)",
    re.IGNORECASE,
)
# A whole number beside "3,7", which may then be two numbers of a list: "3,7 and 9".
_LISTED_BEFORE = re.compile(r"(?<![\d,])\d+,? (?:(?:and|or) )?$")
_LISTED_AFTER = re.compile(rf"(?:,? (?:and|or) |, )(?:\d+\b(?!,\d)|{_any(WORDS)}\b)", re.IGNORECASE)
_UNREADABLE = re.compile(r"(?<!\w)\d+(?:\.\d+)*,\d+(?:[.,]\d+)*|(?<!\w)\d+(?:\.\d+){2,}")


class Digits:
    """A text with its numbers as digits (`text`), which knows where each of its characters stood in the `source`."""

    def __init__(self, source: str):
        self.source = source
        self.text, self._spans = "", []  # (start, end) in the source for each character of the text
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
        """The source without what stands in several such spans of `text`, which do not overlap."""
        text = self.source
        for start, end in sorted(spans, reverse=True):
            if start < end:
                before, after = text[: self._spans[start][0]].rstrip(), text[self._spans[end - 1][1] :].lstrip()
                text = (before + after if after[:1] in tuple(",.;!?") else f"{before} {after}").strip()
        return text


def digits(text: str) -> str:
    """The text with its numbers as digits; everything else stays as it is."""
    return Digits(text).text


def number(text: str) -> Fraction:
    """The value of a number as `digits` writes it (`NUMBER`): "2 3/4" -> 11/4."""
    return sum(map(Fraction, text.split()), Fraction())


def amount(text: str) -> Fraction:
    """The value of an `AMOUNT`: "3/4 of an" -> 3/4, "a couple of" -> 2, "an" -> 1."""
    text = text.lower()
    if match := re.match(NUMBER, text):
        return number(match[0])
    return next((value for part, value in PARTS.items() if part in text), Fraction(2 if "couple" in text else 1))


def plain(written: str) -> str | None:
    """A number with a decimal point and no separators: "1.000,5" -> "1000.5". None if it is not written as a number.

    English notation first: "1,000" is a thousand and "1.000" one.
    """
    for group, point in ((",", "."), (".", ",")):
        if re.fullmatch(rf"(?:[1-9]\d{{0,2}}(?:\{group}\d{{3}})+|\d+)(?:\{point}\d+)?", written):
            return written.replace(group, "").replace(point, ".")
    return None


def unreadable(text: str) -> str | None:
    """The first number of a text that cannot be read, as it is written: "1,2,3"."""
    match = _UNREADABLE.search(digits(text))
    return match[0] if match else None


def corrected(text: str, known, cutoff: float = 0.8) -> str:
    """The text with words of five or more letters that nearly are one of `known` spelt like that one.

    For what could not be read as it stands: "fiften minuts" -> "fifteen minutes". `cutoff`: similarity, 1 is the same.
    """
    known = list(known)

    def respelt(match):
        word = match[0].lower()
        near = [] if word in known else difflib.get_close_matches(word, known, n=1, cutoff=cutoff)
        return near[0] if near else match[0]

    return re.sub(r"[^\W\d_]{5,}", respelt, text)


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
    """A number that the pattern found, as `NUMBER`; as it was written if that is no number."""
    if match["fraction"]:
        return _ratio(match["above"], match["below"])
    if match["glyph"]:
        glyph = match["glyph"].strip()
        return GLYPHS[glyph] if match.string[match.start() - 1 : match.start()] in ("", " ") else f" {GLYPHS[glyph]}"
    if match["alone"]:
        return "0" + _decimals(match["alone"])
    text = _value(match)
    if text is None:
        return match[0]
    if match["point"] and "." not in text:
        text += _decimals(match["point"])
    if match["and_above"]:
        return f"{text} {_ratio(match['and_above'], match['and_below'])}"
    part = (match["part"] or "").lower()
    if part == "third":
        return f"{text} 1/3"
    return f"{Decimal(text) + Decimal(float(PARTS[part])):f}" if part else text


def _ratio(above: str, below: str) -> str:
    return f"{UNITS.get(above.lower(), above)}/{DENOMINATORS[below[:3].lower()]}"


def _value(match) -> str | None:
    """The number without its decimals in words, as digits; None if it is not written as a number."""
    whole = match["whole"].lower()
    if not re.fullmatch(_WRITTEN, whole):
        written = re.findall(_WRITTEN, whole)
        return None if None in map(plain, written) else _trimmed(f"{_sum(whole):f}")
    found = plain(whole)
    if found and "," in whole and "." in found:  # a decimal comma, unless it may be the comma of a list: "3,7 and 9"
        start, end = match.span("whole")
        if _LISTED_BEFORE.search(match.string[:start]) or _LISTED_AFTER.match(match.string[end:]):
            return None
    return found


def _sum(words: str) -> Decimal:
    total = group = Decimal(0)
    for word in re.findall(rf"{_WRITTEN}|[a-z]+", words):
        if word == "hundred":
            group = (group or 1) * 100
        elif word in SCALES:
            total, group = total + (group or 1) * SCALES[word], Decimal(0)
        elif word in BELOW_100:
            group += BELOW_100[word]
        elif word[0].isdigit():
            group += Decimal(plain(word))
    return total + group


def _decimals(words: str) -> str:
    return "." + "".join(str(UNITS.get(word, 0)) for word in words.lower().split()[1:])
