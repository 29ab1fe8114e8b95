"""What the assistant does with numbers, durations, times and units of a conversation: right, or asked about.

The classifier is a stand-in that is sure of one intent, so no framework is imported. Now is 2026-03-10 14:05 UTC, a
Tuesday, unless a test says otherwise.
"""

import datetime
from zoneinfo import ZoneInfo

import pytest

from zoo_apps.assistant import Assistant, Memory, clock

UTC = datetime.UTC
NOW = "2026-03-10T14:05"


class Clock:
    """A clock in a zone that shows what a test sets it to."""

    def __init__(self, now: str = NOW, zone: str = "UTC"):
        self.now = datetime.datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone))

    def __call__(self):
        return self.now

    def wait(self, seconds: float):
        self.now = (self.now.astimezone(UTC) + datetime.timedelta(seconds=seconds)).astimezone(self.now.tzinfo)


def make(path, intent: str, now=None) -> Assistant:
    return Assistant(lambda line: [(intent, 0.99)], memory=Memory(path / "assistant.json"), clock=now or Clock())


def stored(path, kind: str) -> list:
    data = Memory(path / "assistant.json").read()[kind]
    if kind == "timers":
        return [timer["seconds"] for timer in data]
    return [tuple(each[name] for name in ("text", "at") if name in each) for each in data]


# Numbers


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("what is 1,5 + 1", "2.5"),
        ("what is 1.5 + 1", "2.5"),
        ("what is 1,000 + 1", "1,001"),
        ("what is 1.000,5 + 1", "1,001.5"),
        ("what is 1 1/2 + 1", "2.5"),
        ("what is three quarters of 80", "60"),
        ("what is 6 divided by two thirds", "9"),
    ],
)
def test_sums(tmp_path, line, answer):
    reply = make(tmp_path, "calculator").reply(line)
    assert reply.acts == ("calculate",) and answer in reply.text.rstrip(".").split()


@pytest.mark.parametrize(
    ("intent", "line"),
    [
        ("calculator", "what is 1,2,3 + 1"),
        ("calculator", "what is the sum of 3,7 and 9"),
        ("calculator", "what is 1,00,000 + 1"),
        ("timer", "set a timer for 1,2,3 minutes"),
        ("timer", "set a timer for 1.2.3 minutes"),
        ("measurement_conversion", "convert 1,2,3 km to miles"),
    ],
)
def test_a_number_that_cannot_be_read_is_asked_about(tmp_path, intent, line):
    reply = make(tmp_path, intent).reply(line)
    assert reply.asks and not reply.acts and "can't read" in reply.text and stored(tmp_path, "timers") == []


@pytest.mark.parametrize(("intent", "line"), [("flip_coin", "flip 1,5 coins"), ("roll_dice", "roll 2.5 dice")])
def test_there_is_no_half_coin_nor_half_a_die(tmp_path, intent, line):
    reply = make(tmp_path, intent).reply(line)
    assert not reply.acts and "I can't" in reply.text


# Durations


@pytest.mark.parametrize(
    ("length", "seconds"),
    [
        ("1/2 hour", 1800),
        ("1 1/2 hours", 5400),
        ("1½ hours", 5400),
        ("1:30 hours", 5400),
        ("1:30 minutes", 90),
        ("1,5 hours", 5400),
        ("three-quarters of an hour", 2700),
        ("three quarters of an hour", 2700),
        ("half of an hour", 1800),
        ("two and a half hours", 9000),
        ("a couple of hours", 7200),
        ("an hour and 1,5 minutes", 3690),
        ("half a day", 43200),
        ("1,000 seconds", 1000),
    ],
)
def test_timers(tmp_path, length, seconds):
    assert make(tmp_path, "timer").reply(f"set a timer for {length}").acts == ("timer.set",)
    assert stored(tmp_path, "timers") == [seconds]


@pytest.mark.parametrize(
    "length",
    [
        "5-10 minutes",
        "5 to 10 minutes",
        "5 or 10 minutes",
        "an hour or two",
        "a few minutes",
        "a tenth of an hour",
        "1:75 hours",
        "1:30",
    ],
)
def test_a_length_that_is_not_sure_is_asked_about(tmp_path, length):
    assistant = make(tmp_path, "timer")
    reply = assistant.reply(f"set a timer for {length}")
    assert reply.asks and not reply.acts and stored(tmp_path, "timers") == []
    assert assistant.reply("ten minutes").acts == ("timer.set",) and stored(tmp_path, "timers") == [600]


