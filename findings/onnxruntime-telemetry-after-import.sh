#!/usr/bin/env bash
# ONNX Runtime's disable_telemetry_events() stops neither its device id file nor its calls to its maker's host.
#
# One would guess: on Linux, `onnxruntime.disable_telemetry_events()`, called straight after the import and before any
# session is made, keeps the process from calling another host, and nothing about the machine is stored.
# What is so: the import itself writes a device id, which stays, below the user's cache folder. Some ten seconds later
# the process calls its maker's telemetry host, though no session was made, and tries again when it is refused. After
# disable_telemetry_events() all of this is as before, and no Python code can call it earlier. Nor does the environment
# variable ORT_DISABLE_TELEMETRY=1 help when it is set after the import. Set before, it stops both. The privacy page of
# the package names the variable and says that the function leaves out a first event. The function's own help text
# says "Disables platform-specific telemetry collection", and neither says that the device id is written all the same.
# Why it matters: a program that promises to work offline calls another host and stores an identifier, unseen by a test
# that ends within ten seconds. So zoo/runtime/telemetry.py sets the variable when the zoo is imported, before any
# library is. A program that imports ONNX Runtime first must set it itself.
#
# A proxy on the loopback, which counts calls and refuses them, stands in for the network: nothing is sent to anyone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "onnxruntime==1.32.0" "numpy==2.3.5"
cd "$folder"
venv/bin/python - <<'PYTHON'
import importlib.metadata
import os
import socketserver
import subprocess
import sys
import threading
from pathlib import Path

SECONDS = 20  # the first call comes after nine or so
OFF = "import os; os.environ['ORT_DISABLE_TELEMETRY'] = '1'; "
CASES = {  # what is run; whether it writes a device id and calls its maker's host
    "import onnxruntime": ("import onnxruntime", True),
    "import, then disable_telemetry_events()": ("import onnxruntime; onnxruntime.disable_telemetry_events()", True),
    "import, then ORT_DISABLE_TELEMETRY=1": ("import onnxruntime; " + OFF, True),
    "ORT_DISABLE_TELEMETRY=1, then import": (OFF + "import onnxruntime", False),
}


class Refuse(socketserver.StreamRequestHandler):
    def handle(self):
        if self.rfile.readline().startswith(b"CONNECT "):
            self.server.calls += 1
        self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def start(number, code):
    """A proxy and a home folder of its own, and a process that runs the code and then does nothing for a while."""
    proxy = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Refuse)
    proxy.calls = 0
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    home = Path(f"home{number}").absolute()
    home.mkdir()
    # No other variable: among them may be one that switches telemetry off, as those of CI services do.
    address = f"http://127.0.0.1:{proxy.server_address[1]}"
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "https_proxy": address, "http_proxy": address}
    command = [sys.executable, "-c", f"{code}\nimport time; time.sleep({SECONDS})"]
    return proxy, home, subprocess.Popen(command, env=environment, cwd=home)


print("ONNX Runtime", importlib.metadata.version("onnxruntime"))
started = {case: start(number, code) for number, (case, (code, _)) in enumerate(CASES.items())}
same = True
for case, (proxy, home, process) in started.items():
    same &= process.wait() == 0
    proxy.shutdown()
    files = [str(path.relative_to(home)) for path in home.rglob("deviceid")]
    expected = CASES[case][1]
    same &= bool(files) == expected and bool(proxy.calls) == expected
    print(f"{case}: {proxy.calls} call(s) to another host in {SECONDS} s, device id in {files or 'no file'}")
print("as described" if same else "THIS HAS CHANGED")
sys.exit(not same)
PYTHON
