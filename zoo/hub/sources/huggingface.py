"""Published GPT-2 and BERT weights, in the format of Hugging Face's `transformers`, for our own models.

`zoo.load("hf:FOLDER")` reads a folder with `config.json` and `model.safetensors`, or the several files that
`model.safetensors.index.json` lists; `zoo.load("hf:gpt2")`, or another name on the Hugging Face hub, fetches those when
it is asked for that name. Only numbers are read: no pickle, no code.

Which head a model has is decided by the tensors that are there. Every tensor is used, or the file is rejected: a model
that ignored some would have other outputs than the published one.
"""

import os
import re
from pathlib import Path

import numpy as np

from zoo.errors import BadCheckpoint, BadInput, MissingData, MissingPackage, one_line, quoted
from zoo.hub import files

PREFIX = "hf:"
MOST = 10**7  # bytes of a config or an index
CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
# Settings of the published models that ours have for good.
GPT2 = {
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
    "tie_word_embeddings": True,
}
BERT_BASE = {
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "type_vocab_size": 2,
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
    "tie_word_embeddings": True,
}
# Heads with the tensor names of a text classifier, which classify tokens or choices instead.
NO_TEXT_CLASSIFIERS = {"BertForTokenClassification", "BertForMultipleChoice"}
# Tensors that say nothing: causal masks, and the numbers of the positions.
CONSTANTS = r"h\.\d+\.attn\.(bias|masked_bias)|embeddings\.position_ids"
NEW_HEAD = "; with classes=N its encoder can be read, with a new head"
BERT_HEADS = r"(cls|classifier|qa_outputs)\..*"


def load(name: str, *, classes: int | None = None):
    """The model of a folder, or of a name on the hub.

    Args:
        name: what follows "hf:".
        classes: give a BERT a new output layer, of random weights, for this many classes, in place of any other head.
    Heads of a BERT that the file lacks have random weights, too: the next sentence's of a masked language model, both
    of a bare encoder.
    Raises:
        MissingData, MissingPackage, BadCheckpoint, BadInput: in one line.
    """
    config_file = _find(name, CONFIG)
    config = files.json_of(files.read(config_file, MOST), config_file)
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise BadCheckpoint(f"{config_file} is no description of a model: it has no model_type")
    kind = config["model_type"]
    if kind not in BUILDERS:
        raise BadInput(f"{name} is a model of type {quoted(kind)}; {' and '.join(BUILDERS)} can be read")
    if kind == "gpt2" and classes is not None:
        raise BadInput(f"{name} is a GPT, which has no classes to exchange")
    weights = _Weights(_weight_files(name), name)
    try:
        return BUILDERS[kind](config, weights, classes)
    except KeyError as error:
        raise BadCheckpoint(f"{weights.file} or its {CONFIG} has no {error}") from None
    except (ValueError, TypeError, IndexError) as error:  # a shape that doesn't fit
        raise BadCheckpoint(f"{weights.file} does not fit its {CONFIG}: {one_line(error)}") from None


def _find(name: str, file: str) -> Path:
    """A file of a folder, or of a model on the hub. Raises `BadCheckpoint` or `MissingData` where it isn't there."""
    folder = Path(os.path.expanduser(name))
    if os.path.isdir(folder):  # Path's own raises an error for a name that is too long
        if not os.path.isfile(folder / file):
            raise BadCheckpoint(f"{quoted(folder / file)}: no such file")
        return folder / file
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise MissingPackage("huggingface_hub is missing; pip install huggingface_hub") from None
    try:
        return Path(hf_hub_download(name, file))  # from its own cache where it was fetched before
    except Exception as error:  # it has a dozen kinds for being offline and for names that aren't there
        raise MissingData(
            f"{quoted(Path(name))}: no such folder, and {file} cannot be fetched: {one_line(error)}"
        ) from None


def _weight_files(name: str) -> list[Path]:
    """The file that holds the weights, or all the files that they are divided into."""
    try:
        return [_find(name, WEIGHTS)]
    except (BadCheckpoint, MissingData) as error:
        try:
            index = _find(name, INDEX)
        except (BadCheckpoint, MissingData):
            raise error from None
    try:
        names = sorted(set(files.json_of(files.read(index, MOST), index)["weight_map"].values()))
        strange = [each for each in names if Path(each).name != each]
    except (KeyError, TypeError, AttributeError) as error:
        raise BadCheckpoint(f"{index} is no index of weights: {one_line(error)}") from None
    if strange or not names:
        found = quoted(strange[0]) if strange else "no files"
        raise BadCheckpoint(f"{index} names {found}, where files beside it should be")
    return [_find(name, each) for each in names]


