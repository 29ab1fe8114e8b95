"""Start-up time of the zoo, beside importing Keras in the same run: `python benchmarks/startup.py`.

Each case is a fresh process, the best of five. Ratios are of importing Keras, which most packages of models do first.
"""

import subprocess
import sys
import time

from results import keep

CASES = {
    "python": "pass",
    "import zoo": "import zoo",
    "zoo --help": "import sys; sys.argv = ['zoo', '--help']; from zoo.cli.main import main; main()",
    "zoo list": "import sys; sys.argv = ['zoo', 'list']; from zoo.cli.main import main; main()",
    "import keras": "import keras",
}


def seconds(code: str, repeats: int = 5) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    measured = {case: seconds(code) for case, code in CASES.items()}
    bare, peer = measured["python"], measured["import keras"]
    for case, value in measured.items():
        print(f"{case:12}  {value:6.3f} s  {value - bare:6.3f} s over python  {value / peer:6.1%} of importing keras")
    keep(
        "startup",
        {
            case: {"seconds": round(value, 3), "of importing keras": round(value / peer, 3)}
            for case, value in measured.items()
        },
    )


if __name__ == "__main__":
    main()
