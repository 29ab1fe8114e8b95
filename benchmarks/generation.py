"""Tokens a second beside KerasHub and transformers, both of which it needs: `python benchmarks/generation.py`.

GPT-2 small (124 M parameters) with the same random weights, float32: 128 new tokens by greedy decoding, after a prompt
of 16, for batches of 1 and 8. Each case has its own process, one after the other. All must generate the same tokens,
except ours with 8-bit weights. Median of 3 runs, after a warm-up.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import keep

from zoo.runtime import backend

PROMPT, NEW, RUNS = 16, 128, 3


def prompts(batch):
    import numpy as np

    return np.random.RandomState(0).randint(0, 50257, (batch, PROMPT))


def timed(generate):
    """Tokens and tokens a second of `generate()`, an array (B, NEW)."""
    generate()
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        tokens = generate()
        times.append(time.perf_counter() - start)
    return tokens.tolist(), tokens.size / statistics.median(times)


def with_zoo(folder, batch):
    return _generated(lambda model: model, folder, batch)


def with_exports(folder, batch):
    from zoo.runtime.onnx_generator import exported

    return _generated(exported, folder, batch)


def with_exports_of_8_bits(folder, batch):
    from zoo.runtime.onnx_generator import exported

    return _generated(lambda model: exported(model, bits=8), folder, batch)


def _generated(run_by, folder, batch):
    import numpy as np

    import zoo
    from zoo.generation.tokens import Generator

    generator, tokens = Generator(run_by(zoo.load(f"hf:{folder}"))), prompts(batch).tolist()
    return timed(lambda: np.array(generator(tokens, new_tokens=NEW, temperature=0)))


def with_transformers(folder, batch):
    import torch
    from transformers import GPT2LMHeadModel

    model, tokens = GPT2LMHeadModel.from_pretrained(folder).eval(), torch.tensor(prompts(batch))
    options = {"max_new_tokens": NEW, "min_new_tokens": NEW, "do_sample": False, "pad_token_id": 0}
    mask = torch.ones_like(tokens)
    return timed(lambda: model.generate(tokens, attention_mask=mask, **options)[:, PROMPT:].numpy())


def with_keras_hub(folder, batch):
    import keras_hub
    import numpy as np

    import zoo

    backbone = keras_hub.models.GPT2Backbone(50257, 12, 12, 768, 3072, dropout=0.0, max_sequence_length=1024)
    _copy(zoo.load(f"hf:{folder}"), backbone)
    model = keras_hub.models.GPT2CausalLM(backbone=backbone, preprocessor=None)
    model.compile(sampler="greedy")
    room = np.zeros((batch, NEW), int)
    inputs = {
        "token_ids": np.concatenate([prompts(batch), room], axis=1).astype("int32"),
        "padding_mask": np.concatenate([np.ones((batch, PROMPT), int), room], axis=1).astype("int32"),
    }
    return timed(lambda: np.asarray(model.generate(inputs, stop_token_ids=None)["token_ids"])[:, PROMPT:])


def _copy(ours, backbone):
    """Copy the weights of our GPT-2 to KerasHub's."""
    backbone.get_layer("token_embedding").set_weights(ours.get_layer("embedding").get_weights())
    backbone.get_layer("position_embedding").set_weights(ours.get_layer("positions").get_weights())
    for number in range(12):
        block, theirs = ours.get_layer(f"block{number + 1}"), backbone.get_layer(f"transformer_layer_{number}")
        values = {variable.path.split("/", 1)[1]: variable for variable in block.weights}
        names = {  # of theirs, in the order of its variables
            "query": "attention/query",
            "key": "attention/key",
            "value": "attention/value",
            "attention_output": "attention/output",
            "self_attention_layer_norm": "norm1",
            "feedforward_layer_norm": "norm2",
            "feedforward_intermediate_dense": "hidden",
            "feedforward_output_dense": "output",
        }
        for variable in theirs.weights:
            layer, name = variable.path.split("/")[-2:]
            variable.assign(values[f"{names[layer]}/{name}"].numpy().reshape(variable.shape))
    backbone.get_layer("layer_norm").set_weights(ours.get_layer("norm").get_weights())


CASES = {
    "zoo": with_zoo,
    "zoo, exported": with_exports,
    "zoo, 8 bits": with_exports_of_8_bits,
    "KerasHub": with_keras_hub,
    "transformers": with_transformers,
}

OURS = {"zoo": "of zoo's", "zoo, exported": "of its export's", "zoo, 8 bits": "of its 8 bits'"}  # what a ratio is of


def main() -> None:
    if len(sys.argv) == 4:  # one of the processes
        print(json.dumps(CASES[sys.argv[1]](sys.argv[2], int(sys.argv[3]))))
        return
    backend.choose()  # for all of the processes alike
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(0)
        GPT2LMHeadModel(GPT2Config()).save_pretrained(Path(folder))
        for batch in (1, 8):
            made, speeds = {}, {}
            for case in CASES:
                command = [sys.executable, __file__, case, folder, str(batch)]
                # A cache of its own: nobody needs the exports of this network again.
                environment = os.environ | {"ZOO_CACHE": f"{folder}/cache"}
                done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
                if done.returncode == 0:
                    made[case], speeds[case] = json.loads(done.stdout.splitlines()[-1])
                else:
                    print(f"{case}: left out ({''.join(done.stderr.strip().splitlines()[-1:])})")
            for case, speed in speeds.items():
                times = {name: round(speed / speeds[ours], 2) for ours, name in OURS.items() if ours in speeds}
                same = "" if made[case] == made.get("zoo") else "   (other tokens)"
                print(f"{case:14} batch {batch}  {speed:6.1f} tokens/s   {times}{same}")
                rows[f"{case}, batch {batch}"] = {"tokens/s": round(speed, 1)} | times
    keep("generation", rows)


if __name__ == "__main__":
    main()
