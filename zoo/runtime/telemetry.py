"""Switches off the telemetry of other libraries. Nothing that the zoo runs contacts another host unless a user does.

ONNX Runtime 1.32 writes a device id below the user's cache folder when it is imported, and contacts its maker's host
some ten seconds after the import, with or without a session. It reads its variable once, on import:
`onnxruntime.disable_telemetry_events()` comes too late.
"""

import os

_OFF = {
    "ORT_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
}


def switch_off() -> None:
    """Set the libraries' own variables, which must happen before they are imported: `import zoo` does it first."""
    os.environ.update(_OFF)
