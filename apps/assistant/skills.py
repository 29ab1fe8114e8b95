"""Skills that need no stored data: time and date, arithmetic and units, coin and dice. A pair of functions each: `read`
finds the slots in a line, the other acts on them.
"""

import re
from dataclasses import replace

from . import arithmetic, dates, days, durations, time_zones, units
from .clock import later
from .numbers import NUMBER, START, digits, number, shown, unreadable
from .turn import Answer, Question, Skill, Turn, sentence

MOST_DICE = 20
MOST_SIDES = 1000
LONGEST_SHIFT = 100 * 365 * 86400  # seconds
_HERE = re.compile(r"\b(?:there|here|now|right now|currently|today|please|at the moment|exactly)\b")
_ASKING = """
    what which whats what's is the a time zone zones timezone timezones in of for at do does use have you know
    tell me i need wanna want to can could find out applicable please it there country here my our we are am local
    current now give name if would be so and different s
"""
_ASKING = frozenset(_ASKING.split())


# A day that is asked for by something else than a date: "when is my birthday", "what date is the party".
_EVENT = re.compile(
    r"^when(?:'s| is| was| will)\b|"
    r"\b(?:date|day)(?: of the week)? (?:is|was|will|of|for) "
    r"(?!it\b|today|the (?:day|week|month|year)|this|now|currently)|"
    r"\b(?:my|his|her|their|our) \w*(?:day|anniversary|party|wedding)\b"
)


# Time and time zones


def read_place(turn: Turn) -> dict:
    """{"place": str}: a place that has a zone, else whatever follows "in"; {} for none. {"shift": seconds} from now."""
    if shift := _shift(turn):
        return {"shift": shift[0]} | read_place(replace(turn, text=shift[1]))
    text = _HERE.sub(" ", re.sub(r"[?!\"]|'s\b|\btime ?zones?\b|\bstandard\b", " ", turn.low))
    words = text.split()
    after = re.search(r"\b(?:in|of|for|at) (?:the )?(.+)$", " ".join(words))
    phrase = after[1].strip(" ,.") if after else ""
    if phrase and time_zones.zones(phrase):
        return {"place": phrase}
    for size in range(min(5, len(words)), 0, -1):
        for start in range(len(words) - size + 1):
            name = " ".join(words[start : start + size]).strip(" ,.")
            # "us", "la" and the like are places only by themselves.
            if (len(name) > 3 or len(words) == size) and "," not in name and name != "time" and time_zones.zones(name):
                return {"place": name}
    if turn.requested:
        return {"place": " ".join(words)}
    if turn.following == "and" and len(words) <= 3 and not _ASKING & set(words):
        return {"place": " ".join(words)}
    unknown = phrase and not re.match(r"(?:country|it|is|a minute|morning|evening|day|that|you)\b", phrase)
    return {"place": phrase} if unknown else {}


def read_zone(turn: Turn) -> dict:
    """As `read_place`; a place that isn't known is all that is no word of such a question."""
    found = read_place(turn)
    words = [word for word in re.findall(r"[\w']+", turn.low) if word not in _ASKING]
    return found or ({"place": " ".join(words)} if words and len(words) < 4 else {})


def _shift(turn: Turn) -> tuple[float, str] | None:
    """The seconds of "in 3 hours" and, below zero, of "2 hours ago", and the text without them; None for no such."""
    text = digits(turn.low)
    for span in durations.find_all(text):
        before = re.search(r"\bin $", text[: span.start])
        after = re.match(r" (?:from now|later|ago)\b", text[span.end :])
        if before or after:
            rest = text[: before.start() if before else span.start] + text[span.end + (after.end() if after else 0) :]
            return -span.seconds if after and "ago" in after[0] else span.seconds, rest.strip()
    return None


def tell_time(turn: Turn, slots: dict) -> Answer:
    shift = slots.get("shift", 0)
    if abs(shift) > LONGEST_SHIFT:
        return Answer("That is further away than my calendar goes.", context={})
    now = later(turn.now, shift)
    verb = "is" if not shift else "was" if shift < 0 else "will be"

    def clock(at) -> str:
        day = "" if at.date() == turn.now.date() else f" ({dates.spoken_day(at.date(), turn.now.date())})"
        return dates.spoken_clock(at) + day

    if "place" not in slots:
        lines = (f"It is {clock(now)}.", f"{clock(now)}, and not getting earlier.")
        return Answer(f"It {verb} {clock(now)}." if shift else turn.voice.pick(lines), ("time",), {})
    found = time_zones.distinct(time_zones.zones(slots["place"]), now)
    name = _title(slots["place"])
    if not found:
        return Answer(f"I don't know which time zone {name} is in. A large city near it?", context={})
    if len(found) > 1:
        first, last = (
            f"{dates.spoken_clock(now.astimezone(z))} in {time_zones.city(z)}" for z in (found[0], found[-1])
        )
        return Answer(f"{name} has {len(found)} times at once: from {first} to {last}. Name a city.", ("time",), slots)
    return Answer(f"It {verb} {clock(now.astimezone(found[0]))} in {name}.", ("time",), slots)


