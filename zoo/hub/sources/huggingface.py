"""Published GPT-2 and BERT weights, in the format of Hugging Face's `transformers`, for our own models.

`zoo.load("hf:FOLDER")` reads a folder with `config.json` and `model.safetensors`; `zoo.load("hf:gpt2")`, or another
name on the Hugging Face hub, fetches those two files when it is asked for that name. Only numbers are read: no pickle,
no code.
"""

import json
from pathlib import Path

import numpy as np

from zoo.errors import BadCheckpoint, BadInput, MissingData, MissingPackage
from zoo.hub import store

PREFIX = "hf:"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
# Settings of the published models that ours have for good.
GPT2 = {
    "activation_function": "gelu_new",
    "layer_norm_epsilon": 1e-5,
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "tie_word_embeddings": True,
}
BERT_BASE = {
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "type_vocab_size": 2,
    "position_embedding_type": "absolute",
    "tie_word_embeddings": True,
}
HEADS = {"BertForPreTraining", "BertForMaskedLM"}  # whose heads our BERT without classes has


def load(name: str, *, classes: int | None = None):
    """The model of a folder, or of a name on the hub.

    Args:
        name: what follows "hf:".
        classes: give a BERT an output layer of random weights for this many classes.
    Heads of a BERT that the file lacks have random weights, too: the next sentence's of a masked language model, both
    of a bare encoder.
    Raises:
        MissingData, MissingPackage, BadCheckpoint, BadInput: in one line.
    """
    folder = Path(name).expanduser()
    config_file, weights_file = (folder / file for file in (CONFIG, WEIGHTS))
    if not folder.is_dir():
        config_file, weights_file = (_fetch(name, file) for file in (CONFIG, WEIGHTS))
    try:
        config = json.loads(config_file.read_text(encoding="utf-8"))
        kind = config["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadCheckpoint(f"{config_file} is no description of a model: {store.one_line(error)}") from None
    if kind not in BUILDERS:
        raise BadInput(f"{name} is a model of type {kind!r}; {' and '.join(BUILDERS)} can be read")
    if kind == "gpt2" and classes is not None:
        raise BadInput(f"{name} is a GPT, which has no classes to exchange")
    weights = _Weights(weights_file)
    try:
        return BUILDERS[kind](config, weights, classes)
    except KeyError as error:
        raise BadCheckpoint(f"{weights_file} or its {CONFIG} has no {error}") from None
    except ValueError as error:  # a shape that doesn't fit
        raise BadCheckpoint(f"{weights_file} does not fit its {CONFIG}: {store.one_line(error)}") from None


def _fetch(name: str, file: str) -> Path:
    try:
        from huggingface_hub import hf_hub_download
    except ImportError:
        raise MissingPackage("huggingface_hub is missing; pip install huggingface_hub") from None
    try:
        return Path(hf_hub_download(name, file))  # from its own cache where it was fetched before
    except Exception as error:  # it has a dozen kinds for being offline and for names that aren't there
        raise MissingData(f"{name}: no such folder, and {file} cannot be fetched: {store.one_line(error)}") from None


class _Weights:
    """The arrays of a safetensors file by name; the prefix that a whole model's names have may be there or not."""

    def __init__(self, path):
        try:
            from safetensors.numpy import load_file
        except ImportError:
            raise MissingPackage("safetensors is missing; pip install safetensors") from None
        try:
            self.arrays = load_file(path)
        except Exception as error:  # its own kind of error is private
            raise BadCheckpoint(f"{path} is no safetensors file: {store.one_line(error)}") from None

    def __contains__(self, name: str) -> bool:
        return any(prefix + name in self.arrays for prefix in ("", "transformer.", "bert."))

    def __getitem__(self, name: str) -> np.ndarray:
        for prefix in ("", "transformer.", "bert."):
            if prefix + name in self.arrays:
                return self.arrays[prefix + name].astype("float32")
        raise KeyError(name)

    def norm(self, name: str) -> list:
        """Scale and offset; older files call them gamma and beta."""
        old = f"{name}.gamma" in self
        return [self[f"{name}.{'gamma' if old else 'weight'}"], self[f"{name}.{'beta' if old else 'bias'}"]]

    def dense(self, name: str) -> list:
        """Kernel (inputs, units) and bias of a linear layer, which is stored the other way round."""
        return [self[f"{name}.weight"].T, self[f"{name}.bias"]]


def _check(config: dict, kind: str, ours: dict) -> None:
    """Raises `BadInput` for a setting that our model computes otherwise."""
    for key, value in ours.items():
        if config.get(key, value) != value:
            raise BadInput(f"a {kind} with {key} {config[key]!r} is none of ours; {value!r} can be read")


def _gpt2(config, weights, classes):
    from zoo.models.gpt import GPT

    _check(config, "GPT-2", GPT2)
    if config.get("n_inner") not in (None, 4 * config["n_embd"]):
        raise BadInput(f"a GPT-2 with {config['n_inner']} hidden units is none of ours; 4 width can be read")
    model = GPT(
        vocabulary=config["vocab_size"],
        context=config["n_positions"],
        width=config["n_embd"],
        depth=config["n_layer"],
        heads=config["n_head"],
    )
    model.get_layer("embedding").set_weights([weights["wte.weight"]])
    model.get_layer("positions").set_weights([weights["wpe.weight"]])
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
    return model


def _bert(config, weights, classes):
    from zoo.models.bert import BERT

    _check(config, "BERT", BERT_BASE)
    if config.get("intermediate_size") != 4 * config["hidden_size"]:
        raise BadInput(
            f"a BERT with {config.get('intermediate_size')} hidden units is none of ours; 4 width can be read"
        )
    trained = weights["classifier.weight"].shape[0] if "classifier.weight" in weights and classes is None else None
    model = BERT(
        vocabulary=config["vocab_size"],
        context=config["max_position_embeddings"],
        width=config["hidden_size"],
        depth=config["num_hidden_layers"],
        heads=config["num_attention_heads"],
        classes=trained if classes is None else classes,
    )
    model.get_layer("embedding").set_weights([weights["embeddings.word_embeddings.weight"]])
    embeddings = model.get_layer("embeddings")
    embeddings.positions.assign(weights["embeddings.position_embeddings.weight"])
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
    if model.arguments["classes"] is None and HEADS & set(config.get("architectures") or []):
        masked = model.get_layer("masked")
        masked.transform.set_weights(weights.dense("cls.predictions.transform.dense"))
        masked.norm.set_weights(weights.norm("cls.predictions.transform.LayerNorm"))
        masked.bias.assign(weights["cls.predictions.bias"])
        if "cls.seq_relationship.weight" in weights:
            kernel, bias = weights.dense("cls.seq_relationship")
            # Its first answer is that B follows A, ours the second.
            model.get_layer("next").set_weights([kernel[:, ::-1], bias[::-1]])
    return model


BUILDERS = {"gpt2": _gpt2, "bert": _bert}
