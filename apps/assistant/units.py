"""Unit conversion, by pint: "convert 10 miles to kilometers", "how many cups are in a gallon", "5 feet 10 in cm".

pint reads any prefix before any unit, so that "cats" would be centi-atmospheres and "kilos" kiloseconds. So a unit
counts only if it is written in full, or is one of the usual abbreviations. Kitchen measures are those of the US.
"""

import functools
import math
import re
from dataclasses import dataclass
from fractions import Fraction

from .numbers import digits, shown

# What people write -> pint's name, where pint has another one or would take it for something else.
_NAMES = {
    "kilo": "kilogram", "kilos": "kilogram", "c": "degC", "f": "degF", "k": "kelvin", "celcius": "degC",
    "celsius": "degC", "centigrade": "degC", "fahrenheit": "degF", "farenheit": "degF", "fahrenheits": "degF",
    "fluid ounce": "fluid_ounce", "fluid ounces": "fluid_ounce", "fl oz": "fluid_ounce", "light year": "light_year",
    "light years": "light_year", "nautical mile": "nautical_mile", "nautical miles": "nautical_mile",
    "metric ton": "metric_ton", "metric tons": "metric_ton", "stones": "stone", "lbs": "pound", "feets": "foot",
    "tablesppons": "tablespoon", "mph": "mile_per_hour", "kph": "km/h", "kmh": "km/h", "mins": "minute",
    "hr": "hour", "hrs": "hour", "sec": "second", "secs": "second", "m": "meter", "calories": "kilocalorie",
    "calorie": "kilocalorie", "in": "inch", "\"": "inch", "'": "foot", "kmph": "km/h", "sq ft": "foot**2",
    "gigs": "gigabyte", "mb": "megabyte", "gb": "gigabyte", "tb": "terabyte", "kb": "kilobyte",
}  # fmt: skip
_SHORT = """
    km cm mm um nm kg mg g t ml cl dl l oz lb ft yd mi h s ms min mile/h km/h m/s kw w kwh wh j kj cal kcal hp pa
    hpa kpa bar psi hz khz mhz ghz tsp tbsp qt pt gal ha v mv a ma gib mib kib ug kn n nmi au bar bit cup day rod
    ton
"""
_SHORT = frozenset(_SHORT.split())
_CASED = {"kw": "kW", "w": "W", "kwh": "kWh", "wh": "Wh", "j": "J", "kj": "kJ", "pa": "Pa", "hpa": "hPa",
          "kpa": "kPa", "hz": "Hz", "khz": "kHz", "mhz": "MHz", "ghz": "GHz", "v": "V", "mv": "mV", "a": "A",
          "ma": "mA", "gib": "GiB", "mib": "MiB", "kib": "KiB", "n": "N", "kn": "kN", "h": "hour", "t": "metric_ton",
          "cal": "calorie", "kcal": "kilocalorie", "ha": "hectare", "l": "liter"}  # fmt: skip
_KITCHEN = {"cup", "pint", "quart", "gallon", "fluid_ounce", "tablespoon", "teaspoon"}
MONEY = re.compile(
    r"[$€£¥]|\b(?:dollars?|usd|euros?|eur|gbp|sterling|yen|pesos?|rupees?|francs?|yuan|rubles?|roubles?|bitcoins?|"
    r"won|cents?|bucks|currency|exchange rate)\b",
    re.IGNORECASE,
)

_N = r"(?P<{}>-?\d+(?:\.\d+)?|an?|(?:an? )?half(?: of)?(?: an?)?)"
_U = r"(?P<{}>[a-z°][a-z°.' ]*?(?:(?: per |/)[a-z]+)?)"
_ASK = (
    r"(?:(?:what(?:'s| is| are| would| will)|convert|change|turn|express|give me|tell me|how much (?:is|are)|i need|"
    r"do) +)?"
)
_MANY = r"how (?:many|much) +"
_FORMS = [
    re.compile(rf"{_ASK}{_N.format('n')} *{_U.format('u')}(?: (?:and )?(?P<n2>\d+(?:\.\d+)?) *"
               rf"{_U.format('u2')})? (?:be )?"
               rf"(?:in|into|to|as|equals? (?:how many|what in)|is how many) (?:the )?{_U.format('to')}"),
    re.compile(rf".*?{_MANY}{_U.format('to')} (?:are there |is there |are |is |makes? |do i get |equals? )*"
               rf"(?:(?:in|from|for|equivalent to|equal to|of) )?(?:{_N.format('n')} )?{_U.format('u')}"),
    re.compile(rf".*?(?:number|amount) of {_U.format('to')} (?:that are )?(?:in|equivalent to) "
               rf"(?:{_N.format('n')} )?{_U.format('u')}"),
    re.compile(rf"(?:.*?(?:convert|from|give me|need|equivalent of) )?(?:{_N.format('n')} )?{_U.format('u')} "
               rf"(?:to|into|in) {_U.format('to')}"),
]  # fmt: skip


