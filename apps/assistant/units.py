"""Unit conversion, by pint: "convert 10 miles to kilometers", "how many cups are in a gallon", "5 feet 10 in cm".

pint knows the units; finding them in a sentence is ours. Of 27 conversions from this app's tests quantulum3 and
recognizers-text find 15 each, and read 2 and 4 of the others wrong without a word: "5 feet 10" as 5 feet.

pint reads any prefix before any unit, so that "cats" would be centi-atmospheres and "kilos" kiloseconds: here a unit
counts only if it is written in full, or is one of the usual abbreviations. Kitchen measures are those of the US, unless
"UK" or "imperial" is said.
"""

import functools
import math
import re
from dataclasses import dataclass
from fractions import Fraction

from .numbers import AMOUNT, NUMBER, amount, digits, shown

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
    "long ton": "long_ton", "short ton": "short_ton", "troy ounce": "troy_ounce", "dry pint": "dry_pint",
    "dry quart": "dry_quart", "dry gallon": "dry_gallon", "gigs": "gigabyte", "mb": "megabyte", "gb": "gigabyte",
    "tb": "terabyte", "kb": "kilobyte",
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
_TEMPERATURES = {"degree_Celsius": "°C", "degree_Fahrenheit": "°F", "kelvin": "K"}
_KITCHEN = {"cup", "pint", "quart", "gallon", "fluid_ounce", "tablespoon", "teaspoon"}
MONEY = re.compile(
    r"[$€£¥]|\b(?:dollars?|usd|euros?|eur|gbp|sterling|yen|pesos?|rupees?|francs?|yuan|rubles?|roubles?|bitcoins?|"
    r"won|cents?|bucks|currency|exchange rate)\b",
    re.IGNORECASE,
)

# Where a unit is from, said before its name. With another adjective ("an Australian cup") it is a unit that pint lacks.
_UK, _US = r"(?:uk|u\.k\.|imperial|british)", r"(?:us|u\.s\.|american)"
_OTHER_UNITS = re.compile(rf"{_UK}|{_US}|metric|dry|long|short|troy|nautical|canadian|australian|\w+ese", re.IGNORECASE)
# The unit of a number that has none: "5 feet 10".
_SMALLER = {"foot": "inch", "stone": "pound", "pound": "ounce", "hour": "minute", "minute": "second", "yard": "foot"}

_U = r"[a-z°][a-z°.' ]*?(?:(?: per |/)[a-z]+)?"
_BEFORE = re.compile(
    r"^.*\b(?:convert|change|turn|express|equivalent of|from) |"
    r"^(?:what(?:'s| is| are| would| will)|give me|tell me|i need|do|"
    r"how (?:much|tall|high|long|far|wide|deep|big|heavy|fast|hot|warm|cold) (?:is|are)) +"
)
_INTO = re.compile(
    rf"(?P<parts>.+) (?:be )?(?:in|into|to|as|equals? (?:how many|what in)|is how many) (?:the )?(?P<to>{_U})"
)
_HOW_MANY = re.compile(
    rf".*?(?:how (?:many|much)|(?:number|amount) of) +(?P<to>{_U}) (?:(?:are there|is there|are|is|makes?|do i get|"
    r"equals?|that are|in|from|for|equivalent to|equal to|of) )+(?P<parts>.+)"
)
_IN_A = re.compile(rf"(?P<to>{_U}) in (?P<parts>an? {_U})")  # "ounces in a pound"
_PART = re.compile(rf"(?:(?P<amount>-?{AMOUNT}) *)?(?P<unit>{_U})")


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
    asked = _BEFORE.sub("", text)
    for match in (_INTO.fullmatch(asked), _HOW_MANY.fullmatch(text), _IN_A.fullmatch(asked)):
        parts = match and unit(match["to"]) and _parts(match["parts"])
        if parts:
            return Conversion(parts, match["to"])
    return _loose(text) if loose else None


def rest(text: str) -> dict:
    """What a fragment changes of a conversion: {"target": unit}, {"amount": number}, both or neither."""
    text, found = _plain(text), {}
    match = re.fullmatch(r"(?:(?:in|into|to|as) )?(?P<to>[a-z° ]+?)", text)
    if match and unit(match["to"]):
        return {"target": match["to"]}
    match = re.fullmatch(rf"(?P<amount>-?{NUMBER})(?: (?P<unit>{_U}))?(?: (?:in|into|to) (?P<target>[a-z° ]+))?", text)
    if match and all(unit(name) for name in (match["unit"], match["target"]) if name):
        found = match.groupdict() | {"amount": _signed(match["amount"])}
    return {name: value for name, value in found.items() if value is not None}


def convert(asked: Conversion) -> tuple[str, str]:
    """Both sides as a person writes them: ("10 miles", "16.0934 kilometers"). Six digits, and whole numbers in full.

    Raises `ValueError`, with a clause that says why, if the two measure different things, or if there is no such
    temperature.
    """
    import pint

    if not all(math.isfinite(amount) for amount, _ in asked.parts):
        raise ValueError("the number is too large")
    registry = _registry()
    target = unit(asked.target)
    names = [unit(name) for _, name in asked.parts]
    if "ounce" in (target, *names):  # of liquids people say ounces
        target, *names = _liquid(registry, target, *names)
    for (value, _), name in zip(asked.parts, names, strict=True):
        if name in _TEMPERATURES and registry.Quantity(value, name).to("kelvin").magnitude < -1e-9:
            raise ValueError("nothing is colder than -273.15 °C, which is 0 K")
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


