"""Weights in the format of `transformers`: our models give the answers of its models, or say in one line why not."""

import json

import numpy as np
import pytest
from keras import ops

import zoo
from zoo.errors import BadCheckpoint, BadInput, MissingData

pytestmark = pytest.mark.backends

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


def test_gpt2_answers_what_transformers_answers(tmp_path):
    theirs = shaken(transformers.GPT2LMHeadModel(transformers.GPT2Config(**SIZES)))
    theirs.save_pretrained(tmp_path)
    ours = zoo.load(f"hf:{tmp_path}")
    close(ours(TOKENS.astype("int32")), answers(theirs, input_ids=TOKENS).logits)
    with pytest.raises(BadInput, match="is a GPT, which has no classes"):
        zoo.load(f"hf:{tmp_path}", classes=3)


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
    with pytest.raises(BadCheckpoint, match=r"has no 'h\.2\.ln_1"):
        zoo.load(f"hf:{tmp_path}")
    described(n_positions=25)
    with pytest.raises(BadCheckpoint, match=r"does not fit its config\.json"):
        zoo.load(f"hf:{tmp_path}")
    described()
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(BadCheckpoint, match="is no safetensors file"):
        zoo.load(f"hf:{tmp_path}")
    (tmp_path / "config.json").write_text("nothing")
    with pytest.raises(BadCheckpoint, match="is no description of a model"):
        zoo.load(f"hf:{tmp_path}")
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *names: (_ for _ in ()).throw(OSError("offline")))
    with pytest.raises(MissingData, match=r"gpt2: no such folder, and config.json cannot be fetched: offline"):
        zoo.load("hf:gpt2")
