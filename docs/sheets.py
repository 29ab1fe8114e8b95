"""Draw docs/digits.png and docs/plane.png, what the app digits makes: `python docs/sheets.py`."""

from pathlib import Path

from zoo.data.images import write_image
from zoo_apps.digits import Digits

HERE = Path(__file__).parent


def main() -> None:
    digits, plane = Digits()("3141592653", map=True)
    write_image(HERE / "digits.png", digits)
    write_image(HERE / "plane.png", plane)


if __name__ == "__main__":
    main()
