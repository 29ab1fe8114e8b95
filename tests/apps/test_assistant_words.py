"""What the assistant reads out of words: numbers, arithmetic, units, durations, moments, places."""

import datetime
import time
from fractions import Fraction

import pytest

from zoo_apps.assistant import arithmetic, dates, days, durations, german, time_words, time_zones, units
from zoo_apps.assistant.numbers import Digits, amount, corrected, digits, shown, unreadable


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
        ("1,5", "1.5"),
        ("0,5 l", "0.5 l"),
        ("0,125", "0.125"),
        ("1.000,5", "1000.5"),
        ("1.000.000", "1000000"),
        ("1,000", "1000"),
        ("1,000,000", "1000000"),
        ("1234,567", "1234.567"),
        ("one and a half", "1.5"),
        ("two and a third", "2 1/3"),
        ("three quarters", "3/4"),
        ("three-quarters", "3/4"),
        ("two thirds", "2/3"),
        ("one half hour", "1/2 hour"),
        ("three and three quarters", "3 3/4"),
        ("one and three quarter hours", "1 3/4 hours"),
        ("½ and 1½ and 2 ¾", "1/2 and 1 1/2 and 2 3/4"),
        ("nineteen hundred", "1900"),
        ("one point oh five", "1.05"),
        ("add 1,5 and 2,5", "add 1.5 and 2.5"),
        ("the twenty third of may", "the 20 third of may"),
        ("12.03.2026 at 4:30", "12.03.2026 at 4:30"),
        ("someone often weighs nothing", "someone often weighs nothing"),
    ],
)
def test_numbers(text, expected):
    assert digits(text) == expected


@pytest.mark.parametrize("text", ["1,2,3", "1,00,000", "1.2.3", "the sum of 3,7 and 9", "1.2.3 million"])
def test_a_number_that_cannot_be_read_stays_as_it_is(text):
    assert digits(text) == text and unreadable(text) in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2 3/4", 2.75), ("3/4 of an", 0.75), ("a quarter of a", 0.25), ("a couple of", 2), ("an", 1)],
)
def test_amounts(text, expected):
    assert amount(text) == expected and unreadable(text) is None


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
        ("what is 1,5 + 1", Fraction(5, 2)),
        ("1.000,5 + 1", Fraction(2003, 2)),
        ("1,000 + 1", 1001),
        ("1 1/2 + 1", Fraction(5, 2)),
        ("1½ + 1", Fraction(5, 2)),
        ("add 2 and 1 1/2", Fraction(7, 2)),
        ("add 1,5 and 2,5", 4),
        ("2 1/2 times 4", 10),
        ("three quarters of 80", 60),
        ("2 3/4 of 8", 22),
        ("6 divided by two thirds", 9),
        ("6 times two thirds", 4),
        ("6 / 2 / 3", 1),
        ("8 - 1/2", Fraction(15, 2)),
        ("3,5% of 200", 7),
    ],
)
def test_arithmetic(text, expected):
    assert arithmetic.value(text) == expected


