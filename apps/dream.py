"""Deep Dream: change a photograph until it excites a network's layers (`zoo.explain.dreaming`), as image and film."""

from typing import Annotated

import numpy as np

from .app import App, Checkpoint, Film, Flag, Image, Number, Text, Video
from .label import DEFAULT
from .photographs import photograph

LONGEST = 640  # pixels of a film's long side
RATE, SECONDS = 15.0, 10.0  # of a film

Network = Annotated[str, Checkpoint(help="a convolutional network: a name, or a folder that zoo finetune wrote")]


class Dream(App):
    name = "dream"
    title = "Deep Dream"
    topic = "Make pictures"
    summary = (
        "Changes a photograph until it excites a layer of a network, at full resolution; a film zooms into the dream."
    )
    checkpoints = (DEFAULT,)

    def __call__(
        self,
        photo: Annotated[Image, Image(label="photograph", help="a photograph")],
        checkpoint: Network = DEFAULT,
        layers: Annotated[
            str, Text(help="layers whose activations to maximise, separated by commas; low ones draw strokes")
        ] = "",
        strength: Annotated[
            float, Number(minimum=0.0, maximum=10.0, help="step size: how far to move away from the photograph")
        ] = 1.0,
        octaves: Annotated[
            int, Number(minimum=1, maximum=12, whole=True, help="number of scales; more of them draw larger shapes")
        ] = 5,
        video: Annotated[bool, Flag(help="make a film too: into the dream, ten seconds long")] = False,
    ) -> tuple[
        Annotated[np.ndarray, Image(label="dream", before="photo")],
        Annotated[Film | None, Video(label="zoom", when="video")],
    ]:
        """Image uint8 (H, W, 3) -> the dream, uint8 (H, W, 3), and a film of at most 640 pixels a side, or None."""
        model = self.model(checkpoint)
        from zoo.explain import dreaming  # late: it imports the framework, which `model` has started quietly

        dreamer = dreaming.Dreamer(model, dreaming.choose_layers(model, layers), photo.shape[:2])
        dream = dreamer.dream(photo, strength=strength, octaves=octaves, track=self.track)
        if not video:
            return dream, None
        count = round(RATE * SECONDS)
        frames = dreamer.zoom_frames(_first_frame(dream), count, strength=strength)
        return dream, Film(self.track(frames, count, "filming"), RATE)

    def samples(self):
        return [photograph("chelsea.png", "photo")]


def _first_frame(dream: np.ndarray) -> np.ndarray:
    """A dream at most LONGEST pixels long, both sides even, as films need them: uint8 (h, w, 3)."""
    import cv2

    scale = min(1, LONGEST / max(dream.shape[:2]))
    height, width = (max(2, round(side * scale / 2) * 2) for side in dream.shape[:2])
    return cv2.resize(dream, (width, height), interpolation=cv2.INTER_AREA)
