"""What the assistant reads out of words: numbers, arithmetic, units, durations, moments, places."""

import datetime
import time
from fractions import Fraction

import pytest

from zoo_apps.assistant import arithmetic, dates, days, durations, german, time_zones, units
from zoo_apps.assistant.numbers import Digits, corrected, digits, shown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("twenty five minutes", "25 minutes"),
        ("a hundred and five", "105"),
        ("five and six", "5 and 6"),
        ("one thousand two hundred", "1200"),
        ("two and a half hours", "2.5 hours"),
        ("a twenty-minute timer", "a 20-minute timer"),
        ("Zero point two five", "0.25"),
        ("2.5 million", "2500000"),
        ("1,234.5 plus one", "1234.5 plus 1"),
        ("someone often weighs nothing", "someone often weighs nothing"),
    ],
)
def test_numbers(text, expected):
    assert digits(text) == expected


def test_a_part_of_the_digits_is_cut_from_the_words():
    found = Digits("remind me in twenty five minutes to buy two eggs")
    start = found.text.index("in 25 minutes")
    assert found.without(start, start + len("in 25 minutes")) == "remind me to buy two eggs"
    assert corrected("fiften minuts", ("fifteen", "minutes")) == "fifteen minutes"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (4.0, "4"),
        (Fraction(1, 3), "0.3333333333"),
        (1234567, "1,234,567"),
        (-0.5, "-0.5"),
        (10**400, "1 * 10^400"),
        (Fraction(1, 10**9), "1 * 10^-9"),
    ],
)
def test_numbers_as_a_person_writes_them(value, expected):
    assert shown(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what is 7 x 7", 49),
        ("please add 456 and 781", 1237),
        ("what is the sum of 3, 7, 9, and 24", 43),
        ("subtract 20 from 57", 37),
        ("30% off 279", Fraction(1953, 10)),
        ("80 + 10%", 88),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("8 factorial", 40320),
        ("two to the power of ten", 1024),
        ("2 ^ 3 ^ 2", 512),
        ("-2 ^ 2", -4),
        ("cube root of 27", 3),
        ("how many times can 12 go into 600", 50),
        ("half of 90", 45),
        ("10 mod 3", 1),
        ("0 ^ 0", 1),
        ("product of 3, 4 and 5", 60),
        ("divide 4 into 100", 25),
        ("divide 100 into 4", 25),
        ("subtract 10% from 50", 45),
    ],
)
def test_arithmetic(text, expected):
    assert arithmetic.value(text) == expected


@pytest.mark.parametrize("text", ["what day is it", "5", "-3", "5 plus", "(((", "__import__('os')", "2019-03-12", ""])
def test_what_is_no_arithmetic(text):
    assert arithmetic.value(text) is None


@pytest.mark.parametrize(
    "text", ["5 / 0", "9 ** 9 ** 9 ** 9", "1000000!", "square root of -4", "2.5!", "0 ^ -1", "(" * 40 + "1" + ")" * 40]
)
def test_arithmetic_without_an_answer(text):
    start = time.perf_counter()
    with pytest.raises(arithmetic.Impossible):
        arithmetic.value(text)
    assert time.perf_counter() - start < 0.5


def test_arithmetic_goes_on():
    last = Fraction(391)
    for text, expected in (("plus 9", 400), ("minus 3", 388), ("times two", 782), ("multiply it by 3", 1173)):
        assert arithmetic.value(text, last) == expected
    assert arithmetic.value("-3 + 5", last) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("convert 10 miles to kilometers", ("10 miles", "16.0934 kilometers")),
        ("how many cups are in a gallon", ("1 US gallon", "16 US cups")),
        ("98.6 degrees fahrenheit in celsius", ("98.6 °F", "37 °C")),
        ("how many ounces are in half a liter", ("0.5 liters", "16.907 US fluid ounces")),
        ("5 feet 10 inches in cm", ("5 feet 10 inches", "177.8 centimeters")),
        ("60 mph in km/h", ("60 miles per hour", "96.5606 kilometers per hour")),
        ("how many kilos are in 20 pounds", ("20 pounds", "9.07185 kilograms")),
        ("100 square feet in square meters", ("100 square feet", "9.2903 square meters")),
        ("1/2 cup in tablespoons", ("0.5 US cups", "8 US tablespoons")),
        ("2 1/2 cups in milliliters", ("2.5 US cups", "591.471 milliliters")),
        ("a gallon and a half in liters", ("1.5 US gallons", "5.67812 liters")),
        ("minus 40 celsius in fahrenheit", ("-40 °C", "-40 °F")),
        ("100 degrees in celsius", ("100 °F", "37.7778 °C")),
        ("convert 5'10\" to cm", ("5 feet 10 inches", "177.8 centimeters")),
    ],
)
def test_units(text, expected):
    assert units.convert(units.read(text)) == expected