def test_a_changed_timer_counts_fractions_too(tmp_path):
    assistant = make(tmp_path, "timer")
    for line in ("set a timer for 5 minutes", "make it 1,5"):
        assistant.reply(line)
    assert stored(tmp_path, "timers") == [90]
    assistant.reply("add 1/2 hour")
    assert stored(tmp_path, "timers") == [1890]


# Clock changes: in Berlin 2:00 is put forward to 3:00 on 29 March 2026, and 3:00 back to 2:00 on 25 October.

FORWARD, BACK = "2026-03-29T00:30", "2026-10-25T01:30"


@pytest.mark.parametrize(
    ("now", "line", "at", "answer", "seconds"),
    [
        (FORWARD, "remind me in 3 hours to eat", "2026-03-29T04:30:00", "4:30 am", 3 * 3600),
        (FORWARD, "remind me in 90 minutes to eat", "2026-03-29T03:00:00", "3:00 am", 5400),
        (FORWARD, "remind me in 1 day and 1 hour to eat", "2026-03-30T02:30:00", "2:30 am", 25 * 3600),
        (FORWARD, "remind me in a day and a half to eat", "2026-03-30T13:30:00", "1:30 pm", 36 * 3600),
        (FORWARD, "remind me 30 minutes before my meeting at 3 am", "2026-03-29T01:30:00", "1:30 am", 3600),
        (BACK, "remind me in 1 hour to eat", "2026-10-25T02:30:00", "2:30 am", 3600),
        (BACK, "remind me in 2 hours to eat", "2026-10-25T02:30:00", "2:30 am", 7200),
        (BACK, "remind me in 3 hours to eat", "2026-10-25T03:30:00", "3:30 am", 3 * 3600),
        (BACK, "remind me 30 minutes before my meeting at 3 am", "2026-10-25T02:30:00", "2:30 am", 7200),
        # What is no duration is at a time of day.
        (FORWARD, "remind me in 1 day at 7 am to eat", "2026-03-30T07:00:00", "7:00 am", 29.5 * 3600),
        (BACK, "remind me at 7 am to eat", "2026-10-25T07:00:00", "7:00 am", 6.5 * 3600),
    ],
)
def test_hours_are_elapsed_time_in_the_answer_and_in_the_ring(tmp_path, now, line, at, answer, seconds):
    now = Clock(now, "Europe/Berlin")
    assistant = make(tmp_path, "reminder", now)
    assert answer in assistant.reply(line).text
    assert [each[1] for each in stored(tmp_path, "reminders")] == [at]
    now.wait(seconds - 1)
    assert assistant.due() == []
    now.wait(1)
    [ring] = assistant.due()
    assert ring.startswith("Reminder: ") and "it was for" not in ring and assistant.due() == []


@pytest.mark.parametrize(("now", "answer"), [(FORWARD, "4:30 am"), (BACK, "3:30 am")])
def test_alarms_timers_and_the_time_in_some_hours_are_elapsed_time_too(tmp_path, now, answer):
    now = Clock(now, "Europe/Berlin")
    assert answer in make(tmp_path, "alarm", now).reply("set an alarm in 3 hours").text
    assert answer in make(tmp_path, "time", now).reply("what time is it in 3 hours").text
    assistant = make(tmp_path, "timer", now)
    assistant.reply("set a timer for 3 hours")
    now.wait(3 * 3600 - 1)
    assert assistant.due() == []
    now.wait(1)
    assert len(assistant.due()) == 2


def test_the_time_some_hours_ago_is_elapsed_time(tmp_path):
    now = Clock("2026-03-29T04:30", "Europe/Berlin")
    assert "12:30 am" in make(tmp_path, "time", now).reply("what time was it 3 hours ago").text


