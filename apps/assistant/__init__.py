"""The assistant's engine: a conversation that understands 150 intents, does what needs no outside world, and says so
when it can't.

- `dialogue.py`: the conversation; `phrases.py`: its turns of speech; `route.py`: which skill a line is for; `turn.py`:
  what passes between them.
- `skills.py`, `words.py`, `lists.py`, `timers.py`, `alarms.py`, `reminders.py`, `personal.py`, `jokes.py`: what it can
  do; `limits.py`, `talk.py`: what it says where it can do nothing.
- `memory.py`: its file. `numbers.py`, `arithmetic.py`, `units.py`, `durations.py`, `days.py`, `dates.py`, `places.py`:
  from words to values.
"""

from .dialogue import Assistant, Reply
from .memory import Memory

__all__ = ["Assistant", "Memory", "Reply"]