def test_units_that_are_none():
    for text in (
        "how many cats in a dog",
        "20 dollars in euros",
        "what is 3 in german",
        "how far is it in miles to work",
    ):
        assert units.read(text) is None
    assert units.unit("cats") is None and units.unit("kilos") == "kilogram"
    with pytest.raises(ValueError, match="measure different things"):
        units.convert(units.read("3 kilograms in meters"))
    with pytest.raises(ValueError, match="too large"):
        units.convert(units.Conversion(((float("inf"), "miles"),), "feet"))
    assert units.read("if i have 4 inches, how many centimeters is that") is None
    assert units.read("if i have 4 inches, how many centimeters is that", loose=True) is not None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("twenty minutes", 1200),
        ("an hour and a half", 5400),
        ("three quarters of an hour", 2700),
        ("1 hour, 5 minutes and 10 seconds", 3910),
        ("1h30", 5400),
        ("90 secs", 90),
        ("fiften minuts", 900),
        ("30", None),
        ("1 hour 30", 5400),
        ("a half hour timer", 1800),
        ("a couple of hours", 7200),
        ("a second timer for 10 minutes", 600),
        ("5 minutes and 10 minutes", 300),
        ("in -5 minutes", -300),
        ("negative one hour 30 minutes", -5400),
        ("pasta - 5 minutes", 300),
        ("twenty-minute", 1200),
    ],
)
def test_durations(text, seconds):
    found = durations.read(text)
    assert (found and found[0]) == seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for 5 and 10 minutes", "for 5 minutes and 10 minutes"),
        ("1, 2 or 3-hour", "1-hour, 2-hour or 3-hour"),
        ("an hour no wait two", "2 hour"),
        ("for 5 minutes no sorry 10 minutes please", "for 10 minutes please"),
        ("an hour and ten minutes", "an hour and ten minutes"),
        ("five minutes to say no", "five minutes to say no"),
    ],
)
def test_durations_as_they_are_meant(text, expected):
    assert durations.meant(text) == expected


def test_durations_in_words():
    assert durations.spoken(4800) == "1 hour 20 minutes" and durations.spoken(86461) == "1 day 1 minute 1 second"
    assert durations.read("a timer of ten minutes, please")[1] == "a timer of, please"