def tell_timezone(turn: Turn, slots: dict) -> Answer:
    if "place" not in slots:
        if not re.search(r"\b(?:my|our|we|here|am|local)\b", turn.low):
            return Answer("The time zone of which place?", question=Question("place", slots))
        return Answer(f"This machine's clock is at {_offset(turn.now)}.", ("timezone",), {})
    found = time_zones.distinct(time_zones.zones(slots["place"]), turn.now)
    name = _title(slots["place"])
    if not found:
        return Answer(f"I don't know which time zone {name} is in. A large city near it?", context={})
    if len(found) > 1:
        ends = " to ".join(
            f"{time_zones.offset(zone, turn.now)} ({time_zones.city(zone)})" for zone in (found[0], found[-1])
        )
        return Answer(f"{name} spreads over {len(found)} zones, from {ends}.", ("timezone",), slots)
    return Answer(
        f"{name} is at {time_zones.offset(found[0], turn.now)}, on {time_zones.city(found[0])} time.",
        ("timezone",),
        slots,
    )


def _offset(now) -> str:
    text = now.strftime("%z")  # +0530
    return f"UTC{text[0]}{int(text[1:3])}" + (f":{text[3:5]}" if text[3:5] != "00" else "")


def _title(place: str) -> str:
    """A place as it is written: "New York", but "UK"."""
    small = ("of", "and", "the", "do", "da", "de", "time")
    short = (
        "uk",
        "us",
        "usa",
        "uae",
        "la",
        "nyc",
        "gmt",
        "utc",
        "est",
        "pst",
        "cst",
        "mst",
        "cet",
        "dc",
        "tx",
        "ny",
        "ca",
    )
    if place in ("eastern", "central", "mountain", "pacific"):
        place += " time"
    return " ".join(w.upper() if w in short else w if w in small else w.capitalize() for w in place.split())


# Dates


def read_date(turn: Turn) -> dict:
    """{"on": date} for a date that is named, {"count": True} where days are to be counted, {"unknown": True} for what
    isn't known, as a birthday."""
    past = re.search(r"\b(?:since|ago|was|were)\b", turn.low) is not None
    today = re.match(r"is (?:it|today)\b", turn.low)
    found = None if today else days.day(turn.text, turn.wall.date(), past=past)
    slots = {"on": found[0]} if found else {}
    if re.search(
        r"\bhow (?:many|long|much)\b.*\b(?:un|')?till?\b|\bhow (?:many|long) .*\b(?:to|before|since|until|away|ago)\b",
        turn.low,
    ):
        slots["count"] = True
    if not found and (_EVENT.search(turn.low) or "count" in slots):
        slots["unknown"] = True
    return slots


def tell_date(turn: Turn, slots: dict) -> Answer:
    if "unknown" in slots:
        return Answer("I don't know when that is. Give me its date, and I work with that.", context={})
    today = turn.wall.date()
    on = slots.get("on", today)
    said = f"{dates.long_day(on)} {on.year}"
    if slots.get("count") and "on" in slots:
        away = (on - today).days
        count = f"{shown(abs(away))} day{'s' * (abs(away) != 1)}"
        line = f"{count} until {said}." if away > 0 else f"{said} was {count} ago." if away else "That is today."
        return Answer(line, ("date",), slots)
    if on == today:
        return Answer(f"Today is {said}.", ("date",), {})
    name = dates.spoken_day(on, today)
    lead = f"{sentence(name)} is " if not name.startswith("on ") else "That is " if on > today else "That was "
    return Answer(f"{lead}{said}.", ("date",), {"on": on})


# Arithmetic and units


def read_sum(turn: Turn) -> dict:
    """{"sum": str, "last": the value before or None}, if the text is arithmetic."""
    last = turn.context.get("value")
    try:
        found = arithmetic.value(turn.text, last) is not None
    except arithmetic.Impossible:
        found = True
    return {"sum": turn.text, "last": last} if found else {}


def calculate(turn: Turn, slots: dict) -> Answer:
    if "sum" not in slots:
        unread, unclear = unreadable(turn.text), ""
        if unread:
            unclear = f"I can't read {unread} as a number. "
        elif re.search(r"\d", digits(turn.low)):
            unclear = "That one is beyond me. "
        line = f"{unclear}I can work out what fits in a line of numbers and signs. Which?"
        return Answer(line, question=Question("sum", {}))
    try:
        value = arithmetic.value(slots["sum"], slots.get("last"))
    except arithmetic.Impossible as error:
        return Answer(f"No result: {error}.")
    lines = (f"That makes {shown(value)}.", f"{shown(value)}.", f"It comes to {shown(value)}.")
    return Answer(turn.voice.pick(lines), ("calculate",), {"value": value})


