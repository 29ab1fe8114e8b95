"""Draw docs/faces.jpg, docs/digits.png and docs/plane.png, what the apps make: `python docs/sheets.py`.

The faces are those of seeds 0 to 63, none left out.
"""

from pathlib import Path

from zoo.data.images import write_image
from zoo_apps.digits import Digits
from zoo_apps.faces import Faces

HERE = Path(__file__).parent


def main() -> None:
    (sheet, *_), _ = Faces()(n=64, seed=0)
    write_image(HERE / "faces.jpg", sheet.pixels, sheet.about)
    digits, plane = Digits()("3141592653", map=True)
    write_image(HERE / "digits.png", digits)
    write_image(HERE / "plane.png", plane)


if __name__ == "__main__":
    main()
