"""Draw gallery.png: the first page of `zoo gallery`, as Chromium shows it.

    python docs/figures/gallery.py             # the figure of the README
    python docs/figures/gallery.py FOLDER      # every view, on a wide and on a narrow screen, to look through

Needs the extra "test" and Chromium.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from zoo_apps.app import apps
from zoo_apps.gallery.server import running

OUT = Path(__file__).with_suffix(".png")
SIZES = ((1280, 900), (390, 844))  # pixels: a laptop's and a phone's


def shots(address: str, files: dict[str, Path], size: tuple[int, int], whole: bool) -> None:
    """Draw views of the page. files: name of a view -> file; whole: not only what fits on the screen."""
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        for name, file in files.items():
            page.goto(f"{address}#{name}")
            page.locator(f"#view-{name} h1").wait_for()
            page.wait_for_timeout(1000)  # pictures of the samples
            page.screenshot(path=file, full_page=whole)
        browser.close()


def main() -> None:
    with running(apps()) as address:
        if len(sys.argv) == 1:
            shots(address, {"home": OUT}, SIZES[0], whole=False)
        for folder in sys.argv[1:]:
            Path(folder).mkdir(parents=True, exist_ok=True)
            for size in SIZES:
                files = {name: Path(folder) / f"{name}-{size[0]}.png" for name in ("home", *apps(), "finetune")}
                shots(address, files, size, whole=True)


if __name__ == "__main__":
    main()
