"""Evaluate a checkpoint from its weights, on the data that its card names or on a user's data."""

from pathlib import Path

from zoo import recipes, tasks
from zoo.data import catalogue, datasets, tfds_images
from zoo.errors import BadInput, UnknownName, quoted
from zoo.hub import checkpoint
from zoo.runtime import backend
from zoo.runtime.predictor import predictor

OWN = "own data"  # the split in rows that were measured on a user's data


def evaluate(name, *, split=None, folder=None, data_dir=None) -> dict:
    """Recompute the metrics of a checkpoint.

    Args:
        name: a checkpoint, by name or folder.
        split: of the data set that the checkpoint is measured on; when None the one in the card, and the test split for
            a checkpoint that was fine-tuned on a data set.
        folder: measure on this folder or file, in the layout that `zoo data show` documents, rather than on prepared
            data; for a fine-tuned checkpoint, a folder of images for each of its classes, a CSV file with the columns
            text and label, or a text file.
    Returns:
        `{"name", "metrics", "curves"}` in the card's schema. Controls are other trainings, not these weights: they are
        left out here, and made again by `zoo train`.
    Raises:
        BadInput, BadCheckpoint, MissingData, UnknownName: in one line.
    """
    card = checkpoint.card(name)
    finetuned = str(card.training.get("command")).startswith("zoo finetune ")
    if card.name in recipes.names() and not finetuned:
        backend.start()  # recipes import the framework; this keeps it quiet
        rows, curves = _by_recipe(recipes.find(card.name), name, split, folder, data_dir)
    elif finetuned or folder is not None:
        rows, curves = _by_task(card, name, split, folder, data_dir)
    else:
        raise UnknownName("recipe", card.name, recipes.names())
    return {"name": card.name, "metrics": rows, "curves": curves}


def _by_recipe(recipe, name, split, folder, data_dir) -> tuple[list[dict], dict]:
    """As the recipe measures its checkpoint, on any split or on data laid out as those of its data set."""
    split = recipe.eval_split if split is None else _checked(split, recipe)
    examples = recipe.examples(split, data_dir, folder)
    rows, curves = recipe.evaluate(predictor(name, "model"), examples, split)
    if folder is not None:  # other data: the paper's figure is not about it, nor is the name of the split
        own = recipe.split_name(split)
        for row in rows:
            row.update(paper=None, split=OWN if row["split"] == own else row["split"])
            row["protocol"] = f"on {folder} rather than the card's data: {row['protocol']}"
    elif split != recipe.eval_split:
        for row in rows:
            row.update(paper=None, protocol=f"on {row['split']} rather than the card's split: {row['protocol']}")
    return rows, curves


def _checked(split, recipe) -> str:
    """A split by its data set's name for it ("val") or by the card's ("bsds500-val")."""
    splits = catalogue.dataset(recipe.eval_dataset or recipe.dataset).splits
    for known in splits:
        if split in (known, recipe.split_name(known)):
            return known
    raise UnknownName("split", split, splits)


def _by_task(card, name, split, folder, data_dir) -> tuple[list[dict], dict]:
    """As the checkpoint's task measures, on data of the user's own or on a data set that it was fine-tuned on."""
    dataset, task = card.data.get("name"), tasks.of(card)
    if folder is not None and split is not None:
        raise BadInput(f"data of one's own have no split {quoted(split)}; leave --split out")
    known = dataset in datasets.names() or (dataset not in (None, "own") and tfds_images.find(dataset, data_dir))
    if folder is None and not known:
        raise BadInput(f"{card.name} was trained on data of yours; name some to measure it on with --from")
    split = split or "test"
    if folder is None:
        backend.start()
    examples = task.read(card, dataset if folder is None else Path(folder).expanduser(), split, data_dir)
    return task.measure(predictor(name, "model"), examples, split if folder is None else OWN)
