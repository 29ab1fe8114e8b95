"""Feature visualisation: images that excite the channels of a network's layers, and their feature maps."""

from typing import Annotated

import numpy as np

from .app import App, Image, Text
from .drawing import INK, PAPER, SOFT, font
from .dream import Network
from .label import DEFAULT
from .photographs import photograph

LAYERS, CHANNELS = 5, 8  # layers shown by default; channels shown of each layer
SIDE = 128  # pixels of the longer side of each image on a sheet
GAP, TITLE, CAPTION = 10, 20, 13  # pixels: gap between images, heights of the two fonts


class Features(App):
    name = "features"
    title = "What the layers have learned"
    topic = "Look at photographs"
    summary = "Draws what excites a network's channels most, from edges to parts of objects, and their feature maps."
    checkpoints = (DEFAULT,)

    def __call__(
        self,
        photo: Annotated[Image, Image(label="photograph", help="a photograph; chooses each layer's channels")],
        checkpoint: Network = DEFAULT,
        layers: Annotated[
            str, Text(help="layers to show, separated by commas; five from bottom to top if not given")
        ] = "",
    ) -> tuple[Annotated[np.ndarray, Image(label="learned")], Annotated[np.ndarray, Image(label="channels")]]:
        """Image uint8 (H, W, 3) -> two sheets, uint8: for the channels most active on the photograph, images that
        maximise their activation, and their feature maps."""
        model = self.model(checkpoint)
        from zoo.explain import dreaming  # late: it imports the framework, which `model` has started quietly

        names = dreaming.choose_layers(model, layers, LAYERS)
        learned, activations = [], []
        for name, activation in zip(names, dreaming.feature_maps(model, names, photo), strict=True):
            channels = np.argsort(-activation.max(axis=(0, 1)), kind="stable")[:CHANNELS]
            height, width, count = activation.shape
            title = f"{name}   {count} channels"
            captions = [f"channel {channel}" for channel in channels]
            images = dreaming.maximize_channels(model, name, channels, track=self.track)
            learned.append((title, captions, [_enlarged(image, (SIDE, SIDE)) for image in images]))
            shown = [_enlarged(_coloured(activation[..., channel]), _shape_of(photo)) for channel in channels]
            activations.append((f"{title}, feature maps of {width} x {height}", captions, shown))
        return _sheet(learned), _sheet(activations)

    def samples(self):
        return [photograph("coffee.png", "photo")]


def _shape_of(photo) -> tuple[int, int]:
    """(height, width) of this photograph's feature maps on a sheet: its proportions, if they aren't extreme."""
    longest = max(photo.shape[:2])
    height, width = (max(SIDE // 4, round(side * SIDE / longest)) for side in photo.shape[:2])
    return height, width


def _coloured(feature_map: np.ndarray) -> np.ndarray:
    """A feature map float32 (h, w), black at 0, light yellow where it is highest: uint8 (h, w, 3).

    That is the highest hundredth of it: a few edges of a photograph excite a low layer far more than all others.
    """
    import cv2

    scaled = np.clip(feature_map / max(float(np.percentile(feature_map, 99)), 1e-12), 0, 1)
    return cv2.applyColorMap((255 * scaled).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]  # from BGR


def _enlarged(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """uint8 (h, w, 3) -> uint8 (height, width, 3), smoothly."""
    import cv2

    smaller = image.shape[0] > size[0]
    return cv2.resize(image, size[::-1], interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def _sheet(rows: list[tuple[str, list[str], list[np.ndarray]]]) -> np.ndarray:
    """Rows of images uint8 (h, w, 3), all of one size, with captions: (title, captions, images) each."""
    from PIL import Image as PILImage
    from PIL import ImageDraw

    height, width = rows[0][2][0].shape[:2]
    step = max(width, SIDE // 2) + GAP  # a caption needs room too
    row_height = TITLE + GAP + height + CAPTION + 3 * GAP
    columns = max(len(images) for _, _, images in rows)
    sheet_width = max(columns * step, *(int(font(TITLE).getlength(title)) + GAP for title, _, _ in rows)) + GAP
    sheet = PILImage.new("RGB", (sheet_width, len(rows) * row_height + GAP), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (title, captions, images) in enumerate(rows):
        top = GAP + number * row_height
        draw.text((GAP, top), title, fill=INK, font=font(TITLE))
        for column, (caption, image) in enumerate(zip(captions, images, strict=True)):
            left = GAP + column * step
            sheet.paste(PILImage.fromarray(image), (left, top + TITLE + GAP))
            draw.text((left, top + TITLE + GAP + height + GAP // 2), caption, fill=SOFT, font=font(CAPTION))
    return np.array(sheet)
