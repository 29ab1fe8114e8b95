"""Measure a checkpoint again, from its weights, on the data that its card names or on a folder of the user's."""

from pathlib import Path

import numpy as np

from zoo import metrics, recipes
from zoo.data import catalogue, datasets, prepared
from zoo.errors import BadInput, UnknownName
from zoo.hub import checkpoint
from zoo.kinds.text import read_text
from zoo.runtime.predictor import Predictor


def evaluate(name, *, split=None, folder=None, data_dir=None) -> dict:
    """Recompute the metrics of a checkpoint.

    Args:
        name: a checkpoint, by name or folder.
        split: of the data set that the checkpoint is measured on; when None the one in the card, and the test split for
            a checkpoint that was fine-tuned on a data set.
        folder: measure on this folder, in the layout that `zoo data show` documents, rather than on prepared data; for
            a fine-tuned checkpoint, a folder of images for each of its classes, a CSV file with the columns text and
            label, or a text file.
    Returns:
        `{"name", "metrics", "curves"}` in the card's schema. Controls are other trainings, not these weights: they are
        left out here, and made again by `zoo train`.
    Raises:
        BadInput, BadCheckpoint, MissingData, UnknownName: in one line.
    """
    card = checkpoint.card(name)
    predict = Predictor(name, "model")
    if str(card.training.get("command")).startswith("zoo finetune "):
        rows, curves = [_evaluate_finetuned(card, predict, split, folder, data_dir)], {}
    elif card.name in recipes.names():
        made_by = recipes.find(card.name)
        split = made_by.eval_split if split is None else _checked(split, made_by)
        examples = made_by.examples(split, data_dir, folder)
        rows, curves = made_by.evaluate(predict, examples, split)
        if folder is not None:  # other data: the paper's figure is not about it
            for row in rows:
                row.update(paper=None, protocol=f"on {folder} rather than the card's data: {row['protocol']}")
        elif split != made_by.eval_split:
            for row in rows:
                row.update(paper=None, protocol=f"on {row['split']} rather than the card's split: {row['protocol']}")
    else:
        raise UnknownName("recipe", card.name, recipes.names())
    return {"name": card.name, "metrics": rows, "curves": curves}


def _checked(split, made_by) -> str:
    """A split by its data set's name for it ("val") or by the card's ("bsds500-val")."""
    splits = catalogue.dataset(made_by.eval_dataset or made_by.dataset).splits
    for known in splits:
        if split in (known, made_by.split_name(known)):
            return known
    raise UnknownName("split", split, splits)


def _evaluate_finetuned(card, predict, split, folder, data_dir) -> dict:
    from zoo.data.class_folders import read_examples
    from zoo.training.families.language_model import numbers, token_nll
    from zoo.training.finetune_images import of_data_set
    from zoo.training.finetune_texts import read_known

    if folder is not None and split is not None:
        raise BadInput(f"data of one's own have no split {split!r}; leave --split out")
    kind, name = card.input.get("kind"), card.data.get("name")
    if folder is None and name not in datasets.names() and (name == "own" or not prepared.find(name, data_dir)):
        raise BadInput(f"{card.name} was trained on data of yours; name some to measure it on with --from")
    if kind == "tokens":
        tokens, before = numbers(predict.tokenizer, [read_text(folder)]), card.result("nll")
        nll = np.mean(token_nll(predict, tokens, predict.model.context or 128))
        return metrics.row("nll", "text", nll, n=len(tokens), unit=before["unit"], protocol="all tokens but the first")
    if kind == "sentences":
        texts, y = read_known(folder, card.labels)
        value, measured_on = metrics.accuracy(predict(texts), y), "texts"
    elif folder is not None:
        measured_on = "folder"
        x, y = read_examples(Path(folder).expanduser(), card.labels, card.takes()[0])
        value = metrics.accuracy(predict(x), y)
    else:
        measured_on = split or "test"
        x, y, *_ = of_data_set(name, measured_on, card.takes()[0], data_dir)
        value = metrics.accuracy(predict(x), y)
    what = "texts" if kind == "sentences" else "images"
    return metrics.row("accuracy", measured_on, value, n=len(y), protocol=f"share of the {what} classified right")
