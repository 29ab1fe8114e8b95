"""Measure a checkpoint again, from its weights, on the data that its card names or on a folder of the user's."""

from pathlib import Path

from zoo.data import catalogue, datasets
from zoo.errors import BadInput, UnknownName
from zoo.hub import checkpoint, metrics
from zoo.hub.predictor import Predictor
from zoo.recipes import NAMES, find


def evaluate(name, *, split=None, folder=None, data_dir=None) -> dict:
    """Recompute the metrics of a checkpoint.

    Args:
        name: a checkpoint, by name or folder.
        split: of the data set that the checkpoint is measured on; when None the one in the card, and the test split for
            a checkpoint that was fine-tuned on a data set of the catalogue.
        folder: measure on this folder, in the layout that `zoo data show` documents, rather than on prepared data; for
            a fine-tuned checkpoint, a folder of images for each of its classes.
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
    elif card.name in NAMES:
        made_by = find(card.name)
        split = made_by.eval_split if split is None else _checked(split, made_by)
        examples = made_by.examples(split, data_dir, folder)
        rows, curves = made_by.evaluate(predict, examples, split)
        if folder is not None:  # other data: the paper's figure and the card's number of examples are not about it
            for row in rows:
                row.update(paper=None, protocol=f"the card's, on a folder of {row['n']} examples")
        elif split != made_by.eval_split:
            for row in rows:
                row.update(paper=None, protocol=f"the card's, on the {row['n']} examples of {row['split']}")
    else:
        raise UnknownName("recipe", card.name, NAMES)
    return {"name": card.name, "metrics": rows, "curves": curves}


def _checked(split, made_by) -> str:
    """A split by its data set's name for it ("val") or by the card's ("bsds500-val")."""
    splits = catalogue.dataset(made_by.eval_dataset or made_by.dataset).splits
    for known in splits:
        if split in (known, made_by.split_name(known)):
            return known
    raise UnknownName("split", split, splits)


def _evaluate_finetuned(card, predict, split, folder, data_dir) -> dict:
    from zoo.recipes.finetune import of_catalogue, read_examples

    name, (shape, _) = card.data.get("name"), card.takes()
    if folder is not None:
        if split is not None:
            raise BadInput(f"a folder of class folders has no split {split!r}; leave --split out")
        measured_on = "folder"
        x, y = read_examples(Path(folder).expanduser(), card.labels, shape)
    elif name in datasets.DATASETS:
        measured_on = split or "test"
        x, y = of_catalogue(name, measured_on, shape, data_dir)
    else:
        raise BadInput(f"{card.name} was trained on a folder of yours; name one to measure it on with --from FOLDER")
    protocol = "share of the images classified right"
    return metrics.row("accuracy", measured_on, metrics.accuracy(predict(x), y), n=len(y), protocol=protocol)