def _parts(text: str) -> tuple[tuple[float, str], ...] | None:
    """ "5 feet 10" -> ((5.0, "feet"), (10.0, "inch")); None if that is no amount of known units."""
    parts = []
    for piece in re.split(r"(?<=[a-z.])(?:,? and |, | )(?=-?\d)", text):
        match = _PART.fullmatch(piece.strip())
        if match and unit(match["unit"]) and (match["amount"] or not parts):
            parts.append((_signed(match["amount"] or "1"), match["unit"]))
        elif parts and re.fullmatch(NUMBER, piece) and unit(parts[-1][1]) in _SMALLER:
            parts.append((_signed(piece), _SMALLER[unit(parts[-1][1])]))
        else:
            return None
    return tuple(parts)


def _signed(text: str) -> float:
    return float(-amount(text[1:]) if text.startswith("-") else amount(text))


def _loose(text: str) -> Conversion | None:
    """The conversion between the two units that a text names: into the one after "how many", else into the latter."""
    words, found, at = text.split(), [], 0  # found: (amount or None, unit, whether it is asked for)
    while at < len(words):
        for size in (3, 2, 1):
            name = " ".join(words[at : at + size]).strip(",")
            before = words[at - 1] if at else ""
            counted = bool(re.fullmatch(rf"-?{NUMBER}", before))
            if (len(name) > 2 or counted) and unit(name):
                if _OTHER_UNITS.fullmatch(before):
                    return None
                asked_for = before in ("many", "much") or words[max(0, at - 2) : at] == ["amount", "of"]
                found.append((_signed(before) if counted else None, name, asked_for))
                at += size - 1
                break
        at += 1
    numbers = [word for word in words if re.search(r"\d", word)]
    if len(found) != 2 or len(numbers) != sum(amount is not None for amount, *_ in found):
        return None
    source, target = found if found[1][2] or not found[0][2] else found[::-1]
    return None if target[0] is not None else Conversion(((source[0] or 1.0, source[1]),), target[1])


@functools.lru_cache(maxsize=256)
def unit(name: str) -> str | None:
    """pint's name of a unit, "kilometer / hour" for "km/h"; None if it isn't one that people write like that."""
    name = re.sub(r"\s+", " ", name.lower().strip(" .").replace("°", "").removeprefix("degrees").removeprefix("degree"))
    name = re.sub(r"'s$", "", name.strip())
    if match := re.fullmatch(rf"{_UK} (.+)", name):
        return _imperial(unit(match[1]))
    if match := re.fullmatch(rf"{_US} (.+)", name):
        return unit(match[1])
    squared = re.fullmatch(r"(square|cubic|sq|cu) (.+)", name)
    if squared:
        inner = unit(squared[2])
        return inner and f"{inner} ** {2 if squared[1].startswith('sq') else 3}"
    parts = re.split(r" ?/ ?| per | an ", name)
    if len(parts) == 2 and name not in _NAMES:
        over, under = map(unit, parts)
        return over and under and f"{over} / {under}"
    if name in _NAMES or (" " in name and name.removesuffix("s") in _NAMES):
        known = _NAMES.get(name) or _NAMES[name.removesuffix("s")]
    elif name in _SHORT:
        known = _CASED.get(name, name)
    elif re.fullmatch(r"[a-z]{3,20}", name):
        known = _in_full(name)
    else:
        return None
    return known and str(_registry().Unit(known))


def _imperial(name: str | None) -> str | None:
    """pint's name of the British unit beside a US one; the same unit where there is but one, None if it is unknown."""
    if name in _KITCHEN | {"ton"}:
        british = f"imperial_{name}" if name != "ton" else "UK_ton"
        return british if british in _registry() else None
    return name


def written(name: str, amount: float) -> str:
    """pint's name of a unit as words, in the plural unless there is one of it."""
    if name in _TEMPERATURES:
        return _TEMPERATURES[name]
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
    """Unit names with ounces as fluid ounces, if another of them is a volume; imperial ones if that is."""
    volumes = [name for name in names if registry.Unit(name).dimensionality == {"[length]": 3}]
    ounce = "imperial_fluid_ounce" if any("imperial" in name for name in volumes) else "fluid_ounce"
    return [ounce if volumes and name == "ounce" else name for name in names]


def _plain(text: str) -> str:
    text = digits(re.sub(r"\band half\b", "and a half", text.lower().strip()))
    text = re.sub(rf"(\w+) \(({_UK}|{_US})\)", r"\2 \1", text)  # gallons (UK)
    text = re.sub(r"(\d)' ?(\d+)(?:\"|''|(?= |$))", r"\1 feet \2 inches", text)  # 5'10"
    text = re.sub(r"\b(an?|\d+) ([a-z]+) and a half\b", lambda m: f"{float(amount(m[1])) + 0.5:g} {m[2]}", text)
    text = re.sub(r"\b(?:minus|negative) (?=\d)", "-", text)
    text = re.sub(r"(?<=\d) degrees? (?=(?:in|to|into) (?:degrees? )?c)", " fahrenheit ", text)  # the other scale
    text = re.sub(r"(?<=\d) degrees? (?=(?:in|to|into) (?:degrees? )?f)", " celsius ", text)
    text = re.sub(
        r"[?!]|\.(?!\d)|\b(?:please|for me|exactly|equal|degrees?|can you|could you|roughly|about)\b", " ", text
    )
    text = re.sub(r"\bhow do (?:i|you) (?=convert)|\b(?:tell me|i need to know|do you know) (?=how)", "", text)
    return re.sub(r"\s+", " ", text).strip()


@functools.cache
def _registry():
    import pint  # late: loading it takes half a second

    return pint.UnitRegistry()