def read_units(turn: Turn) -> dict:
    """{"parts", "target"} of a whole conversion; of a fragment what it changes ("target", "amount", "unit")."""
    found = units.read(turn.text, loose=turn.understanding.intent == "measurement_conversion")
    if found:
        return {"parts": found.parts, "target": found.target}
    return units.rest(turn.text) if turn.context.get("parts") else {}


def convert(turn: Turn, slots: dict) -> Answer:
    if units.MONEY.search(turn.text) and "parts" not in slots:
        return Answer("I can't see today's exchange rates, and yesterday's would only annoy your bank.")
    parts = slots.get("parts")
    if parts and "amount" in slots:
        parts = ((slots["amount"], slots.get("unit") or parts[0][1]),)
    if not parts or "target" not in slots:
        unread = unreadable(turn.text)
        unclear = f"I can't read {unread} as a number. " if unread else ""
        line = f"{unclear}How much of what, and into what? Say it like: 10 miles in kilometers."
        return Answer(line, question=Question("parts", {}))
    context = {"parts": parts, "target": slots["target"]}
    try:
        left, right = units.convert(units.Conversion(parts, slots["target"]))
    except ValueError as error:
        return Answer(f"I can't convert that: {error}.", context=context)
    return Answer(f"{left} = {right}.", ("convert",), context)


# Chance


def read_coins(turn: Turn) -> dict:
    match = re.search(rf"{START}({NUMBER}) (?:coins?|times)\b", _times(turn))
    return {"count": number(match[1])} if match else {}


def _times(turn: Turn) -> str:
    return re.sub(r"\btwice\b", "2 times", digits(turn.low))


def flip_coin(turn: Turn, slots: dict) -> Answer:
    count = slots.get("count", 1)
    if count not in range(1, MOST_DICE + 1):
        return Answer(f"I can't juggle that many: 1 to {MOST_DICE} coins.", context={})
    sides = [turn.voice.random.choice(("Heads", "Tails")) for _ in range(int(count))]
    return Answer(", ".join(sides) + ".", ("coin",), {"count": count})


def read_dice(turn: Turn) -> dict:
    """{"count", "low", "sides"} as far as they are named: "two dice", "a d20", "a number from 5 to 9"."""
    text, slots = _times(turn), {}
    if match := re.search(r"\b(\d*) ?d(\d+)\b", text):
        return {"sides": int(match[2])} | ({"count": int(match[1])} if match[1] else {})
    if match := re.search(r"\bnumber (?:between|from) (\d+) (?:and|to) (\d+)", text):
        return {"low": int(match[1]), "sides": int(match[2])}
    if match := re.search(r"\b(\d+)[ -]?(?:sided|faced?|sides|faces)\b", text):
        slots["sides"] = int(match[1])
        text = text.replace(match[0], "")
    if match := re.search(rf"{START}({NUMBER}|a pair of) *(?:dice|die|dices|of them|times)\b", text):
        slots["count"] = number(match[1]) if match[1][0].isdigit() else 2
    elif turn.following and (match := re.fullmatch(NUMBER, text.strip(" .?!"))):
        slots["count"] = number(match[0])
    return slots


def roll_dice(turn: Turn, slots: dict) -> Answer:
    count, low, sides = slots.get("count", 1), slots.get("low", 1), slots.get("sides", 6)
    if count not in range(1, MOST_DICE + 1) or not low < sides <= MOST_SIDES:
        return Answer(f"I can't roll that: I have 1 to {MOST_DICE} dice of 2 to {MOST_SIDES:,} sides.", context={})
    rolls = [turn.voice.random.randint(low, sides) for _ in range(int(count))]
    total = f", {sum(rolls)} together" if count > 1 else ""
    return Answer(f"{', '.join(map(str, rolls))}{total}.", ("dice",), {"count": count, "low": low, "sides": sides})


SKILLS = {
    "time": Skill(read_place, tell_time),
    "timezone": Skill(read_zone, tell_timezone),
    "date": Skill(read_date, tell_date),
    "calculate": Skill(
        read_sum, calculate, follow_up="add|subtract|multiply|divide|plus|minus|times|divided|to the power"
    ),
    "convert": Skill(read_units, convert),
    "coin": Skill(read_coins, flip_coin, again=True),
    "dice": Skill(read_dice, roll_dice, again=True),
}