@dataclass(frozen=True)
class Conversion:
    """What to convert: `parts`, ((amount, unit as written), ...), which count together, into `target`, a unit."""

    parts: tuple[tuple[float, str], ...]
    target: str


def read(text: str, *, loose: bool = False) -> Conversion | None:
    """The conversion that a sentence asks for; None for none between two units that are known.

    `loose`: in any sentence with two units, for one that is known to ask for a conversion.
    """
    text = _plain(text)
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is None:
            continue
        found = match.groupdict()
        parts = [(_amount(found["n"]), found["u"])]
        if found.get("n2"):
            parts.append((float(found["n2"]), found["u2"]))
        if all(unit(name) for name in [found["to"], *(name for _, name in parts)]):
            return Conversion(tuple(parts), found["to"])
    return _loose(text) if loose else None


def rest(text: str) -> dict:
    """What a fragment changes of a conversion: {"target": unit}, {"amount": number}, both or neither."""
    text, found = _plain(text), {}
    match = re.fullmatch(r"(?:(?:in|into|to|as) )?(?P<to>[a-z° ]+?)", text)
    if match and unit(match["to"]):
        return {"target": match["to"]}
    match = re.fullmatch(rf"{_N.format('n')}(?: {_U.format('u')})?(?: (?:in|into|to) (?P<to>[a-z° ]+))?", text)
    if match and match["n"][-1].isdigit() and all(unit(name) for name in (match["u"], match["to"]) if name):
        found = {"amount": float(match["n"]), "unit": match["u"], "target": match["to"]}
    return {name: value for name, value in found.items() if value is not None}


def convert(asked: Conversion) -> tuple[str, str]:
    """Both sides as a person writes them: ("10 miles", "16.0934 kilometers"). Six digits, and whole numbers in full.

    Raises `ValueError`, with a clause that says why, if the two measure different things.
    """
    import pint

    if not all(math.isfinite(amount) for amount, _ in asked.parts):
        raise ValueError("the number is too large")
    registry = _registry()
    target = unit(asked.target)
    names = [unit(name) for _, name in asked.parts]
    if {"ounce", "fluid_ounce"} & {target, *names}:  # of liquids people say ounces
        target, *names = _liquid(registry, target, *names)
    try:
        quantity = sum(
            (registry.Quantity(amount, name) for (amount, _), name in zip(asked.parts[1:], names[1:], strict=True)),
            start=registry.Quantity(asked.parts[0][0], names[0]),
        )
        result = float(quantity.to(target).magnitude)
    except (pint.DimensionalityError, pint.OffsetUnitCalculusError):
        raise ValueError(f"{asked.parts[0][1]} and {asked.target} measure different things") from None
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise ValueError("the result is too large")
    left = " ".join(
        f"{shown(Fraction(amount))} {written(name, amount)}"
        for (amount, _), name in zip(asked.parts, names, strict=True)
    )
    rounded = round(result) if abs(result) >= 10**6 else float(f"{result:.6g}")
    return left, f"{shown(rounded)} {written(target, rounded)}"


def _loose(text: str) -> Conversion | None:
    """The conversion between the two units that a text names: into the one after "how many", else into the latter."""
    words, found, at = text.split(), [], 0  # found: (amount or None, unit, whether it is asked for)
    while at < len(words):
        for size in (3, 2, 1):
            name = " ".join(words[at : at + size]).strip(",")
            before = words[at - 1] if at else ""
            counted = bool(re.fullmatch(r"-?\d+(?:\.\d+)?", before))
            if (len(name) > 2 or counted) and unit(name):
                amount = float(before) if counted else None
                found.append(
                    (amount, name, before in ("many", "much") or words[max(0, at - 2) : at] == ["amount", "of"])
                )
                at += size - 1
                break
        at += 1
    if len(found) != 2:
        return None
    source, target = found if found[1][2] or not found[0][2] else found[::-1]
    return None if target[0] is not None else Conversion(((source[0] or 1.0, source[1]),), target[1])


