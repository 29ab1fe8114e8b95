"""The assistant as an app: one checkpoint classifies intents, another translates; the file with lists is the user's."""

import random
import re
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np

from zoo.data.labels import confidence, probabilities
from zoo.errors import BadInput, quoted

from ..app import Sample, Text
from ..conversation import Conversation
from ..translate import PAIRS, translator_of
from . import german
from .dialogue import Assistant
from .memory import Memory

CLASSIFIER = "bert.clinc150"
TRANSLATORS = {"german": PAIRS["en-de"]}  # language -> the checkpoint from English into it
CAVEAT = "(This is a guess: the translation model was trained on captions of photographs.)"


class Talk:
    """One conversation with an `Assistant`, as `Conversation.begin` gives it."""

    def __init__(self, assistant: Assistant):
        self.assistant, self.over = assistant, False

    def reply(self, line: str | bytes) -> str:
        answer = self.assistant.reply(line)
        self.over = answer.ends
        return answer.text

    def due(self) -> list[str]:
        return self.assistant.due()


class AssistantApp(Conversation):
    name = "assistant"
    title = "Assistant"
    topic = "Talk"
    summary = (
        "Keeps timers, alarms, reminders and lists, tells time and dates, calculates, converts units, spells and "
        "translates. It recognises 150 kinds of requests, and says which of them it can't do."
    )
    checkpoints = (CLASSIFIER, *TRANSLATORS.values())

    def __call__(
        self, lines: list[Annotated[str, Text(help="what you say")]]
    ) -> list[Annotated[str, Text(label="answers")]]:
        """The lines of a conversation, from its beginning -> an answer to each. Nothing is stored afterwards."""
        with tempfile.TemporaryDirectory() as folder:
            talk = self._talk(Memory(Path(folder) / "assistant.json"), seed=0)
            return [talk.reply(line) for line in lines]

    def begin(self) -> Talk:
        """A conversation that stores lists, timers and reminders in the user's file; see `memory.default_path`."""
        talk = self._talk(Memory(), seed=random.randrange(2**32))
        talk.assistant.warm()
        return talk

    def samples(self):
        errands = ["Hi there!", "Add milk and eggs to my shopping list", "And coffee", "What's on it?", "Thanks, bye"]
        cooking = ["Set a timer for twenty minutes", "Make it 30", "How many ounces are 250 grams?"]
        beyond = ["How do you say good morning in German?", "Transfer 500 dollars to my landlord", "Did you do it?"]
        talks = {"errands": errands, "cooking": cooking, "beyond": beyond}
        titles = {"errands": "Errands", "cooking": "In the kitchen", "beyond": "What it can't do"}
        return [
            Sample(name=name, title=titles[name], credit="our own words", inputs={"lines": lines})
            for name, lines in talks.items()
        ]

    def _talk(self, memory: Memory, seed: int) -> Talk:
        self.predictor(CLASSIFIER)  # loaded now rather than at the first answer
        translators = {language: self._translator(name) for language, name in TRANSLATORS.items()}
        return Talk(Assistant(self.understand, memory=memory, translators=translators, seed=seed))

    def understand(self, line: str) -> list[tuple[str, float]]:
        """Intents with probabilities, best first; "oos" before them all for a line out of scope."""
        predict = self.predictor(CLASSIFIER)
        logits = predict([line])["logits"]  # (1, intents)
        [probability] = probabilities(logits)
        ranked = [(predict.card.labels[number], float(probability[number])) for number in np.argsort(-probability)]
        known = confidence(logits)[0] >= predict.card.ood_threshold
        return ranked if known else [("oos", 1.0), *ranked]

    def _translator(self, name: str):
        def translated(text: str) -> str:
            if known := german.phrase(text):
                return known
            if not re.search(r"[^\W\d_]", text):
                raise BadInput(f"there is no word in {quoted(text)}")
            [translation] = self.tool(name, translator_of)([text])
            return f"{translation} {CAVEAT}"

        return translated