@pytest.mark.parametrize(
    "text",
    ["what day is it", "5", "-3", "5 plus", "(((", "__import__('os')", "2019-03-12", "", "1,2,3 + 1", "1.2.3 + 1"],
)
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
        ("5 feet 10 in cm", ("5 feet 10 inches", "177.8 centimeters")),
        ("5 feet 10 in in cm", ("5 feet 10 inches", "177.8 centimeters")),
        ("how many cm is 5 feet 10", ("5 feet 10 inches", "177.8 centimeters")),
        ("how tall is 5 foot 11 in metres", ("5 feet 11 inches", "1.8034 meters")),
        ("6 ft 2 inches in metres", ("6 feet 2 inches", "1.8796 meters")),
        ("2 lb 3 oz in kg", ("2 pounds 3 ounces", "0.992233 kilograms")),
        ("8 pounds 6 in kg", ("8 pounds 6 ounces", "3.79884 kilograms")),
        ("10 stone 4 in kg", ("10 stone 4 pounds", "65.3173 kilograms")),
        ("1 hour 30 in minutes", ("1 hour 30 minutes", "90 minutes")),
        ("1 mile, 200 yards and 5 feet in meters", ("1 mile 200 yards 5 feet", "1,793.75 meters")),
        ("convert 1 uk gallon to liters", ("1 imperial gallon", "4.54609 liters")),
        ("2 gallons (uk) in liters", ("2 imperial gallons", "9.09218 liters")),
        ("how many liters are in 3 imperial gallons", ("3 imperial gallons", "13.6383 liters")),
        ("1 imperial pint in ml", ("1 imperial pint", "568.261 milliliters")),
        ("how many ounces in an imperial pint", ("1 imperial pint", "20 imperial fluid ounces")),
        ("how many us gallons are in a uk gallon", ("1 imperial gallon", "1.20095 US gallons")),
        ("us gallons in a uk gallon", ("1 imperial gallon", "1.20095 US gallons")),
        ("3 imperial miles in km", ("3 miles", "4.82803 kilometers")),
        ("1 uk ton in kg", ("1 UK ton", "1,016.05 kilograms")),
        ("2 troy ounces in grams", ("2 troy ounces", "62.207 grams")),
        ("0,5 l in ml", ("0.5 liters", "500 milliliters")),
        ("1.000,5 m in km", ("1,000.5 meters", "1.0005 kilometers")),
        ("1,000 m in km", ("1,000 meters", "1 kilometer")),
        ("three quarters of a mile in km", ("0.75 miles", "1.20701 kilometers")),
        ("1/3 cup in tablespoons", ("0.3333333333 US cups", "5.33333 US tablespoons")),
        ("-459.67 f in k", ("-459.67 °F", "0 K")),
    ],
)
def test_units(text, expected):
    assert units.convert(units.read(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3 km in m",
        "1 australian cup in ml",
        "5 metric cups in ml",
        "1 imperial tablespoon in ml",
        "3 and 5 miles and km",
        "convert 3 times 5 miles to km",
    ],
)
def test_conversions_that_are_not_guessed(text):
    assert units.read(text) is None and units.read(text, loose=True) is None