class _Weights:
    """The tensors of safetensors files by name, without the prefix that a whole model's names have.

    file: what errors call them. Remembers which were read, for `check_all_read`.
    """

    def __init__(self, paths: list[Path], name: str):
        try:
            from safetensors.numpy import load_file
        except ImportError:
            raise MissingPackage("safetensors is missing; pip install safetensors") from None
        self.file = paths[0] if len(paths) == 1 else name
        self.arrays, self.read = {}, set()
        for file in paths:
            try:
                arrays = load_file(file)
            except Exception as error:  # its own kind of error is private
                raise BadCheckpoint(f"{file} is no safetensors file: {one_line(error)}") from None
            self.arrays |= {re.sub(r"^(transformer|bert)\.", "", each): array for each, array in arrays.items()}

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def __getitem__(self, name: str) -> np.ndarray:
        self.read.add(name)
        return self.arrays[name].astype("float32")

    def layers(self, prefix: str) -> int:
        """How many layers there are, of tensors called `prefix`.0.NAME, `prefix`.1.NAME, ..."""
        return len({each.removeprefix(prefix).split(".")[1] for each in self.arrays if each.startswith(f"{prefix}.")})

    def norm(self, name: str) -> list:
        """Scale and offset; older files call them gamma and beta."""
        old = f"{name}.gamma" in self
        return [self[f"{name}.{'gamma' if old else 'weight'}"], self[f"{name}.{'beta' if old else 'bias'}"]]

    def dense(self, name: str) -> list:
        """Kernel (inputs, units) and bias of a linear layer, which is stored the other way round."""
        return [self[f"{name}.weight"].T, self[f"{name}.bias"]]

    def tied(self, *names: str) -> np.ndarray:
        """A tensor that several names stand for, of which a file may have any. Raises `BadInput` where they differ."""
        there = [name for name in names if name in self]
        if not there:
            raise KeyError(names[0])
        first, *others = (self[name] for name in there)
        if any(not np.array_equal(first, other) for other in others):
            raise BadInput(f"{self.file}: {' and '.join(there)} differ; in ours they are one")
        return first

    def check_all_read(self, ignored: str, architectures: list[str], advice: str) -> None:
        """Raises `BadInput` for tensors that no layer of ours has taken, but for those called like `ignored`."""
        left = sorted(name for name in self.arrays if name not in self.read and not re.fullmatch(ignored, name))
        if left:
            what = f"{self.file} is a {' and '.join(architectures)}" if architectures else str(self.file)
            raise BadInput(f"{what} with {quoted(left[0])}, which is none of ours{advice}")


def _check(config: dict, kind: str, ours: dict) -> None:
    """Raises `BadInput` for a setting that our model computes otherwise."""
    for key, value in ours.items():
        if config.get(key) not in (None, value):
            raise BadInput(f"a {kind} with {key} {quoted(config[key])} is none of ours; {value!r} can be read")


def _check_sizes(config: dict, sizes: dict[str, int]) -> None:
    """Raises `ValueError` for sizes that the tensors don't have, before a model of them is built."""
    for key, size in sizes.items():
        if type(config[key]) is not int or config[key] != size:
            raise ValueError(f"{key} is {quoted(config[key])}, its tensors have {size}")


def _architectures(config: dict) -> list[str]:
    """The classes of `transformers` that the weights are for."""
    names = config.get("architectures") or []
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise ValueError(f"architectures is {quoted(names)}")
    return names


def _gpt2(config, weights, classes):
    from zoo.models.gpt import GPT

    _check(config, "GPT-2", GPT2)
    embedding, positions = weights.tied("wte.weight", "lm_head.weight"), weights["wpe.weight"]
    _check_sizes(
        config,
        {
            "vocab_size": embedding.shape[0],
            "n_embd": embedding.shape[1],
            "n_positions": positions.shape[0],
            "n_layer": weights.layers("h"),
        },
    )
    if config.get("n_inner") not in (None, 4 * config["n_embd"]):
        raise BadInput(f"a GPT-2 with {quoted(config['n_inner'])} hidden units is none of ours; 4 width can be read")
    model = GPT(
        vocabulary=config["vocab_size"],
        context=config["n_positions"],
        width=config["n_embd"],
        depth=config["n_layer"],
        heads=config["n_head"],
    )
    model.get_layer("embedding").set_weights([embedding])
    model.get_layer("positions").set_weights([positions])
    for number in range(config["n_layer"]):
        block, theirs = model.get_layer(f"block{number + 1}"), f"h.{number}"
        block.norm1.set_weights(weights.norm(f"{theirs}.ln_1"))
        # Its linear layers are stored as we have them, those for query, key and value side by side.
        parts = [np.split(weights[f"{theirs}.attn.c_attn.{part}"], 3, axis=-1) for part in ("weight", "bias")]
        attention = block.attention
        for layer, *values in zip((attention.query, attention.key, attention.value), *parts, strict=True):
            layer.set_weights(values)
        for layer, name in (
            (attention.output_dense, "attn.c_proj"),
            (block.hidden, "mlp.c_fc"),
            (block.output_dense, "mlp.c_proj"),
        ):
            layer.set_weights([weights[f"{theirs}.{name}.{part}"] for part in ("weight", "bias")])
        block.norm2.set_weights(weights.norm(f"{theirs}.ln_2"))
    model.get_layer("norm").set_weights(weights.norm("ln_f"))
    weights.check_all_read(CONSTANTS, _architectures(config), "; a GPT2LMHeadModel can be read")
    return model