def test_a_reminder_in_hours_rings_after_them_in_another_zone_too(tmp_path):
    now = Clock()
    make(tmp_path, "reminder", now).reply("remind me in 3 hours to eat")
    now.now = now.now.astimezone(ZoneInfo("Asia/Tokyo"))
    assistant = make(tmp_path, "reminder", now)
    assert "tomorrow at 2:05 am" in assistant.reply("what are my reminders").text
    now.wait(3 * 3600 - 1)
    assert assistant.due() == []
    now.wait(1)
    assert assistant.due() == ["Reminder: eat."]


def test_an_alarm_that_is_moved_is_at_a_time_of_day_again(tmp_path):
    assistant = make(tmp_path, "alarm")
    for line in ("set an alarm in 3 hours", "change my alarm to 7 pm"):
        assistant.reply(line)
    assert Memory(tmp_path / "assistant.json").read()["alarms"] == [{"id": 1, "at": "2026-03-10T19:00:00"}]


@pytest.mark.parametrize("instant", ['"soon"', '"2026-03-10T17:05:00"', "5"])
def test_an_instant_without_a_zone_is_damage(tmp_path, instant):
    text = '{"schema": 1, "next": 2, "names": {}, "lists": {"todo": [], "shopping": []}, "timers": [], "alarms": [], '
    text += f'"reminders": [{{"id": 1, "text": "x", "at": "2026-03-10T17:05:00", "instant": {instant}}}]}}'
    (tmp_path / "assistant.json").write_text(text, encoding="utf-8")
    assert "damaged" in make(tmp_path, "reminder").reply("what are my reminders").text


def test_the_system_clock_knows_its_clock_changes(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    zone = clock.local_now().tzinfo
    offsets = [datetime.datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)]
    assert offsets == [datetime.timedelta(hours=1), datetime.timedelta(hours=2)]
    start = datetime.datetime(2026, 10, 25, 1, 30, tzinfo=zone)
    assert clock.seconds_since(start, clock.later(start, 7200)) == 7200
    assert clock.wall(clock.later(start, 7200)).hour == 2 and clock.wall(clock.later(start, 10800)).hour == 3


# Clock words, and dates of two parts


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("set an alarm for nine oh five pm", "2026-03-10T21:05"),
        ("set an alarm for five to midnight", "2026-03-10T23:55"),
        ("wake me up at quarter past noon", "2026-03-11T12:15"),
        ("wake me up at half past seven in the evening", "2026-03-10T19:30"),
        ("wake me up at seven thirty in the evening", "2026-03-10T19:30"),
        ("set an alarm for 5 or 6 am", "2026-03-11T05:00"),
        ("set an alarm in 2 days and 3 hours", "2026-03-12T17:05"),
        ("set an alarm in 1,5 hours", "2026-03-10T15:35"),
    ],
)
def test_alarms(tmp_path, line, at):
    reply = make(tmp_path, "alarm").reply(line)
    assert reply.acts == ("alarm.set",) and stored(tmp_path, "alarms") == [(f"{at}:00",)]
    assert ("Only that one" in reply.text) == (" or " in line)


@pytest.mark.parametrize("time", ["9:75 pm", "9:5 pm", "half seven", "6-7 am", "24:00", "nine five pm", "1,2,3 pm"])
def test_an_alarm_at_no_time_is_asked_about(tmp_path, time):
    reply = make(tmp_path, "alarm").reply(f"set an alarm for {time}")
    assert reply.asks and stored(tmp_path, "alarms") == []


@pytest.mark.parametrize(
    ("line", "text", "at"),
    [
        ("remind me at five to midnight to call Ann", "call Ann", "2026-03-10T23:55"),
        ("remind me in 2 days and 3 hours to pay", "pay", "2026-03-12T17:05"),
        ("remind me to pay in 2 days and 3 hours", "pay", "2026-03-12T17:05"),
        ("in 2 days and 3 hours remind me to pay", "pay", "2026-03-12T17:05"),
        ("remind me on the 23rd of next month to pay", "pay", "2026-04-23T09:00"),
        ("remind me on the 23rd of next month at 5 pm to pay", "pay", "2026-04-23T17:00"),
        ("remind me next month on the 23rd to pay", "pay", "2026-04-23T09:00"),
        ("remind me next week on friday to pay at noon", "pay", "2026-03-20T12:00"),
        ("remind me on the last day of the month to pay", "pay", "2026-03-31T09:00"),
        ("remind me in a week and 2 days to pay", "pay", "2026-03-19T09:00"),
        ("remind me to buy 1,5 l milk and 2 eggs at 5", "buy 1,5 l milk and 2 eggs", "2026-03-10T17:00"),
        ("remind me to read pages 10-12 at 5", "read pages 10-12", "2026-03-10T17:00"),
        ("remind me about version 1.2.3 at noon", "version 1.2.3", "2026-03-11T12:00"),
    ],
)
def test_reminders(tmp_path, line, text, at):
    assert make(tmp_path, "reminder_update").reply(line).acts == ("reminder.add",)
    assert stored(tmp_path, "reminders") == [(text, f"{at}:00")]


