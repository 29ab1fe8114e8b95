"""What the layers of a network have learned, from edges to parts of things, and where a photograph shows it."""

from typing import Annotated

import numpy as np

from .app import App, Image, Text
from .drawing import INK, PAPER, SOFT, font
from .dream import Network
from .photographs import photograph

LAYERS, CHANNELS = 5, 8  # shown, if the user doesn't say which; of each layer
SIDE = 128  # pixels of each picture on a sheet, of its longer side
GAP, TITLE, CAPTION = 10, 20, 13  # pixels between pictures; heights of writing


class Features(App):
    name = "features"
    title = "What the layers have learned"
    summary = (
        "Draws what a network's channels look for, from edges to parts of things, and shows where a photograph has it."
    )
    checkpoints = ("mobilenet.caltech101",)

    def __call__(
        self,
        photo: Annotated[Image, Image(label="photograph", help="a photograph; chooses each layer's channels")],
        checkpoint: Network = "mobilenet.caltech101",
        layers: Annotated[
            str, Text(help="layers to show, separated by commas; five from bottom to top if not given")
        ] = "",
    ) -> tuple[Annotated[np.ndarray, Image(label="learned")], Annotated[np.ndarray, Image(label="channels")]]:
        """Picture uint8 (H, W, 3) -> two sheets, uint8: the pictures that excite the channels most that answer most
        to the photograph, and below the same captions those channels' maps on it."""
        model = self.model(checkpoint)
        from zoo.explain import dreaming  # late: it imports the framework, which `model` has started quietly

        names = dreaming.chosen(model, layers, LAYERS)
        learned, channels = [], []
        for name, answer in zip(names, dreaming.feature_maps(model, names, photo), strict=True):
            strongest = np.argsort(-answer.max(axis=(0, 1)), kind="stable")[:CHANNELS]
            height, width, count = answer.shape
            title = f"{name}   {count} channels"
            captions = [f"channel {channel}" for channel in strongest]
            pictures = dreaming.maximized(model, name, strongest, track=self.track)
            learned.append((title, captions, [_enlarged(picture, (SIDE, SIDE)) for picture in pictures]))
            shown = [_enlarged(_coloured(answer[..., channel]), _shape_of(photo)) for channel in strongest]
            channels.append((f"{title}, maps of {width} x {height}", captions, shown))
        return _sheet(learned), _sheet(channels)

    def samples(self):
        return [photograph("coffee.png", "photo")]


def _shape_of(photo) -> tuple[int, int]:
    """(height, width) of a map of this photograph on a sheet: its proportions, if they aren't extreme."""
    longest = max(photo.shape[:2])
    height, width = (max(SIDE // 4, round(side * SIDE / longest)) for side in photo.shape[:2])
    return height, width


def _coloured(map_: np.ndarray) -> np.ndarray:
    """A map float32 (h, w), from nothing, black, to its highest value, light yellow: uint8 (h, w, 3)."""
    import cv2

    shares = np.maximum(map_, 0) / max(float(map_.max()), 1e-12)
    return cv2.applyColorMap((255 * shares).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]  # from BGR


def _enlarged(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """uint8 (h, w, 3) -> uint8 (height, width, 3), smoothly."""
    import cv2

    smaller = picture.shape[0] > size[0]
    return cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def _sheet(rows: list[tuple[str, list[str], list[np.ndarray]]]) -> np.ndarray:
    """Rows of pictures uint8 (h, w, 3), all of one size, with captions: (title, captions, pictures) each."""
    from PIL import Image as Picture
    from PIL import ImageDraw

    height, width = rows[0][2][0].shape[:2]
    step = max(width, SIDE // 2) + GAP  # a caption needs room too
    row_height = TITLE + GAP + height + CAPTION + 3 * GAP
    columns = max(len(pictures) for _, _, pictures in rows)
    sheet_width = max(columns * step, *(int(font(TITLE).getlength(title)) + GAP for title, _, _ in rows)) + GAP
    sheet = Picture.new("RGB", (sheet_width, len(rows) * row_height + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (title, captions, pictures) in enumerate(rows):
        top = GAP + number * row_height
        draw.text((GAP, top), title, fill=INK, font=font(TITLE))
        for place, (caption, picture) in enumerate(zip(captions, pictures, strict=True)):
            left = GAP + place * step
            sheet.paste(Picture.fromarray(picture), (left, top + TITLE + GAP))
            draw.text((left, top + TITLE + GAP + height + GAP // 2), caption, fill=SOFT, font=font(CAPTION))
    return np.array(sheet)
