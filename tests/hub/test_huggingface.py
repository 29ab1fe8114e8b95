"""Weights in the format of `transformers`: our models give the answers of its models, or say in one line why not."""

import functools
import json

import numpy as np
import pytest
from keras import ops
from safetensors.numpy import load_file, save_file

import zoo
from zoo.errors import BadCheckpoint, BadInput, MissingData

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")

SIZES = {"vocab_size": 61, "n_positions": 24, "n_embd": 24, "n_layer": 2, "n_head": 3}
BERT_SIZES = {
    "vocab_size": 61,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 96,
    "max_position_embeddings": 24,
}
TOKENS = np.random.RandomState(0).randint(1, 61, (3, 17))


def shaken(model):
    """Initial weights, many of them zero, would hide much."""
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return model.eval()


def answers(model, **inputs):
    with torch.no_grad():
        return model(**{name: torch.tensor(value) for name, value in inputs.items()})


def close(found, expected):
    expected = expected.numpy()
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.backends
def test_gpt2_answers_what_transformers_answers(tmp_path):
    theirs = shaken(transformers.GPT2LMHeadModel(transformers.GPT2Config(**SIZES)))
    theirs.save_pretrained(tmp_path)
    ours = zoo.load(f"hf:{tmp_path}")
    close(ours(TOKENS.astype("int32")), answers(theirs, input_ids=TOKENS).logits)
    with pytest.raises(BadInput, match="is a GPT, which has no classes"):
        zoo.load(f"hf:{tmp_path}", classes=3)


@pytest.mark.backends
@pytest.mark.parametrize(
    "kind", ["BertForPreTraining", "BertForSequenceClassification", "BertForMaskedLM", "BertModel"]
)
def test_bert_answers_what_transformers_answers(kind, tmp_path):
    config = transformers.BertConfig(**BERT_SIZES, num_labels=4)
    theirs = shaken(getattr(transformers, kind)(config))
    theirs.save_pretrained(tmp_path)
    ours = zoo.load(f"hf:{tmp_path}")
    tokens, segments = TOKENS.copy(), (np.arange(17) > 8) * np.ones((3, 1), int)
    tokens[1, 12:] = 0  # a shorter text
    expected = answers(theirs, input_ids=tokens, token_type_ids=segments, attention_mask=(tokens > 0).astype("int64"))
    found = ours({"tokens": tokens.astype("int32"), "segments": segments.astype("int32")})
    seen = tokens > 0
    if kind == "BertForSequenceClassification":
        close(found, expected.logits)
    elif kind == "BertForPreTraining":
        close(ops.convert_to_numpy(found["masked"])[seen], expected.prediction_logits[torch.tensor(seen)])
        close(ops.convert_to_numpy(found["next"])[:, ::-1], expected.seq_relationship_logits)
    elif kind == "BertForMaskedLM":
        close(ops.convert_to_numpy(found["masked"])[seen], expected.logits[torch.tensor(seen)])
    else:
        other = zoo.load(f"hf:{tmp_path}", classes=5)
        assert other.output.shape == (None, 5)
        close(ops.convert_to_numpy(other.get_layer("pooler").kernel), theirs.pooler.dense.weight.T.detach())


@pytest.mark.backends
def test_what_cannot_be_read_is_one_line(tmp_path, monkeypatch):
    theirs = transformers.GPT2LMHeadModel(transformers.GPT2Config(**SIZES))
    theirs.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())

    def described(**changes):
        (tmp_path / "config.json").write_text(json.dumps(config | changes))

    described(model_type="llama")
    with pytest.raises(BadInput, match="is a model of type 'llama'; gpt2 and bert can be read"):
        zoo.load(f"hf:{tmp_path}")
    described(activation_function="relu")
    with pytest.raises(BadInput, match="activation_function 'relu'"):
        zoo.load(f"hf:{tmp_path}")
    for setting in ({"scale_attn_by_inverse_layer_idx": True}, {"layer_norm_epsilon": 1e-6}, {"n_inner": 100}):
        described(**setting)
        with pytest.raises(BadInput, match="is none of ours"):
            zoo.load(f"hf:{tmp_path}")
    described(n_layer=3)
    with pytest.raises(BadCheckpoint, match="n_layer is 3, its tensors have 2"):
        zoo.load(f"hf:{tmp_path}")
    described(n_positions=25)
    with pytest.raises(BadCheckpoint, match=r"does not fit its config\.json"):
        zoo.load(f"hf:{tmp_path}")
    described()
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(BadCheckpoint, match="is no safetensors file"):
        zoo.load(f"hf:{tmp_path}")
    (tmp_path / "config.json").write_text("nothing")
    with pytest.raises(BadCheckpoint, match="cannot be read"):
        zoo.load(f"hf:{tmp_path}")
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *names: (_ for _ in ()).throw(OSError("offline")))
    with pytest.raises(MissingData, match=r"gpt2: no such folder, and config.json cannot be fetched: offline"):
        zoo.load("hf:gpt2")


