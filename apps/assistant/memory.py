"""The assistant's memory: lists, reminders, alarms, timers and names, in one JSON file of the user's.

    {"schema": 1, "next": 3, "names": {"user": "Carla"}, "lists": {"todo": ["buy stamps"], "shopping": []},
     "timers": [{"id": 1, "name": "pasta", "seconds": 540, "started": "2026-03-10T14:05:00+00:00"}],
     "alarms": [{"id": 2, "at": "2026-03-11T07:00:00"}],
     "reminders": [{"id": 3, "text": "stretch", "at": "2026-03-10T16:05:00", "instant": "2026-03-10T16:05:00+00:00"}]}

Alarms and reminders have a time of day, and some an instant (see `clock`); timers run from an instant. The file is read
anew each time, changed under a lock, and replaced atomically; so two assistants may use it at once. A damaged file is
renamed, and the user hears of it.
"""

import contextlib
import copy
import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import filelock

from zoo.errors import BadInput

SCHEMA = 1
LISTS = ("todo", "shopping")
KINDS = {
    "timers": {"id": int, "name": str, "seconds": int, "started": str},
    "alarms": {"id": int, "at": str},
    "reminders": {"id": int, "text": str, "at": str},
}
EMPTY = {"schema": SCHEMA, "next": 1, "names": {}, "lists": {name: [] for name in LISTS}} | {kind: [] for kind in KINDS}
_LAYOUT = {name: type(each) for name, each in EMPTY.items()}
LOCK_TIMEOUT = 0.5  # seconds to wait for another process that writes
MOST_SECONDS = 7 * 86400  # of a timer; what is further away is a reminder


def default_path() -> Path:
    """$ZOO_ASSISTANT, else `assistant.json` in the place for the user's data on this system. It may not exist yet."""
    if os.environ.get("ZOO_ASSISTANT"):
        return Path(os.environ["ZOO_ASSISTANT"]).expanduser()
    import platformdirs

    return platformdirs.user_data_path("landmark-zoo", appauthor=False) / "assistant.json"


class Memory:
    """The file at `path`. `notices` collects lines about what happened to it, for the next answer."""

    def __init__(self, path=None):
        self.path = Path(path) if path else default_path()
        self.notices: list[str] = []

    def read(self) -> dict:
        """A copy of all data. A damaged file is renamed first, and the data is empty then.

        Raises `BadInput` for a file that can't be read, that is locked, or that a later version wrote.
        """
        try:
            return self._load()
        except ValueError:
            with self._lock():
                return self._load_or_set_aside()

    @contextlib.contextmanager
    def change(self):
        """All data, to be changed in place; written when the block ends without an error. Raises `BadInput`."""
        with self._lock():
            data = self._load_or_set_aside()
            before = copy.deepcopy(data)
            yield data
            if data != before:
                self._write(data)

    def _load(self) -> dict:
        """ValueError for a damaged file."""
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return copy.deepcopy(EMPTY)
        except OSError as error:
            raise BadInput(f"{self.path} cannot be read ({error.strerror or error})") from None
        try:
            data = json.loads(raw.decode("utf-8"))
        except RecursionError:
            raise ValueError("brackets too deep") from None
        if isinstance(data, dict) and isinstance(data.get("schema"), int) and data["schema"] > SCHEMA:
            raise BadInput(f"{self.path} was written by a later version of this assistant; update it, or move the file")
        return _checked(data)

    def _load_or_set_aside(self) -> dict:
        """All data; a damaged file is renamed. Only under the lock."""
        try:
            return self._load()
        except ValueError:
            if not self.path.is_file():
                raise BadInput(f"{self.path} is no regular file; name another with ZOO_ASSISTANT") from None
            aside = _free(self.path)
            try:
                os.rename(self.path, aside)
            except OSError as error:
                raise BadInput(f"{self.path} is damaged and cannot be moved ({error.strerror or error})") from None
            self.notices.append(f"{self.path} was damaged. I kept it as {aside.name} and began a new one.")
            return copy.deepcopy(EMPTY)

    def _write(self, data: dict) -> None:
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")  # then into place
        try:
            try:
                with open(beside, "w", encoding="utf-8") as file:
                    json.dump(data, file, indent=1, ensure_ascii=False)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(beside, self.path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise BadInput(f"{self.path} cannot be written ({error.strerror or error}); nothing was changed") from None

    @contextlib.contextmanager
    def _lock(self):
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            lock = filelock.FileLock(f"{self.path}.lock", timeout=LOCK_TIMEOUT)
            lock.acquire()
        except filelock.Timeout:
            raise BadInput(f"{self.path} is in use by another program; nothing was changed, try again") from None
        except OSError as error:
            raise BadInput(f"{self.path} cannot be written ({error.strerror or error}); nothing was changed") from None
        try:
            yield
        finally:
            lock.release()


def new_id(data: dict) -> int:
    """A number that no entry of `data` has, or had."""
    data["next"] += 1
    return data["next"] - 1


def _checked(data) -> dict:
    """The data if it has the layout above; ValueError if not."""
    if not isinstance(data, dict) or {name: type(each) for name, each in data.items()} != _LAYOUT:
        raise ValueError("other keys, or other types")
    if data["schema"] != SCHEMA or set(data["lists"]) != set(LISTS):
        raise ValueError("another schema")
    if not all(isinstance(each, list) for each in data["lists"].values()):
        raise ValueError("other lists")
    texts = [*data["names"].values(), *(item for each in data["lists"].values() for item in each)]
    for kind, fields in KINDS.items():
        for entry in data[kind]:
            found = {name: type(each) for name, each in entry.items()} if isinstance(entry, dict) else {}
            if found != fields and (kind == "timers" or found != fields | {"instant": str}):
                raise ValueError(f"other fields in {kind}")
            texts += [entry[name] for name, kind_ in fields.items() if kind_ is str]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("something else than text")
    "".join(texts).encode("utf-8")  # half a surrogate pair could never be written again
    for timer in data["timers"]:
        started = datetime.fromisoformat(timer["started"])
        try:
            ends = started + timedelta(seconds=timer["seconds"])
        except OverflowError:
            raise ValueError("a timer that ends after the year 9999") from None
        if started.tzinfo is None or ends <= started or timer["seconds"] > MOST_SECONDS:
            raise ValueError("a timer that never ends")
    for entry in (*data["alarms"], *data["reminders"]):
        if datetime.fromisoformat(entry["at"]).tzinfo is not None:
            raise ValueError("a time of day with a zone")
        if "instant" in entry and datetime.fromisoformat(entry["instant"]).tzinfo is None:
            raise ValueError("an instant without a zone")
    return data


def _free(path: Path) -> Path:
    """A name beside a file that nothing has."""
    number = 1
    while (found := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    return found