def _bert(config, weights, classes):
    from zoo.models.bert import BERT

    _check(config, "BERT", BERT_BASE)
    embedding = weights.tied("embeddings.word_embeddings.weight", "cls.predictions.decoder.weight")
    positions = weights["embeddings.position_embeddings.weight"]
    _check_sizes(
        config,
        {
            "vocab_size": embedding.shape[0],
            "hidden_size": embedding.shape[1],
            "max_position_embeddings": positions.shape[0],
            "num_hidden_layers": weights.layers("encoder.layer"),
        },
    )
    if config.get("intermediate_size") != 4 * config["hidden_size"]:
        raise BadInput(
            f"a BERT with {quoted(config.get('intermediate_size'))} hidden units is none of ours; 4 width can be read"
        )
    architectures = _architectures(config)
    trained = None if classes is not None else _trained_classes(weights, architectures)
    model = BERT(
        vocabulary=config["vocab_size"],
        context=config["max_position_embeddings"],
        width=config["hidden_size"],
        depth=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        classes=trained if classes is None else classes,
    )
    model.get_layer("embedding").set_weights([embedding])
    embeddings = model.get_layer("embeddings")
    embeddings.positions.assign(positions)
    embeddings.table.assign(weights["embeddings.token_type_embeddings.weight"])
    embeddings.norm.set_weights(weights.norm("embeddings.LayerNorm"))
    for number in range(config["num_hidden_layers"]):
        block, theirs = model.get_layer(f"block{number + 1}"), f"encoder.layer.{number}"
        attention = block.attention
        for layer, name in (
            (attention.query, "attention.self.query"),
            (attention.key, "attention.self.key"),
            (attention.value, "attention.self.value"),
            (attention.output_dense, "attention.output.dense"),
            (block.hidden, "intermediate.dense"),
            (block.output_dense, "output.dense"),
        ):
            layer.set_weights(weights.dense(f"{theirs}.{name}"))
        block.norm1.set_weights(weights.norm(f"{theirs}.attention.output.LayerNorm"))
        block.norm2.set_weights(weights.norm(f"{theirs}.output.LayerNorm"))
    if "pooler.dense.weight" in weights:  # a masked language model alone has none
        model.get_layer("pooler").set_weights(weights.dense("pooler.dense"))
    if trained is not None:
        model.get_layer("classes").set_weights(weights.dense("classifier"))
    if model.arguments["classes"] is None:
        _set_pre_training_heads(model, weights)
    ignored = CONSTANTS if classes is None else f"{CONSTANTS}|{BERT_HEADS}"
    weights.check_all_read(ignored, architectures, NEW_HEAD if classes is None else "")
    return model


def _trained_classes(weights: _Weights, architectures: list[str]) -> int | None:
    """How many classes a classifier of texts has; None where the file has none.

    Raises `BadInput` for one that classifies each token, or choices. Older files of these have a pooler, too.
    """
    if "classifier.weight" not in weights:
        return None
    others = NO_TEXT_CLASSIFIERS.intersection(architectures)
    if others or "pooler.dense.weight" not in weights:
        what = " and ".join(sorted(others)) or "classifier without a pooler, such as a BertForTokenClassification"
        raise BadInput(f"{weights.file} is a {what}, which is none of ours{NEW_HEAD}")
    count = len(weights["classifier.weight"])
    if count < 2:
        raise BadInput(f"{weights.file} is a classifier of {count} output, which is none of ours{NEW_HEAD}")
    return count


def _set_pre_training_heads(model, weights: _Weights) -> None:
    """The heads of BERT's pre-training, as far as the file has them."""
    if "cls.predictions.transform.dense.weight" in weights:
        masked = model.get_layer("masked")
        masked.transform.set_weights(weights.dense("cls.predictions.transform.dense"))
        masked.norm.set_weights(weights.norm("cls.predictions.transform.LayerNorm"))
        masked.bias.assign(weights.tied("cls.predictions.bias", "cls.predictions.decoder.bias"))
    if "cls.seq_relationship.weight" in weights:
        kernel, bias = weights.dense("cls.seq_relationship")
        # Its first logit is that B follows A, ours the second.
        model.get_layer("next").set_weights([kernel[:, ::-1], bias[::-1]])


BUILDERS = {"gpt2": _gpt2, "bert": _bert}