def written(folder, tensors, config):
    """A folder of tensors, {name: array}, in one file, and of a config."""
    folder.mkdir(exist_ok=True)
    save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    return f"hf:{folder}"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """(tensors, config) of a small model of any class of `transformers`, and what it answers."""

    @functools.cache
    def of(kind):
        config = transformers.GPT2Config(**SIZES) if "GPT2" in kind else transformers.BertConfig(**BERT_SIZES)
        theirs = shaken(getattr(transformers, kind)(config))
        folder = tmp_path_factory.mktemp(kind)
        theirs.save_pretrained(folder)
        config = json.loads((folder / "config.json").read_text())
        return load_file(folder / "model.safetensors"), config, theirs

    return of


def logits(model, **inputs):
    return model({name: ops.convert_to_tensor(value, "int32") for name, value in inputs.items()})


def test_a_gpt2_whose_embedding_is_stored_as_its_output_layer_is_read(published, tmp_path):
    tensors, config, theirs = published("GPT2LMHeadModel")
    table = tensors["transformer.wte.weight"]
    rest = {name: array for name, array in tensors.items() if name not in ("transformer.wte.weight", "lm_head.weight")}
    expected = answers(theirs, input_ids=TOKENS).logits
    for tables in ({"lm_head.weight": table}, {"lm_head.weight": table, "transformer.wte.weight": table}):
        close(zoo.load(written(tmp_path, rest | tables, config))(TOKENS.astype("int32")), expected)
    untied = {"lm_head.weight": table + 1, "transformer.wte.weight": table}
    with pytest.raises(BadInput, match=r"wte\.weight and lm_head\.weight differ; in ours they are one"):
        zoo.load(written(tmp_path, rest | untied, config))
    with pytest.raises(BadCheckpoint, match=r"has no 'wte\.weight'"):
        zoo.load(written(tmp_path, rest, config))


def test_older_files_have_constants_besides(published, tmp_path):
    tensors, config, theirs = published("GPT2LMHeadModel")
    masks = {f"transformer.h.{n}.attn.bias": np.tril(np.ones((1, 1, 24, 24), np.float32)) for n in range(2)}
    masks |= {f"transformer.h.{n}.attn.masked_bias": np.array(-1e4, np.float32) for n in range(2)}
    model = zoo.load(written(tmp_path, tensors | masks, config))
    close(model(TOKENS.astype("int32")), answers(theirs, input_ids=TOKENS).logits)


@pytest.mark.parametrize("architectures", [None, [], ["BertModel"], ["SomethingElse"]])
def test_the_tensors_decide_which_head_a_bert_has(architectures, published, tmp_path):
    segments = np.zeros_like(TOKENS)
    for kind in ("BertForSequenceClassification", "BertForMaskedLM"):
        tensors, config, theirs = published(kind)
        ours = zoo.load(written(tmp_path, tensors, config | {"architectures": architectures}))
        found = logits(ours, tokens=TOKENS, segments=segments)
        close(found["masked"] if kind == "BertForMaskedLM" else found, answers(theirs, input_ids=TOKENS).logits)


def test_a_head_for_the_next_sentence_alone_is_used(published, tmp_path):
    tensors, config, theirs = published("BertForNextSentencePrediction")
    found = logits(zoo.load(written(tmp_path, tensors, config)), tokens=TOKENS, segments=np.zeros_like(TOKENS))
    close(ops.convert_to_numpy(found["next"])[:, ::-1], answers(theirs, input_ids=TOKENS).logits)


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("BertForTokenClassification", "is a BertForTokenClassification, which is none of ours"),
        ("BertForQuestionAnswering", "is a BertForQuestionAnswering with qa_outputs"),
        ("BertForMultipleChoice", "is a BertForMultipleChoice, which is none of ours"),
        ("GPT2ForSequenceClassification", "is a GPT2ForSequenceClassification with score"),
        ("GPT2DoubleHeadsModel", "is a GPT2DoubleHeadsModel with multiple_choice_head"),
    ],
)
def test_a_head_that_is_none_of_ours_is_refused(kind, says, published, tmp_path):
    tensors, config, _ = published(kind)
    name = written(tmp_path, tensors, config)
    with pytest.raises(BadInput, match=says) as caught:
        zoo.load(name)
    assert "\n" not in str(caught.value)
    with pytest.raises(BadInput, match="none of ours"):  # also where its name is missing
        zoo.load(written(tmp_path, tensors, {**config, "architectures": None}))
    if kind.startswith("Bert"):
        assert "with classes=N its encoder can be read" in str(caught.value)
        assert zoo.load(name, classes=3).output.shape == (None, 3)


