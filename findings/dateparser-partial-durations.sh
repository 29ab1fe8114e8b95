#!/usr/bin/env bash
# dateparser and ovos-date-parser take a part of a duration for the whole of it.
#
# One would guess: a library that finds dates and durations in English sentences reads a common one whole, or finds none.
# What is so: a part is taken for the whole, without a warning. dateparser's search takes "in half an hour" for one hour
# and "february 31" for another day; ovos-date-parser takes "1,000 seconds" for one second and "1:30 hours" for 30 hours.
# Why it matters: a timer or a reminder set from it rings at the wrong time, and nobody was asked. So the assistant reads
# durations and times itself, and asks about what it cannot read.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    dateparser==1.5.0 ovos-date-parser==0.29.0 ovos-number-parser==0.19.13 setuptools==80.9.0
"$folder/venv/bin/python" - <<'PYTHON'
import datetime
import importlib.metadata
import warnings

warnings.simplefilter("ignore")
from dateparser.search import search_dates
from ovos_date_parser import extract_duration

for name in ("dateparser", "ovos-date-parser"):
    print(name, importlib.metadata.version(name))
now = datetime.datetime(2026, 3, 10, 14, 5)
settings = {"RELATIVE_BASE": now, "PREFER_DATES_FROM": "future"}


def searched(text):
    return str(search_dates(text, languages=["en"], settings=settings)[0][1] - now)


def extracted(text):
    return str(extract_duration(text, lang="en")[0])


found = {
    "search_dates('in half an hour')": (searched("in half an hour"), "1:00:00"),
    "search_dates('on february 31')": (searched("on february 31"), "336 days, 9:55:00"),
    "extract_duration('1,000 seconds')": (extracted("1,000 seconds"), "0:00:01"),
    "extract_duration('1:30 hours')": (extracted("1:30 hours"), "1 day, 6:00:00"),
}
for call, (got, _) in found.items():
    print(f"{call} -> {got}")
changed = [call for call, (got, expected) in found.items() if got != expected]
if changed:
    raise SystemExit(f"THIS HAS CHANGED: {', '.join(changed)}")
print("as described")
PYTHON
