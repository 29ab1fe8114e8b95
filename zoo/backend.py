"""Which of TensorFlow, JAX and PyTorch Keras runs on, and keeping its start quiet. Imports none of them."""

import contextlib
import importlib.util
import os
import sys
import tempfile

PACKAGES = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}


def installed() -> list[str]:
    """The backends that can be imported here, TensorFlow first."""
    return [backend for backend, package in PACKAGES.items() if importlib.util.find_spec(package)]


def choose() -> None:
    """Pick an installed backend when the user picked none and Keras' own default, TensorFlow, is not installed.

    Keras reads $KERAS_BACKEND once, on import, so this must run before.
    """
    chosen = "KERAS_BACKEND" in os.environ or "keras" in sys.modules
    if chosen or importlib.util.find_spec("tensorflow") or os.path.exists(os.path.expanduser("~/.keras/keras.json")):
        return
    if others := installed():
        os.environ["KERAS_BACKEND"] = others[0]


def start() -> None:
    """Import Keras with its backend and wake its devices, for a command line: without their log lines."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _held_back():
        import keras

        keras.ops.zeros(())


@contextlib.contextmanager
def _held_back():
    """Hold back what C++ code writes to standard error, past Python's reach; show it if an exception comes."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