@pytest.mark.parametrize("text", ["-300 celsius to kelvin", "-1 kelvin to celsius", "-500 f in c"])
def test_temperatures_below_absolute_zero(text):
    with pytest.raises(ValueError, match="colder"):
        units.convert(units.read(text))


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
        ("1/2 hour", 1800),
        ("1:30 hours", 5400),
        ("three-quarters of an hour", 2700),
        ("1.5 hours", 5400),
        ("1,5 hours", 5400),
        ("1 1/2 hours", 5400),
        ("half an hour", 1800),
        ("a half hour", 1800),
        ("quarter of an hour", 900),
        ("a quarter hour", 900),
        ("ten minutes", 600),
        ("9 minutes", 540),
        ("1 hour", 3600),
        ("an hour", 3600),
        ("two and a half minutes", 150),
        ("1h 20m", 4800),
        ("1:30 minutes", 90),
        ("0:45 hours", 2700),
        ("1½ hours", 5400),
        ("2 days and 3 hours", 183600),
        ("a day and a half", 129600),
        ("half a minute", 30),
        ("one and a half hours", 5400),
        ("a minute and a half", 90),
        ("an hour and a quarter", 4500),
        ("two hours and a half", 9000),
        ("1:30:15 hours", 5415),
        ("ninety seconds", 90),
        ("three hours and fifteen minutes", 11700),
        ("1,000 seconds", 1000),
        ("12 hours 30 minutes", 45000),
        ("five minutes thirty", 330),
        ("1 hour 5", 3900),
        ("two weeks", 1209600),
        ("3h 15", 11700),
        ("an hour and half", 5400),
        ("an hour and half the cake", 3600),
        ("5m30", 330),
        ("half of an hour", 1800),
        ("a third of an hour", 1200),
        ("an hour and three quarters", 6300),
        ("quarter-hour", 900),
        ("2 1/2 days", 216000),
        ("a timer of an hour", 3600),
        ("from 5 to 10 minutes", 600),
        ("1,2,3 minutes", None),
        ("1.2.3 hours", None),
        ("5-10 minutes", None),
        ("5 or 10 minutes", None),
        ("5 to 10 minutes", None),
        ("an hour or two", None),
        ("a tenth of an hour", None),
        ("1:75 hours", None),
        ("a few minutes", None),
        ("the third minute", None),
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("five to 12 am", "2026-03-10T23:55"),
        ("five to 12 pm", "2026-03-11T11:55"),
        ("quarter to noon", "2026-03-11T11:45"),
        ("half past midnight", "2026-03-11T00:30"),
        ("half past noon tomorrow", "2026-03-11T12:30"),
        ("5 minutes to midnight", "2026-03-10T23:55"),
        ("12 noon", "2026-03-11T12:00"),
        ("at 12 midnight", "2026-03-11T00:00"),
        ("at quarter of five", "2026-03-10T16:45"),
        ("at 1400 hours", "2026-03-11T14:00"),
        ("at fifteen hundred hours", "2026-03-10T15:00"),
        ("at nine five pm", None),
        ("at 9 oh 5", "2026-03-10T21:05"),
        ("twenty-five to seven", "2026-03-10T18:35"),
        ("at seven oh nine am", "2026-03-11T07:09"),
        ("at 9:75 pm", None),
        ("at 9:5 pm", None),
        ("at 1,5 pm", None),
        ("at 4-5 pm", None),
        ("half 7 pm", None),
        ("at half seven", None),
        ("in 2 days and 3 hours", "2026-03-12T17:05"),
        ("in 2 days, 3 hours and 5 minutes", "2026-03-12T17:10"),
        ("2 days and 3 hours from now", "2026-03-12T17:05"),
        ("in a day and a half", "2026-03-12T02:05"),
        ("in half a day", "2026-03-11T02:05"),
        ("in 2 days", "2026-03-12T09:00"),
        ("in 2 days at 5 pm", "2026-03-12T17:00"),
        ("in a week and 2 days to pay", "2026-03-19T09:00"),
        ("in 1 month and 2 hours", None),
        ("in 1 month and 3 days at noon", "2026-04-13T12:00"),
        ("in 2 hours on friday", None),
        ("on friday in 2 hours", None),
        ("in two hours at 5", None),
        ("on the 23rd of next month at 5 pm", "2026-04-23T17:00"),
        ("next month on the 23rd", "2026-04-23T09:00"),
        ("tomorrow, on friday", None),
        ("at the beginning of next month", None),
        ("at the end of next month", "2026-04-30T09:00"),
        ("on friday the 14th", None),
        ("friday the 13th at 10", "2026-03-13T10:00"),
        ("on 3/4 at noon", None),
        ("on 3/15 at noon", "2026-03-15T12:00"),
        ("in about 2 hours", "2026-03-10T16:05"),
        ("in the next 20 minutes", "2026-03-10T14:25"),
        ("an hour before midnight", "2026-03-10T23:00"),
        ("2 hours after noon tomorrow", "2026-03-11T14:00"),
        ("in 5 to 10 minutes", None),
        ("in an hour or two", None),
        ("in 5-10 minutes", None),
        ("in 1,2,3 minutes", None),
        ("in 1:30 hours", "2026-03-10T15:35"),
        ("in 1/2 hour", "2026-03-10T14:35"),
        ("in three-quarters of an hour", "2026-03-10T14:50"),
        ("in 1,5 hours", "2026-03-10T15:35"),
        ("in a couple of days", "2026-03-12T09:00"),
        ("at 5 for 2 hours", "2026-03-10T17:00"),
        ("at 8 the evening news", "2026-03-10T20:00"),
        ("at half past seven in the evening", "2026-03-10T19:30"),
        ("seven thirty in the evening", "2026-03-10T19:30"),
        ("at 7 o'clock tonight", "2026-03-10T19:00"),
        ("monday of next week at 8", "2026-03-16T08:00"),
        ("in two weeks on friday", "2026-03-27T09:00"),
        ("the day before christmas at noon", "2026-12-24T12:00"),
        ("at 21h", "2026-03-10T21:00"),
        ("at 21h30", "2026-03-10T21:30"),
        ("at 9.05 pm", "2026-03-10T21:05"),
        ("nine oh five", "2026-03-10T21:05"),
        ("ten to ten in the morning", "2026-03-11T09:50"),
        ("at five past one", "2026-03-11T13:05"),
        ("at ten to one", "2026-03-11T12:50"),
        ("on the 35th of may", None),
        ("at 13 pm", None),
        ("in 36 hours", "2026-03-12T02:05"),
        ("the 3rd of next month", "2026-04-03T09:00"),
        ("on the last day of the month", "2026-03-31T09:00"),
        ("at nine hundred", "2026-03-10T21:00"),
        ("at one thirty pm", "2026-03-11T13:30"),
        ("in 90 minutes", "2026-03-10T15:35"),
        ("in ninety minutes", "2026-03-10T15:35"),
        ("by five to nine", "2026-03-10T20:55"),
        ("eight minutes past six pm", "2026-03-10T18:08"),
        ("may 5 at noon", "2026-05-05T12:00"),
        ("at noon, may 5", "2026-05-05T12:00"),
        ("a quarter past midnight", "2026-03-11T00:15"),
        ("three days after christmas", "2026-12-28T09:00"),
        ("at seventeen thirty", "2026-03-10T17:30"),
        ("at 17 30", "2026-03-10T17:30"),
        ("in 2.5 hours", "2026-03-10T16:35"),
        ("in two and a quarter hours", "2026-03-10T16:20"),
        ("at 6 on the 3rd of may", "2026-05-03T18:00"),
        ("the second sunday of next month", "2026-04-12T09:00"),
        ("before 5 pm", "2026-03-10T17:00"),
        ("in ½ hour", "2026-03-10T14:35"),
        ("5 pm today", "2026-03-10T17:00"),
        ("in one and a half days", "2026-03-12T02:05"),
        ("within an hour", "2026-03-10T15:05"),
        ("on sunday morning", "2026-03-15T09:00"),
        ("remind me in 2 days and 3 hours to pay", "2026-03-12T17:05"),
        ("on the 23rd of next month to pay", "2026-04-23T09:00"),
        ("an alarm for nine oh five pm", "2026-03-10T21:05"),
        ("at five to midnight to call Ann", "2026-03-10T23:55"),
        ("quarter past noon", "2026-03-11T12:15"),
        ("half past seven in the evening", "2026-03-10T19:30"),
        ("ten past midnight", "2026-03-11T00:10"),
        ("at nine fifteen pm", "2026-03-10T21:15"),
        ("on the twenty first of may at five pm", "2026-05-21T17:00"),
        ("the day after tomorrow at noon", "2026-03-12T12:00"),
        ("february 29 at 9 am", "2028-02-29T09:00"),
        ("buy 3 eggs at 5 pm", "2026-03-10T17:00"),
        ("my 3 pm meeting at 2:30 pm", "2026-03-10T14:30"),
        ("10 minutes before my meeting at 4 pm", "2026-03-10T15:50"),
        ("check on the 2nd floor at 5 pm", "2026-03-10T17:00"),
        ("read pages 10 to 12 tonight at 8", "2026-03-10T20:00"),
        ("two days before christmas at 9 am", "2026-12-23T09:00"),
        ("a week from friday at 9 am", "2026-03-20T09:00"),
        ("on the last friday of this month at 9 am", "2026-03-27T09:00"),
        ("call my mother tomorrow at 9 am", "2026-03-11T09:00"),
        ("in two hours", "2026-03-10T16:05"),
        ("on friday at noon to ring the dentist", "2026-03-13T12:00"),
        ("in 10 minutes to check the oven", "2026-03-10T14:15"),
        ("for 6 pm", "2026-03-10T18:00"),
        ("wake me up at 7 am tomorrow", "2026-03-11T07:00"),
        ("in 1 hour and 20 minutes", "2026-03-10T15:25"),
        ("in 1.5 hours", "2026-03-10T15:35"),
        ("in half an hour", "2026-03-10T14:35"),
        ("three days from now at 8 am", "2026-03-13T08:00"),
        ("in a week and 2 days at 8 am", "2026-03-19T08:00"),
        ("the first monday of april at 9 am", "2026-04-06T09:00"),
        ("at 25:00", None),
        ("february 31 at 9 am", None),
        ("in three quarters of an hour", "2026-03-10T14:50"),
        ("at twenty to five pm", "2026-03-10T16:40"),
        ("at noon on the 15th", "2026-03-15T12:00"),
        ("on 2026-05-01 at 10:00", "2026-05-01T10:00"),
        ("at eight oh five in the morning", "2026-03-11T08:05"),
        ("at 5 in the early morning", "2026-03-11T05:00"),
        ("between 5 and 6 pm", None),
        ("from 5 to 6 pm", None),
        ("at 5:30:15", None),
        ("early next week", None),
        ("in 5 hours 30 to nap", "2026-03-10T19:35"),
        ("at eight oh two am to run", "2026-03-11T08:02"),
        ("ten minutes to midnight", "2026-03-10T23:50"),
        ("in 1 week, 1 day and 1 hour", "2026-03-18T15:05"),
        ("the day before easter at noon", "2026-04-04T12:00"),
        ("at twelve thirty am", "2026-03-11T00:30"),
        ("on april 31 at noon", None),
    ],
)
def test_moments_are_read_whole_or_not_at_all(text, expected):
    found = dates.moment(text, NOW)
    assert (found and found.at.isoformat(timespec="minutes")) == expected


