"""Words that a time is said with, whether it could be read or not: what is not understood must be asked about."""

import re

from .days import DAYS, MONTHS
from .numbers import Digits

# Words that a time is said with. Those of `_TIME_WORD` are hardly said of anything else: a run of `_WORD` with one of
# them in it is a time, whether it could be read or not.
_TIME_WORD = (
    rf"(?:(?:second|minute|min|hour|hr|day|week|month|year)s?|{'|'.join(DAYS)}|o'?clock|\d* ?[ap]\.?m\b\.?|noon|midday|"
    r"midnight|tomorrow|tonight|today|morning|afternoon|evening|weekend|\d{1,2}:\d\d|\d{1,2}/\d{1,2}(?:/\d+)?|"
    rf"(?:(?:in|of|on|by|next|last|this|st|nd|rd|th|\d) )?(?:{'|'.join(MONTHS[:2] + MONTHS[3:4] + MONTHS[5:])})|"
    r"(?:in|of|by|next|last|this|\d|\d(?:st|nd|rd|th)) (?:march|may)|(?:march|may) \d+|"
    r"(?:half|quarter)(?: (?:past|to|of))? \d{1,2}|fortnights?|lunchtime|dawn|dusk|sunrise|sunset|"
    r"(?:the|next|this) (?:spring|summer|autumn|fall|winter|quarter))"
)
_TIMED = re.compile(rf"(?<!\w){_TIME_WORD}(?!\w)|\d(?:st|nd|rd|th)\b|\b(?:early|late|soon|sometime)\b", re.I)
_WORD = (
    rf"(?:{_TIME_WORD}|in|on|at|by|after|before|between|until|till?|around|about|from|of|and|or|past|to|the|an?|this|next|last|"
    r"half|quarter|oh|first|second|third|couple|now|march|may|\d[\d.,:/]*(?:st|nd|rd|th)?)"
)
_RUN = rf"(?:(?>{_WORD}(?![\w']))[ ,]*)+"  # atomic: no number is tried in pieces, which would take forever
_END_OF_RUN = re.compile(r"(?:[ ,]*\b(?:to|and|or|the|an?|about|of|on|in|at|by|for)\b)*[ ,]*$", re.IGNORECASE)
_RANGE = re.compile(r"\b(?:between|from) \S+(?: [ap]m)? (?:and|to|until) $|\d (?:or|to|until) $", re.IGNORECASE)
_BEGINS = (
    r"(?:in|on|at|by|after|before|between|from|until|around|when(?:ever)?|once|as soon as|if|soon|sometime|early|late)"
)
# A time before what is to be done: "in 2 moons to pay", "when i am home to pay"; or nothing but a time.
_LEAD = re.compile(
    rf"[ ,]*(?:(?P<run>{_RUN})|(?P<when>{_BEGINS}\b.*?))[ ,]*\b(?=to\b|that\b)|[ ,]*(?P<alone>{_RUN})[ .!?]*$",
    re.IGNORECASE,
)
_TRAIL = re.compile(rf"(?<![\w'])(?P<run>{_BEGINS} {_RUN})[ .!?]*$", re.IGNORECASE)


def set_apart(text: str) -> tuple[str, str]:
    """Of a text in which `dates.moment` finds none: (the text without what looks like a time, that part or "")."""
    known = Digits(text)
    for match in filter(None, (_LEAD.match(known.text), _TRAIL.search(known.text))):
        name = match.lastgroup
        begins = match.re is _LEAD and name != "alone" and re.match(_BEGINS, match[name], re.IGNORECASE)
        if begins or _TIMED.search(match[name]):
            return known.without(*match.span(name)), match[name].strip(" ,")
    return text, ""


def leading(text: str) -> bool:
    """Whether a text says a time before what is to be done: "on the 35th of may to pay"."""
    match = _LEAD.match(Digits(text).text)
    when = match[match.lastgroup] if match and match.lastgroup != "alone" else ""
    return bool(_TIMED.search(when)) and not re.match("and|or", when)


def continues(before: str, after: str) -> bool:
    """Whether what stands before or after a time belongs to it: " and 2 hours" after "in 1 month"."""
    if _RANGE.search(before):
        return True
    run = re.match(rf"[ ,]*{_RUN}", after, re.IGNORECASE)
    said = run and _END_OF_RUN.sub("", run[0])
    noun = run and said.strip() == run[0].strip(" ,") and re.match(r"\w", after[run.end() :])  # "the evening news"
    return bool(said and not noun and re.search(rf"(?<!\w){_TIME_WORD}(?!\w)", said, re.IGNORECASE))
