"""Choose the backend of Keras (TensorFlow, JAX, PyTorch) and silence its start-up messages. Imports none of them."""

import contextlib
import functools
import importlib.util
import json
import os
import sys
import tempfile

from zoo.errors import MissingPackage

PACKAGES = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
BFLOAT16 = {"amx_bf16", "avx512_bf16", "bf16"}  # how /proc/cpuinfo names instructions for it, on x86 and ARM


def installed() -> list[str]:
    """The backends that can be imported here, TensorFlow first."""
    return [backend for backend, package in PACKAGES.items() if importlib.util.find_spec(package)]


def choose() -> None:
    """Pick an installed backend when the user picked none and Keras' own default, TensorFlow, is not installed.

    Keras reads $KERAS_BACKEND once, on import, so this must run before. So must what keeps TensorFlow from greeting
    everyone with pages of log, and what lets it use oneDNN's kernels on every CPU: by itself it does so only where
    there is AVX-512, though with AVX2 alone, too, convolutional networks train 1.5 to 2 times as fast.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if "KERAS_BACKEND" in os.environ or "keras" in sys.modules or importlib.util.find_spec("tensorflow"):
        return
    here = installed()
    if here and configured() not in here:
        os.environ["KERAS_BACKEND"] = here[0]


def configured() -> str:
    """The backend that Keras takes: $KERAS_BACKEND, else the one in its own file, else TensorFlow.

    Keras writes that file itself when it is first imported, so it is not always a choice of the user's.
    """
    if os.environ.get("KERAS_BACKEND"):
        return os.environ["KERAS_BACKEND"]
    home = os.environ.get("KERAS_HOME") or os.path.expanduser("~/.keras")
    try:
        with open(os.path.join(home, "keras.json"), encoding="utf-8") as file:
            return json.load(file).get("backend", "tensorflow")
    except (OSError, ValueError):
        return "tensorflow"


def jit_compile() -> bool:
    """What to give `compile`: XLA is slower on CPUs than the backends' own convolutions, but JAX has nothing else."""
    import keras

    return keras.config.backend() == "jax"


def precision(wanted: str) -> str:
    """The dtype policy to train with: `wanted`, but float32 instead of mixed_bfloat16 where that is only emulated.

    On a CPU without instructions for bfloat16 it is a hundred times slower.
    """
    emulated = not BFLOAT16 & cpu_flags() and not has_accelerator()
    return "float32" if wanted == "mixed_bfloat16" and emulated else wanted


def has_accelerator() -> bool:
    """Whether the backend computes on something other than CPUs."""
    import keras

    if keras.config.backend() == "torch":
        import torch

        return torch.accelerator.is_available()
    return any("cpu" not in device for device in keras.distribution.list_devices())


def accelerator() -> str | None:
    """What the backend computes on besides CPUs, as its maker calls it; None where that is nothing."""
    import keras

    if not has_accelerator():
        return None
    if keras.config.backend() == "torch":
        import torch

        return (
            torch.cuda.get_device_name() if torch.cuda.is_available() else str(torch.accelerator.current_accelerator())
        )
    if keras.config.backend() == "jax":
        import jax

        return jax.devices()[0].device_kind
    import tensorflow as tf

    device = next(device for device in tf.config.list_physical_devices() if device.device_type != "CPU")
    return tf.config.experimental.get_device_details(device).get("device_name", device.device_type)


def cpu_flags() -> set[str]:
    """What instructions the CPU has, by Linux's names for them; empty elsewhere."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return set(next((line for line in file if line.startswith(("flags", "Features"))), "").split())
    except OSError:
        return set()


def compiled(function, variables, *, static=()):
    """`function`, compiled by the backend (PyTorch runs it as it is), for inference.

    It is called with arrays, or lists of them, by position, and with the arguments named in `static` by name: each
    value of those makes another version, as do other shapes. `variables` are the Keras variables that it reads.
    """
    import keras

    def to_tensors(args):
        return keras.tree.map_structure(keras.ops.convert_to_tensor, args)

    if keras.config.backend() == "jax":
        import jax

        def pure(values, *args, **options):  # or else the variables' values would become constants of the version
            with keras.StatelessScope(state_mapping=zip(variables, values, strict=True)):
                return function(*args, **options)

        jitted = jax.jit(pure, static_argnames=static)
        return lambda *args, **options: jitted([variable.value for variable in variables], *to_tensors(args), **options)
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        # TensorFlow warns of a function that is compiled again and again, and counts by its code, which those of all
        # models share; of a partial function it counts each by itself.
        function = tf.function(functools.partial(function), autograph=False)
    else:
        import torch

        function = torch.no_grad()(function)
    return lambda *args, **options: function(*to_tensors(args), **options)


def start() -> None:
    """Import Keras with its backend and wake its devices, for a command line: without their log lines."""
    try:
        with quiet():
            import keras

            keras.ops.zeros(())
    except (ImportError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise MissingPackage(f"Keras cannot start on {configured()}: {reason}; see zoo doctor") from None


@contextlib.contextmanager
def quiet():
    """Hold back what C++ code writes to standard error, past Python's reach; show it if an exception comes."""
    sys.stderr.flush()
    descriptor = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(descriptor, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(descriptor, 2)
            os.close(descriptor)