@pytest.mark.parametrize(
    ("text", "rest", "unread"),
    [
        ("in 2 moons to pay", "to pay", "in 2 moons"),
        ("on 3/4 to pay", "to pay", "on 3/4"),
        ("at the bank to deposit 50", "to deposit 50", "at the bank"),
        ("when i get home to feed the cat", "to feed the cat", "when i get home"),
        ("pay on february 31", "pay", "on february 31"),
        ("pay in 1 month and 2 hours", "pay", "in 1 month and 2 hours"),
        ("look at photos on february 31", "look at photos", "on february 31"),
        ("study for the exam in march", "study for the exam", "in march"),
        ("eat at half seven", "eat", "at half 7"),
        ("february 31", "", "february 31"),
        ("pay in 2 installments", "pay in 2 installments", ""),
        ("buy the may issue", "buy the may issue", ""),
        ("watch the game", "watch the game", ""),
    ],
)
def test_what_looks_like_a_time_is_set_apart(text, rest, unread):
    assert time_words.set_apart(text) == (rest, unread)


def test_reading_long_lines_takes_no_time():
    lines = (
        "in " + "1,2," * 120,
        "on the next " * 40 + "to",
        "1/1 " * 120,
        "3,7 and " * 60,
        "a week and 2 days and " * 22,
    )
    start = time.process_time()
    for line in lines:
        assert dates.moment(line[:500], NOW) is None or line.startswith("a week")
        time_words.set_apart(line[:500])
        durations.read(line[:500])
    assert time.process_time() - start < 5


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the 23rd of next month", "2026-04-23"),
        ("next month on the 23rd", "2026-04-23"),
        ("on the twenty third of next month", "2026-04-23"),
        ("the 5th of last month", "2026-02-05"),
        ("the last day of the month", "2026-03-31"),
        ("end of next month", "2026-04-30"),
        ("the last day of february", "2027-02-28"),
        ("monday of next week", "2026-03-16"),
        ("next week on friday", "2026-03-20"),
        ("friday in two weeks", "2026-03-27"),
        ("the week after next", "2026-03-24"),
        ("monday the week after next", "2026-03-23"),
        ("friday week", "2026-03-20"),
        ("in a week and 2 days", "2026-03-19"),
        ("in 1 month and 3 days", "2026-04-13"),
        ("the day before christmas", "2026-12-24"),
        ("2 weeks after the 15th of next month", "2026-04-29"),
        ("christmas next year", "2027-12-25"),
        ("may 5 next year", "2027-05-05"),
        ("friday the 13th", "2026-03-13"),
        ("friday the 14th", None),
        ("sunday, 11 march", None),
        ("wednesday 11 march", "2026-03-11"),
        ("on 3/15", "2026-03-15"),
        ("on 15/3", "2026-03-15"),
        ("on 3/4", None),
        ("on 5/5", "2026-05-05"),
        ("15.3.2026", "2026-03-15"),
        ("in 1.25 days", None),
        ("on the 31st of next month", None),
        ("the 2nd floor", None),
        ("the beginning of next month", None),
    ],
)
def test_days(text, expected):
    found = days.day(text, NOW.date())
    assert (found and found[0].isoformat()) == expected


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
