"""Tell praise from blame, sentence by sentence; or whatever a classifier of texts has learned to tell apart."""

from typing import Annotated

from zoo.data.labels import confidence, probabilities
from zoo.errors import BadCheckpoint

from .app import App, Checkpoint, Record, Sample, Text


class Sentiment(App):
    name = "sentiment"
    title = "Praise or blame"
    summary = "Says of each sentence whether it is for or against what it is about, and how sure it is of that."
    checkpoints = ("bert.rt-polarity",)

    def __call__(
        self,
        texts: list[Annotated[str, Text(help="sentences")]],
        checkpoint: Annotated[
            str, Checkpoint(help="a classifier of texts: a name, or a folder that zoo train wrote")
        ] = "bert.rt-polarity",
    ) -> list[Annotated[dict, Record(label="found")]]:
        """Texts -> for each its text, label and confidence, the label's probability.

        The label is None where the checkpoint's card says from which logit on something is known, and none reaches it.
        """
        predict = self.predictor(_classifier(checkpoint))
        card, logits = predict.card, predict(texts)["logits"]
        chances = probabilities(logits)  # (B, classes)
        if chances.shape != (len(texts), len(card.labels)):
            raise BadCheckpoint(f"{card.name} has {len(card.labels)} labels for logits of shape {logits.shape}")
        known = [card.ood_threshold is None or best >= card.ood_threshold for best in confidence(logits)]
        return [
            {
                "text": text,
                "label": card.labels[row.argmax()] if sure else None,
                "confidence": round(float(row.max()), 4),
            }
            for text, row, sure in zip(texts, chances, known, strict=True)
        ]

    def samples(self):
        texts = [
            "A warm and funny film, with a cast that could not be better.",
            "Two hours of noise, and not one idea among them.",
            "The story is thin, but the music alone is worth the evening.",
        ]
        return [Sample(name="films", title="Three films", credit="our own words", inputs={"texts": texts})]


def _classifier(checkpoint: str) -> str:
    """The same name. Raises `BadCheckpoint` for a checkpoint of another kind, without loading it."""
    import zoo

    card = zoo.card(checkpoint)
    if card.task != "classify_texts" or not card.labels or not card.tokenizer:
        raise BadCheckpoint(
            f"{card.name} is no classifier of texts; give a classifier of texts such as bert.rt-polarity"
        )
    return checkpoint
