"""The main colours of an image, with their names."""

import numpy as np

COLOURS = 5  # dominant ones at most
SMALLEST = 0.04  # fraction of the image from which on a colour is listed
ACROSS = 96  # pixels of a side at which dominant colours are computed

# The eleven basic colour terms of English (B. Berlin, P. Kay, "Basic Color Terms", 1969), as sRGB.
_NAMES = {
    "black": (15, 15, 15), "white": (245, 245, 245), "grey": (128, 128, 128), "red": (200, 30, 30),
    "orange": (240, 130, 30), "yellow": (240, 215, 50), "green": (60, 140, 60), "blue": (45, 95, 190),
    "purple": (120, 50, 150), "pink": (240, 160, 185), "brown": (115, 75, 45),
}  # fmt: skip


def dominant_colours(photo: np.ndarray) -> list[dict]:
    """The main colours of an image uint8 (H, W, 3), most frequent first: k-means in CIE Lab.

    Each has its sRGB as "#rrggbb", the name of the nearest basic colour, and its fraction of the image.
    """
    import cv2

    from zoo.data.color import lab

    height, width = (min(max(side, 2), ACROSS) for side in photo.shape[:2])  # k-means takes a single point for three
    small = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)
    points, pixels = lab(small).reshape(-1, 3), small.reshape(-1, 3)
    cv2.setRNGSeed(1)  # the same image has the same colours each time
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 40, 0.5)
    groups = min(COLOURS, len(points))
    _, members, _ = cv2.kmeans(points, groups, None, stop, 3, cv2.KMEANS_PP_CENTERS)
    basic = lab(np.array([list(_NAMES.values())], np.uint8))[0]  # (11, 3)
    found = {}
    for group in range(groups):
        chosen = members[:, 0] == group
        if not chosen.any():
            continue
        red, green, blue = np.rint(pixels[chosen].mean(axis=0)).astype(int)
        near = np.linalg.norm(basic - points[chosen].mean(axis=0), axis=1).argmin()
        colour = f"#{red:02x}{green:02x}{blue:02x}"  # an image of fewer colours has equal clusters
        each = found.setdefault(colour, {"colour": colour, "name": list(_NAMES)[near], "fraction": 0.0})
        each["fraction"] = round(each["fraction"] + float(chosen.mean()), 3)
    return sorted((each for each in found.values() if each["fraction"] >= SMALLEST), key=lambda each: -each["fraction"])