@functools.lru_cache(maxsize=256)
def unit(name: str) -> str | None:
    """pint's name of a unit, "kilometer / hour" for "km/h"; None if it isn't one that people write like that."""
    name = re.sub(r"\s+", " ", name.lower().strip(" .").replace("°", "").removeprefix("degrees").removeprefix("degree"))
    name = re.sub(r"'s$", "", name.strip())
    squared = re.fullmatch(r"(square|cubic|sq|cu) (.+)", name)
    if squared:
        inner = unit(squared[2])
        return inner and f"{inner} ** {2 if squared[1].startswith('sq') else 3}"
    parts = re.split(r" ?/ ?| per | an ", name)
    if len(parts) == 2 and name not in _NAMES:
        over, under = map(unit, parts)
        return over and under and f"{over} / {under}"
    if name in _NAMES:
        known = _NAMES[name]
    elif name in _SHORT:
        known = _CASED.get(name, name)
    elif re.fullmatch(r"[a-z]{3,20}", name):
        known = _in_full(name)
    else:
        return None
    return known and str(_registry().Unit(known))


def written(name: str, amount: float) -> str:
    """pint's name of a unit as words, in the plural unless there is one of it."""
    words = {"degree_Celsius": "°C", "degree_Fahrenheit": "°F", "kelvin": "K"}
    if name in words:
        return words[name]
    name = re.sub(r"(\w+) \*\* 2", r"square \1", re.sub(r"(\w+) \*\* 3", r"cubic \1", name))
    us = "US " if name in _KITCHEN else ""
    over, *under = name.replace("_", " ").split(" / ")
    over, *tail = over.split(" per ") if not under else [over]
    if abs(amount) != 1:
        plurals = {"foot": "feet", "inch": "inches", "stone": "stone", "hertz": "hertz", "horsepower": "horsepower"}
        last = over.split(" ")[-1]
        over = over.removesuffix(last) + plurals.get(last, last + "s")
    return us + " per ".join([over, *under, *tail])


def _in_full(name: str) -> str | None:
    """pint's name of a unit that is written in full, in the singular or plural; None for any other word."""
    for prefix, base, _ in _registry().parse_unit_name(name):
        if prefix and name.removesuffix("s").replace("metre", "meter").replace("litre", "liter") != f"{prefix}{base}":
            continue
        if prefix or len(name) > 3:
            return f"{prefix}{base}"
    return None


def _liquid(registry, *names) -> list[str]:
    """Unit names with ounces as fluid ounces, if another of them is a volume."""
    volume = any(registry.Unit(name).dimensionality == {"[length]": 3} for name in names if name != "ounce")
    return ["fluid_ounce" if volume and name == "ounce" else name for name in names]


def _plain(text: str) -> str:
    text = digits(re.sub(r"\band half\b", "and a half", text.lower().strip()))
    text = re.sub(r"(\d)' ?(\d+)(?:\"|''|(?= |$))", r"\1 feet \2 inches", text)  # 5'10"
    text = re.sub(r"(?:\b(\d{1,9}) )?\b(\d{1,9})/([1-9]\d{0,8})(?= ?[a-z])", _fraction, text)
    text = re.sub(r"\b(an?|\d+) ([a-z]+) and a half\b", lambda m: f"{_amount(m[1]) + 0.5:g} {m[2]}", text)
    text = re.sub(r"\b(?:minus|negative) (?=\d)", "-", text)
    text = re.sub(r"(?<=\d) degrees? (?=(?:in|to|into) (?:degrees? )?c)", " fahrenheit ", text)  # the other scale
    text = re.sub(r"(?<=\d) degrees? (?=(?:in|to|into) (?:degrees? )?f)", " celsius ", text)
    text = re.sub(
        r"[?!]|\.(?!\d)|\b(?:please|for me|exactly|equal|degrees?|can you|could you|roughly|about)\b", " ", text
    )
    text = re.sub(r"\bhow do (?:i|you) (?=convert)|\b(?:tell me|i need to know|do you know) (?=how)", "", text)
    return re.sub(r"\s+", " ", text).strip()


def _fraction(match) -> str:
    """ "2 1/2" -> "2.5"."""
    return f"{int(match[1] or 0) + int(match[2]) / int(match[3]):.10g}"


def _amount(text: str | None) -> float:
    if text is None or text in ("a", "an"):
        return 1.0
    return 0.5 if "half" in text else float(text)


@functools.cache
def _registry():
    import pint  # late: loading it takes half a second

    return pint.UnitRegistry()
