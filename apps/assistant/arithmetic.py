"""Arithmetic as people say and write it: "what is 20% off 80", "two to the power of ten", "add 456 and 781".

A recursive-descent parser over exact fractions: 0.1 + 0.2 is 0.3. Nothing is evaluated as code, and no number may grow
past `MOST_BITS`. Evaluators of Python expressions do not know "half of", "x" and "% off".
"""

import math
import re
from fractions import Fraction

from .numbers import digits

MOST_BITS = 4096  # of a numerator or denominator: some 1,200 digits
MOST_FACTORIAL = 400
DEEPEST = 30  # brackets within brackets


class Impossible(Exception):
    """Arithmetic that was understood and has no answer; the message is a clause that says why."""


def _divided_into(one: str, other: str) -> str:
    """ "divide 4 into 100" is 100 / 4, "divide 100 into 4" parts too: the smaller divides the larger."""
    numbers = [re.fullmatch(r"\d+(?:\.\d+)?", each) for each in (one, other)]
    swapped = all(numbers) and float(one) < float(other)
    return f"({other}) / ({one})" if swapped else f"({one}) / ({other})"


# What people say -> the signs that the parser reads. In this order, on lower-case text with numbers in digits.
_WORDS = [
    (r"(?<=\d)\s*(?:dollars?|euros?|bucks|cents|pounds sterling)\b|[$€£](?=\d)", ""),
    (r"\bhow many times (?:can|does|do|will|would) (\S+) (?:go|fit) into (\S+)$", r"(\2) / (\1)"),
    (r"\b(?:sum|total) of (?=.*(?:\+|\bplus\b))", ""),
    (r"\b(?:add|sum of|total of)(?: up)? (.+?),? (?:and|to|with|plus) (\S+(?: \d+/\d+)?)$", r"\1 + \2"),
    (r"\bsubtract ([\d.]+ ?(?:%|per ?cent)) from (.+)$", r"(\2) - \1"),  # without brackets it is that much off
    (r"\bsubtract (.+) from (.+)$", r"(\2) - (\1)"),
    (r"\b(?:multiply|product of) (?=.*,)(.+)$", lambda m: re.sub(r",? and |, ", " * ", m[1])),
    (r"\b(?:multiply|product of) (.+?) (?:by|and|with|times) (.+)$", r"(\1) * (\2)"),
    (r"\bdivide (.+?) by (.+)$", r"(\1) / (\2)"),
    (r"\bdivide (.+?) into (.+)$", lambda m: _divided_into(m[1], m[2])),
    (r"\b(\d+) (\d+/[1-9]\d*)(?![\d/])", r"(\1 + \2)"),  # mixed numbers: 2 3/4
    (r"(?<![\d/] )(?<![\d/])(\d+/[1-9]\d*) of\b", r"(\1) *"),
    (r"\) of\b", ") *"),
    (r"\b(divided by|over) (\d+/[1-9]\d*)(?![\d/])", r"\1 (\2)"),
    (r"\bthe\s+", ""),
    (r"\bsquare root (?:of )?|\bsqrt(?: of)?\b|√", " sqrt "),
    (r"\bcub(?:e|ic) root (?:of )?", " cbrt "),
    (r"\bfactorial of\s*([\d.]+)", r"\1!"),
    (r"\bfactorial\b", "!"),
    (r"\bto (?:the )?power (?:of )?|\braised to(?: the)?(?: power(?: of)?)?|\*\*", " ^ "),
    (r"\bsquared\b", "^ 2"),
    (r"\bcubed\b", "^ 3"),
    (r"\b(?:per ?cent|pct)\b", "%"),
    (r"%\s*(?:of\b)", " of% "),
    (r"%\s*off(?: of)?\b", " off% "),
    (r"\bhalf (?:of )?", " 0.5 * "),
    (r"\b(?:a )?(?:third|quarter) of\b", lambda m: " 1 / 3 * " if "third" in m[0] else " 0.25 * "),
    (r"\b(?:double|twice)\b", " 2 * "),
    (r"\bplus\b|\badded to\b", "+"),
    (r"\bminus\b|\bless\b|[\u2212\u2013]", "-"),
    (r"\btimes\b|\bmultiplied by\b|\u00d7|(?<=[\d) ])x(?=[\d( ])", "*"),
    (r"\bdivided by\b|\bover\b|\u00f7", "/"),
    (r"\bmod(?:ulo|ulus)?\b", " mod "),
    (r"\bpi\b|π", f"({Fraction(math.pi)})"),
]
# Words around a sum, at its beginning and its end.
_BEFORE = (
    r"what(?:'s|s| is| are| does| do)?|how much (?:is|are|does)|calculate|compute|work out|solve|evaluate|"
    r"figure out|tell me|"
    r"give me|find|provide|i need to know|i want to know|do you know|and|then|now|so|the|please|can you|could you"
)
_AFTER = r"\?|=|\bequals?|\bmake|\bcome to|\bis what|\bis|,? please|\bfor me"
_ASKED = re.compile(rf"^(?:{_BEFORE})\s+(?!times)|\s*(?:{_AFTER})\s*$")
_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+|of%|off%|sqrt|cbrt|mod|[-+*/^()!%])")
# How a text begins that continues from the last value. "-3 + 5" doesn't: its minus belongs to the 3.
_CONTINUED = re.compile(
    r"(?:plus|minus|less|times|multiplied by|divided by|over|to the power|raised to|squared|cubed|mod|x )\b|"
    r"[+*/\u00d7\u00f7^]|- "
)
_ALONE = {"add": "plus", "subtract": "minus", "multiply by": "times", "divide by": "divided by"}
_DATE = re.compile(r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b")  # 2019-03-12 is no subtraction


def value(text: str, last: Fraction | None = None) -> Fraction | None:
    """The value of arithmetic in words or digits; None if the text is none, or nothing but a number.

    With `last`, the value before, "that" and "it" stand for it, and a text may begin with an operator ("plus 9").
    Raises `Impossible`.
    """
    tokens = None if _DATE.search(text) else _tokens(_signs(text, last))
    if not tokens or len(tokens) < 2 or (len(tokens) == 2 and tokens[0] == "-"):
        return None
    parser = _Parser(tokens)
    result = parser.sum()
    return result if parser.at == len(tokens) else None


def _signs(text: str, last: Fraction | None) -> str:
    """The text with signs for words."""
    text = digits(text.lower().strip())
    before = None
    while before != text:
        before, text = text, _ASKED.sub("", text).strip()
    if last is not None:
        text = re.sub(r"\b(?:that|it|the result|the answer)\b", f"({last})", text)
        text = re.sub(r"^(?:and )?(add|subtract|multiply by|divide by)(?= [\d.(]+$)", lambda m: _ALONE[m[1]], text)
        text = f"({last}) {text}" if _CONTINUED.match(text) else text
    for pattern, sign in _WORDS:
        text = re.sub(pattern, sign, text)
    if re.fullmatch(r"[^a-z]*,[^a-z]*(?:and)?[^a-z]*", text) or " + " in text:
        text = re.sub(r"\s*,(?:\s+and)?\s+|\s+and\s+", " + ", text)  # the sum of 3, 7 and 9; 3,7 is no number
    return text


def _tokens(text: str) -> list[str] | None:
    """None if there is anything that is no arithmetic."""
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        found.append(match[1])
        at = match.end()
    return found


class _Parser:
    """Recursive descent; each method reads one level of the grammar and gives its value, None if that isn't there."""

    def __init__(self, tokens):
        self.tokens, self.at, self.depth = tokens, 0, 0

    def sign(self, *signs) -> str | None:
        """The next token if it is one of these, which is then read."""
        if self.at < len(self.tokens) and self.tokens[self.at] in signs:
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def sum(self):
        left = self.product()
        while left is not None and (sign := self.sign("+", "-")):
            start, right = self.at, self.product()
            if right is None:
                return None
            if self.at == start + 2 and self.tokens[self.at - 1] == "%":
                right *= left  # 80 + 10% is 88, as on a pocket calculator
            left = _limited(left + right if sign == "+" else left - right)
        return left

    def product(self):
        left = self.signed()
        while left is not None and (sign := self.sign("*", "/", "mod", "of%", "off%")):
            right = self.signed()
            if right is None:
                return None
            if sign in ("/", "mod") and right == 0:
                raise Impossible("nothing can be divided by zero")
            left = {
                "*": lambda a, b: a * b,
                "/": lambda a, b: a / b,
                "mod": lambda a, b: a % b,
                "of%": lambda a, b: a / 100 * b,
                "off%": lambda a, b: b - a / 100 * b,
            }[sign](left, right)
            left = _limited(left)
        return left

    def signed(self):
        """-2 ^ 2 is -4, as in mathematics."""
        if self.sign("-"):
            inner = self.deeper(self.signed)
            return None if inner is None else -inner
        return self.power()

    def power(self):
        base = self.postfix()
        if base is None or not self.sign("^"):
            return base
        exponent = self.deeper(self.signed)  # from the right: 2 ^ 3 ^ 2 is 2 ^ 9
        return None if exponent is None else _power(base, exponent)

    def postfix(self):
        inner = self.atom()
        while inner is not None and (sign := self.sign("!", "%")):
            inner = _factorial(inner) if sign == "!" else inner / 100
        return inner

    def atom(self):
        if self.sign("("):
            inner = self.deeper(self.sum)
            return inner if self.sign(")") else None
        if root := self.sign("sqrt", "cbrt"):
            inner = self.deeper(self.signed)
            return None if inner is None else _root(inner, 2 if root == "sqrt" else 3)
        if self.at < len(self.tokens) and self.tokens[self.at][-1].isdigit():
            self.at += 1
            return _limited(Fraction(self.tokens[self.at - 1]))
        return None

    def deeper(self, read):
        self.depth += 1
        if self.depth > DEEPEST:
            raise Impossible("there are too many brackets in it")
        result = read()
        self.depth -= 1
        return result


def _limited(number: Fraction) -> Fraction:
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > MOST_BITS:
        raise Impossible("the result is too large for me")
    return number


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if base == 0 and exponent < 0:
        raise Impossible("nothing can be divided by zero")
    if exponent.denominator == 1:
        if base in (-1, 0, 1):
            return Fraction(1) if exponent == 0 else base if exponent % 2 else base * base
        bits = max(base.numerator.bit_length(), base.denominator.bit_length())
        if abs(exponent) * (bits - 1) > MOST_BITS:  # known before the work
            raise Impossible("the result is too large for me")
        return _limited(base**exponent)
    if base < 0:
        raise Impossible("that is no real number")
    try:
        return Fraction(float(base) ** float(exponent))
    except OverflowError:
        raise Impossible("the result is too large for me") from None


def _root(number: Fraction, degree: int) -> Fraction:
    """Exact where that is possible."""
    if number < 0 and degree == 2:
        raise Impossible("a negative number has no real square root")
    root = math.sqrt if degree == 2 else math.cbrt
    try:
        exact = Fraction(round(root(number.numerator)), round(root(number.denominator)))
        return exact if exact**degree == number else Fraction(root(number))
    except OverflowError:
        raise Impossible("the number is too large for me") from None


def _factorial(number: Fraction) -> Fraction:
    if number.denominator != 1 or number < 0:
        raise Impossible("only whole numbers from 0 up have a factorial")
    if number > MOST_FACTORIAL:
        raise Impossible("the result is too large for me")
    return Fraction(math.factorial(int(number)))