NOW = datetime.datetime(2026, 3, 10, 14, 5)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "expected", "rest"),
    [
        ("tomorrow at 9 am", "2026-03-11T09:00", ""),
        ("in an hour and a half", "2026-03-10T15:35", ""),
        ("call the vet on friday at noon", "2026-03-13T12:00", "call the vet"),
        ("quarter to eight tomorrow morning", "2026-03-11T07:45", ""),
        ("half past six", "2026-03-10T18:30", ""),
        ("three thirty in the morning", "2026-03-11T03:30", ""),
        ("430am", "2026-03-11T04:30", ""),
        ("for six tomorrow morning", "2026-03-11T06:00", ""),
        ("on the twenty first of may at five", "2026-05-21T17:00", ""),
        ("the day after tomorrow", "2026-03-12T09:00", ""),
        ("february 29", "2028-02-29T09:00", ""),
        ("next tuesday at 18:30", "2026-03-17T18:30", ""),
        ("tomorow at nine", "2026-03-11T09:00", ""),
        ("buy 3 eggs at 5", "2026-03-10T17:00", "buy 3 eggs"),
        ("at midnight", "2026-03-11T00:00", ""),
        ("at 0630", "2026-03-11T06:30", ""),
        ("call at 5 sharp", "2026-03-10T17:00", "call"),
        ("my 3 pm meeting at 2:30", "2026-03-10T14:30", "my 3 pm meeting"),
        ("book the 8 am flight at 7 pm", "2026-03-10T19:00", "book the 8 am flight"),
        ("at 2:30 about my 3 pm meeting", "2026-03-10T14:30", "about my 3 pm meeting"),
        ("10 minutes before my meeting at 4", "2026-03-10T15:50", "my meeting"),
        ("check on the 2nd floor at 5", "2026-03-10T17:00", "check on the 2nd floor"),
        ("prepare tomorrow's lunch tonight at 8", "2026-03-10T20:00", "prepare tomorrow's lunch"),
        ("read pages 10 to 12 tonight", "2026-03-10T20:00", "read pages 10 to 12"),
        ("give the dog 1.30 dollars at 5", "2026-03-10T17:00", "give the dog 1.30 dollars"),
        ("say good morning to Bob at 7", "2026-03-10T19:00", "say good morning to Bob"),
        ("buy sundae toppings at 5", "2026-03-10T17:00", "buy sundae toppings"),
        ("tomorrow morning to call at 9", "2026-03-11T09:00", "to call"),
        ("go for a 30 minute walk in two hours", "2026-03-10T16:05", "go for a 30 minute walk"),
        ("take a 10 minute break in an hour", "2026-03-10T15:05", "take a 10 minute break"),
        ("in a couple of hours to stretch", "2026-03-10T16:05", "to stretch"),
        ("in a week and a half to call", "2026-03-21T09:00", "to call"),
        ("call bob at 2", "2026-03-11T14:00", "call bob"),
        ("eat lunch at 12:30", "2026-03-11T12:30", "eat lunch"),
        ("two days before christmas", "2026-12-23T09:00", ""),
        ("a week from friday", "2026-03-20T09:00", ""),
        ("on the last friday of this month", "2026-03-27T09:00", ""),
    ],
)
def test_moments(text, expected, rest):
    found = dates.moment(text, NOW)
    assert (found.at.isoformat(timespec="minutes"), found.rest) == (expected, rest)


@pytest.mark.parametrize(
    "text",
    [
        "call the 2 boys",
        "may i ask",
        "at 25:00",
        "take out the bins",
        "on february 31",
        "in 99999999999 hours",
        "on the 31st of june",
        "leave 20 minutes before my meeting at 4",
        "at half 7",
    ],
)
def test_what_is_no_moment(text):
    assert dates.moment(text, NOW) is None


def test_a_moment_that_replaces_another_keeps_what_it_does_not_say():
    old = datetime.datetime(2026, 3, 12, 7, 0)
    for text, expected in (
        ("half past six", "2026-03-12T06:30"),
        ("friday", "2026-03-13T07:00"),
        ("5 pm", "2026-03-12T17:00"),
    ):
        assert dates.moment(text, NOW, like=old).at.isoformat(timespec="minutes") == expected


def test_holidays():
    for text, expected in (
        ("christmas", "2026-12-25"),
        ("easter", "2026-04-05"),
        ("thanksgiving", "2026-11-26"),
        ("new year's day", "2027-01-01"),
        ("july 4 1976", "1976-07-04"),
    ):
        assert days.day(text, NOW.date())[0].isoformat() == expected
    assert dates.spoken(datetime.datetime(2027, 1, 1, 0, 5), NOW) == "on Friday, 1 January 2027 at 12:05 am"


def test_places():
    now = datetime.datetime.fromisoformat("2026-03-10T09:00:00+00:00")
    for place, expected in (("Tokyo", "UTC+9"), ("houston, tx", "UTC-5"), ("india", "UTC+5:30"), ("the uk", "UTC+0")):
        [zone] = time_zones.distinct(time_zones.zones(place), now)
        assert time_zones.offset(zone, now) == expected
    assert len(time_zones.distinct(time_zones.zones("australia"), now)) > 3 and time_zones.zones("atlantis") == []


def test_everyday_german_is_known_however_it_is_written():
    assert german.phrase("Good morning!") == "Guten Morgen"
    assert german.phrase("what's your name?") == german.phrase("What is your name") == "Wie heißen Sie?"
    assert german.phrase("I am sorry.") == "Es tut mir leid" and german.phrase("do you  speak English") is not None
    assert german.phrase("two dogs play in the snow") is None and german.phrase("") is None
    assert all(german.phrase(english) == said for english, said in german.PHRASES.items())
