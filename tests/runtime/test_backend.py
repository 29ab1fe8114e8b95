"""What is set before Keras starts, and in which precision it then trains."""

import os
import subprocess
import sys

import pytest

from zoo.runtime import backend


@pytest.mark.backends
@pytest.mark.parametrize(
    "wanted, flags, trained",
    [
        ("mixed_bfloat16", {"avx2"}, "float32"),  # it would be emulated
        ("mixed_bfloat16", {"avx2", "avx512f", "avx512_bf16"}, "mixed_bfloat16"),
        ("mixed_bfloat16", {"amx_bf16"}, "mixed_bfloat16"),
        ("float32", {"amx_bf16"}, "float32"),
    ],
)
def test_half_precision_only_where_the_cpu_computes_with_it(monkeypatch, wanted, flags, trained):
    monkeypatch.setattr(backend, "cpu_flags", lambda: flags)
    if backend.has_accelerator():
        trained = wanted
    assert backend.precision(wanted) == trained


def test_flags_are_those_of_this_cpu():
    flags = backend.cpu_flags()
    if sys.platform != "linux":
        assert flags == set()
    else:
        assert flags & {"sse2", "asimd"}  # every x86-64, every 64-bit ARM


@pytest.mark.parametrize("chosen", ["0", None])
def test_tensorflow_uses_onednn_unless_the_user_chose_otherwise(chosen):
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    environment |= {} if chosen is None else {"TF_ENABLE_ONEDNN_OPTS": chosen}
    code = "import os; from zoo import backend; backend.choose(); print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (chosen or "1")