def test_tokens_classified_with_a_pooler_in_the_file_are_refused_by_name(published, tmp_path):
    tensors, config, _ = published("BertForSequenceClassification")  # as older files of the other kind look
    with pytest.raises(BadInput, match="is a BertForTokenClassification"):
        zoo.load(written(tmp_path, tensors, config | {"architectures": ["BertForTokenClassification"]}))


def test_what_ours_would_compute_otherwise_is_refused(published, tmp_path):
    tensors, config, _ = published("BertForMaskedLM")
    for setting in ("is_decoder", "add_cross_attention"):
        with pytest.raises(BadInput, match=f"a BERT with {setting} True is none of ours"):
            zoo.load(written(tmp_path, tensors, config | {setting: True}))
    with pytest.raises(BadCheckpoint, match="num_hidden_layers is 1, its tensors have 2"):
        zoo.load(written(tmp_path, tensors, config | {"num_hidden_layers": 1}))
    untied = tensors | {"cls.predictions.decoder.weight": tensors["bert.embeddings.word_embeddings.weight"] + 1}
    with pytest.raises(BadInput, match="differ; in ours they are one"):
        zoo.load(written(tmp_path, untied, config))


def test_weights_in_several_files_are_read(published, tmp_path):
    _, _, theirs = published("GPT2LMHeadModel")
    theirs.save_pretrained(tmp_path, max_shard_size="20KB")
    assert len(list(tmp_path.glob("model-*.safetensors"))) > 2 and not (tmp_path / "model.safetensors").exists()
    expected = answers(theirs, input_ids=TOKENS).logits
    close(zoo.load(f"hf:{tmp_path}")(TOKENS.astype("int32")), expected)
    index = tmp_path / "model.safetensors.index.json"
    listed = json.loads(index.read_text())
    part = sorted(tmp_path.glob("model-*.safetensors"))[0]
    part.rename(tmp_path / "elsewhere")
    with pytest.raises(BadCheckpoint, match=f"{part.name}: no such file"):
        zoo.load(f"hf:{tmp_path}")
    for content, says in (
        ({"weight_map": {"wte.weight": "../elsewhere"}}, r"names \.\./elsewhere"),
        ({"weight_map": {}}, "names no files"),
        ({"metadata": listed["metadata"]}, "is no index of weights"),
    ):
        index.write_text(json.dumps(content))
        with pytest.raises(BadCheckpoint, match=says):
            zoo.load(f"hf:{tmp_path}")
    index.unlink()
    with pytest.raises(BadCheckpoint, match=r"model\.safetensors: no such file"):
        zoo.load(f"hf:{tmp_path}")


def test_weights_in_several_files_are_fetched(published, tmp_path, monkeypatch):
    _, _, theirs = published("GPT2LMHeadModel")
    theirs.save_pretrained(tmp_path, max_shard_size="20KB")

    def fetched(name, file):
        if not (tmp_path / file).exists():
            raise OSError(f"404 for {name}/{file}")
        return str(tmp_path / file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", fetched)
    model = zoo.load("hf:somebody/small")
    close(model(TOKENS.astype("int32")), answers(theirs, input_ids=TOKENS).logits)
    (tmp_path / "model.safetensors.index.json").unlink()
    with pytest.raises(MissingData, match=r"model\.safetensors cannot be fetched: 404"):
        zoo.load("hf:somebody/small")


def test_half_precision_is_read(published, tmp_path):
    tensors, config, theirs = published("BertForSequenceClassification")
    half = {name: array.astype("float16") for name, array in tensors.items()}
    found = logits(zoo.load(written(tmp_path, half, config)), tokens=TOKENS, segments=np.zeros_like(TOKENS))
    expected = answers(theirs, input_ids=TOKENS).logits.numpy()
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, atol=0.02 * np.abs(expected).max())
