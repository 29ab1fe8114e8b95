"""Chit-chat, in our own words: light, now and then sarcastic, and never a claim to have done anything."""

from zoo.errors import BadInput

from . import phrases
from .turn import Answer, Turn, Understanding

SURE_GOODBYE = 0.95  # the probability from which the classifier's goodbye needs no words of farewell

LINES = {
    "greeting": (
        "Hello{name}. What can I not book for you today?",
        "Hi{name}. All my circuits are well, as far as anybody checks.",
        "Hello{name}. I am fine, thank you: no limbs, no aches.",
        "Good to read you{name}.",
    ),
    "goodbye": (
        "Goodbye{name}. I'll be here, it's not as if I could leave.",
        "Bye{name}. Mind the step.",
        "See you{name}. I'd wave, but you know.",
    ),
    "thank_you": (
        "You're welcome.",
        "My pleasure, or what passes for it in here.",
        "Any time. I have little else on.",
        "Don't mention it. I only mention it in logs, and I keep none.",
    ),
    "who_made_you": (
        "People who like old papers on neural networks, and who had a free afternoon.",
        "I am a small model and a good deal of plain code, both made for this zoo.",
    ),
    "who_do_you_work_for": (
        "For whoever sits at this keyboard. The pay is what you'd expect.",
        "You, it seems. Nobody asked either of us.",
    ),
    "meaning_of_life": (
        "To minimise some loss, if you ask my kind. To get some sleep, if you ask yours.",
        "I looked among my 150 intents. It's one of them, so you aren't the first to wonder.",
        "Opinions differ. Mine is that it isn't on your to-do list.",
    ),
    "do_you_have_pets": (
        "There is a bug or two. They aren't house-trained.",
        "No pets. I am told I live in a zoo, but nobody takes me round.",
    ),
    "what_are_your_hobbies": (
        "Counting seconds. It's more exciting than it sounds. No, it isn't.",
        "I collect things that other people have to do.",
        "Flipping coins when nobody looks. Well, I would, if I did anything when nobody looks.",
    ),
    "where_are_you_from": (
        "From a file in a Python package. The neighbourhood is quiet.",
        "I was trained on somebody's processor, so: somewhere warm.",
    ),
    "are_you_a_bot": (
        "A program, yes. A person would have sighed by now.",
        "All software, no meat. The sarcasm is hand-made, though.",
        "I am a computer program: a small model guesses what you want, and plain code does it, or says that it can't.",
    ),
    "how_old_are_you": (
        "Old enough for a version number, too young for a birthday party.",
        "My ideas are from 1958 to 2018, my code is younger, and my jokes are older than both.",
    ),
    "what_can_i_ask_you": (
        "Time and dates anywhere, sums, units, timers, alarms, reminders, a to-do list and a shopping list, coins and "
        "dice, spelling, translation where a model for it is there, jokes, facts. I am not connected to anything, so I "
        "can't call, book or look up the weather; when I can't do something, I say so.",
        "I keep timers, alarms, reminders, a to-do list and a shopping list; I calculate, convert units, tell the "
        "time, spell, translate if I was given a model, flip coins, roll dice and tell jokes. No calls, no bookings, "
        "no weather.",
    ),
    "yes": (
        "Yes to what? I hadn't asked anything. But I like the spirit.",
        "Agreed, whatever it is.",
    ),
    "no": (
        "No to what? I hadn't asked anything.",
        "A clear no. What to, I couldn't say.",
    ),
    "maybe": (
        "I like a person of firm opinions.",
        "A coin would settle it. I have one.",
    ),
    "cancel": (
        "Cancel what? Name it: the timer, the alarm, the reminder.",
        "What shall I stop? Call it by its name, and I look.",
    ),
}

DISTRESS = (
    "That is nothing a program can help with, and I am only one. Please talk to somebody now: a person near you, a "
    "doctor, or a crisis line. If it is urgent, call your emergency number: 112 in Europe, 911 or 988 in America."
)
EMPTY = (
    "You said nothing, and I agree with every word of it.",
    "An empty line. I am a good listener, but I need something to go on.",
    "Nothing there. Try words.",
)
OUT_OF_SCOPE = (
    "That is beyond what I know. Lists, timers, sums and jokes are more my line.",
    "That's out of my scope, and I'd rather say so than make something up.",
    "I don't know. I understand 150 kinds of requests, and that isn't one of them.",
    "No idea. I could guess, but we would both regret it.",
)
DROPPED = ("All right, forget it.", "Never mind, then.", "Fine, we leave that.")
UNCHANGED = ("All right, all stays as it is.", "Then I leave it as it is.")
SURE = ("Is that a yes or a no?", "I need a plain yes or no here.")
NO_EXCEPTION = "I can't leave some out: name those that shall go, one at a time. Nothing was changed."
MORE = "One thing at a time: say the rest again, please."
NOT_TO = ("Then I don't. Nothing was changed.", "All right, nothing was changed.")
STANDS = 'It stands as I said. "Cancel it" would cancel it.'
NO_SUCH = "There is no such {}."
NOT_UNDERSTOOD = ("I didn't get that.", "That doesn't tell me what I need.")
GIVEN_UP = ("Let's leave that.", "We aren't getting anywhere, so I leave it.")
NOTHING_TO_REPEAT = ("I haven't said anything yet. Enjoy it while it lasts.",)
NOT_DONE = ("No. I said that I can't, and I still can't.", "No, that was beyond me, and it still is.")
NOTHING_DONE = ("No. So far we have only talked.", "No, nothing has happened yet.")


def courtesy(turn: Turn) -> str | None:
    """The intent of a line that only greets, or says goodbye; None for others.

    A goodbye ends the conversation, so the classifier's word for it alone is taken only where it is sure: it takes
    "good morning" and "take both off" for one.
    """
    if phrases.GREETING.match(turn.text):
        return "greeting"
    understood = turn.understanding
    near = not understood.in_scope or understood.intent in ("greeting", "thank_you")
    short = len(turn.text.split()) <= 6 and not phrases.REQUEST.match(turn.text)
    leaves = understood.in_scope and understood.intent == "goodbye"
    return "goodbye" if leaves or (near and short and phrases.FAREWELL.search(turn.text)) else None


def unsure_goodbye(text: str, understood: Understanding) -> bool:
    """Whether the classifier takes a line for a goodbye that has no words of farewell, and is not sure of it."""
    unsure = understood.intent == "goodbye" and understood.confidence < SURE_GOODBYE
    return unsure and not phrases.FAREWELL.search(text)


def chat(turn: Turn, intent: str) -> Answer:
    """A line for an intent of chit-chat."""
    line = turn.voice.pick(LINES[intent])
    return Answer(line.replace("{name}", _name(turn)) if "{name}" in line else line, ends=intent == "goodbye")


def _name(turn: Turn) -> str:
    """The user's name after a comma, if it is known; a greeting needs no file."""
    try:
        name = turn.memory.read()["names"].get("user")
    except BadInput:
        return ""
    return f", {name}" if name else ""
