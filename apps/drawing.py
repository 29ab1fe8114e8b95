"""Images made of images, for apps that show several: captions, rows, grids and heatmaps."""

import functools

import numpy as np

PAPER, INK, SOFT = (250, 249, 246), (29, 28, 26), (120, 116, 108)


@functools.lru_cache(maxsize=16)
def font(size: int):
    """Pillow's own font at a height in pixels."""
    from PIL import ImageFont

    return ImageFont.load_default(size=size)


def titled(picture: np.ndarray, text: str, size: int = 15) -> np.ndarray:
    """An image uint8 (H, W, 3) with a caption below: (H + 2 size, W, 3). A caption too long for one line is cut."""
    from PIL import Image, ImageDraw

    height, width = picture.shape[:2]
    sheet = Image.new("RGB", (width, height + 2 * size), PAPER)
    sheet.paste(Image.fromarray(picture))
    while text and font(size).getlength(text) > width - 4:
        text = text[:-2].rstrip(".") + "." if len(text) > 2 else ""
    ImageDraw.Draw(sheet).text((2, height + size // 3), text, fill=INK, font=font(size))
    return np.array(sheet)


def grid(pictures: list[np.ndarray], columns: int, gap: int = 4) -> np.ndarray:
    """Images of one size, uint8 (H, W, 3) each, in rows with gaps between and around."""
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    sheet = np.full((gap + rows * (height + gap), gap + columns * (width + gap), 3), PAPER, np.uint8)
    for number, picture in enumerate(pictures):
        top, left = gap + number // columns * (height + gap), gap + number % columns * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def heat(picture: np.ndarray, amount: np.ndarray, strength: float = 0.6) -> np.ndarray:
    """A heatmap, from black to light yellow, over the image in grey: uint8 (H, W, 3).

    picture uint8 (H, W, 3); amount float (h, w), 0 ... 1, of any size; strength: the opacity of the heatmap.
    """
    import cv2

    height, width = picture.shape[:2]
    amount = np.clip(cv2.resize(amount.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)
    colours = cv2.applyColorMap((amount * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]  # from BGR
    grey = np.repeat(picture.mean(axis=-1, keepdims=True), 3, axis=-1)
    return np.rint(grey * (1 - strength) + colours * strength).astype(np.uint8)