@pytest.mark.parametrize(
    ("line", "unread"),
    [
        ("remind me in 2 moons to pay", "in 2 moons"),
        ("remind me on february 31 to pay", "on february 31"),
        ("remind me to pay on february 31", "on february 31"),
        ("remind me to pay on the 35th of may at noon", "on the 35th of may at noon"),
        ("remind me on 3/4 to pay", "on 3/4"),
        ("remind me in 1 month and 2 hours to pay", "in 1 month and 2 hours"),
        ("remind me on the 23rd of next quarter to pay", "on the 23rd of next quarter"),
        ("remind me on the 2nd and 3rd to pay", "on the 2nd and 3rd"),
        ("remind me on friday the 14th to pay", "on friday the 14th"),
        ("remind me in 2 hours on friday to pay", "in 2 hours on friday"),
        ("remind me in 10-15 minutes to pay", "in 10-15 minutes"),
        ("remind me in 1,2,3 hours to pay", "in 1,2,3 hours"),
        ("remind me to pay between 5 and 6 pm", "between 5 and 6 pm"),
        ("remind me from 5 to 6 pm to pay", "from 5 to 6 pm"),
        ("remind me at 5:30:15 to pay", "at 5:30:15"),
        ("remind me early next week to pay", "early next week"),
        ("remind me after lunch to pay", "after lunch"),
    ],
)
def test_a_time_that_is_not_understood_is_asked_about_and_no_part_of_the_text(tmp_path, line, unread):
    assistant = make(tmp_path, "reminder_update")
    reply = assistant.reply(line)
    assert reply.asks and not reply.acts and f"that is: {unread}." in reply.text and stored(tmp_path, "reminders") == []
    assert assistant.reply("at 5 pm").acts == ("reminder.add",)
    assert stored(tmp_path, "reminders") == [("pay", "2026-03-10T17:00:00")]


def test_what_only_life_can_tell_is_no_part_of_the_text(tmp_path):
    assistant = make(tmp_path, "reminder")
    assert "I only know the clock" in assistant.reply("remind me when i get home to feed the cat").text
    assistant.reply("at 5 pm")
    assert stored(tmp_path, "reminders") == [("feed the cat", "2026-03-10T17:00:00")]


def test_a_text_that_was_asked_for_stays_whole(tmp_path):
    assistant = make(tmp_path, "reminder_update")
    for line in ("set a reminder for 6 pm", "look at the house in march"):
        assistant.reply(line)
    assert stored(tmp_path, "reminders") == [("look at the house in march", "2026-03-10T18:00:00")]


# Units


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("convert 1 uk gallon to liters", "1 imperial gallon = 4.54609 liters."),
        ("convert 1 gallon to liters", "1 US gallon = 3.78541 liters."),
        ("convert 5 feet 10 in cm", "5 feet 10 inches = 177.8 centimeters."),
        ("convert 0,5 l to ml", "0.5 liters = 500 milliliters."),
    ],
)
def test_conversions(tmp_path, line, answer):
    assert make(tmp_path, "measurement_conversion").reply(line).text == answer


@pytest.mark.parametrize(
    "line", ["convert -300 celsius to kelvin", "convert -1 kelvin to celsius", "what is -500 f in c"]
)
def test_nothing_is_colder_than_absolute_zero(tmp_path, line):
    reply = make(tmp_path, "measurement_conversion").reply(line)
    assert not reply.acts and "colder" in reply.text
