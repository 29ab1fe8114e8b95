"""Classify the sentiment of sentences, or by any other classifier of texts."""

from typing import Annotated

from zoo.errors import BadCheckpoint

from .app import App, Checkpoint, Record, Sample, Text


class Sentiment(App):
    name = "sentiment"
    title = "Positive or negative"
    topic = "Read and write"
    summary = "Classifies each sentence as positive or negative about its subject, with the probability."
    checkpoints = ("bert.rt-polarity",)

    def __call__(
        self,
        texts: list[Annotated[str, Text(help="sentences")]],
        checkpoint: Annotated[
            str, Checkpoint(help="a classifier of texts: a name, or a folder that zoo train wrote")
        ] = "bert.rt-polarity",
    ) -> list[Annotated[dict, Record(label="found", help="text, label, confidence")]]:
        """Texts -> for each its text, label and confidence, the label's probability.

        The label is None for a text out of distribution: where the best logit is below the card's threshold.
        """
        predict = self.predictor(_classifier(checkpoint))
        answers = predict.task.decode(predict.card, predict(texts))
        return [
            {"text": text, "label": answer["label"], "confidence": round(answer["labels"][0][1], 4)}
            for text, answer in zip(texts, answers, strict=True)
        ]

    def samples(self):
        texts = [
            "A warm and funny film, with a cast that could not be better.",
            "Two hours of noise, and not one idea among them.",
            "The story is thin, but the music alone is worth the evening.",
        ]
        return [Sample(name="films", title="Three films", credit="our own words", inputs={"texts": texts})]


def _classifier(checkpoint: str) -> str:
    """The same name. Raises `BadCheckpoint` for a checkpoint of another task, without loading it."""
    import zoo

    card = zoo.card(checkpoint)
    if card.task != "classify_texts" or not card.labels or not card.tokenizer:
        raise BadCheckpoint(
            f"{card.name} is no classifier of texts; give a classifier of texts such as bert.rt-polarity"
        )
    return checkpoint
