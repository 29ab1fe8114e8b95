"""Draw digits.png, plane.png and faces.jpg by the apps digits and faces: `python docs/figures/sheets.py`.

The faces have the seeds 0 to 63, none left out. A comment in the JPEG says that these people do not exist.
"""

from pathlib import Path

from zoo.kinds.image import write_image
from zoo_apps.digits import Digits
from zoo_apps.faces import Faces

HERE = Path(__file__).parent


def main() -> None:
    digits, plane = Digits()("3141592653", map=True)
    write_image(HERE / "digits.png", digits)
    write_image(HERE / "plane.png", plane)
    (sheet, *_), _ = Faces()(n=64, seed=0)
    write_image(HERE / "faces.jpg", sheet.pixels, sheet.about)


if __name__ == "__main__":
    main()
