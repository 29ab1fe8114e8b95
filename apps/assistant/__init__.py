"""The assistant: a task-oriented dialogue system for 150 intents. It does what needs no outside world, and says so
of the rest.

For each line: `dialogue.py` (the answer to a question, a request about what was just talked about, another follow-up,
or a new request) -> `route.py` (which skill) -> the skill's `read` (slots from words) -> its `do` (the act, and the
answer).

- The dialogue: `dialogue.py`, `route.py`, `phrases.py` (lines such as "again" and "never mind"), `references.py` (which
  entry "it" and "the first one" are), `turn.py` (the types that pass between dialogue and skills).
- Skills: `skills.py` (time, dates, arithmetic, units, coins, dice), `words.py` (spelling, translation), `lists.py`,
  `timers.py`, `alarms.py`, `reminders.py`, `personal.py` (names), `jokes.py`.
- Answers without an act: `limits.py` (what it cannot do), `talk.py` (chit-chat).
- From words to values: `numbers.py`, `arithmetic.py`, `units.py`; `durations.py`, `days.py` and `times.py`, which
  `dates.py` puts together, with `time_words.py` for what cannot be read; `clock.py`, `time_zones.py`; `german.py`.
- `memory.py`: the user's file. `app.py`: the app, which brings the models.
"""

from .dialogue import Assistant, Reply
from .memory import Memory

__all__ = ["Assistant", "Memory", "Reply"]
