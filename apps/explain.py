"""Explain a prediction: Grad-CAM, saliency and occlusion of a classifier, on one sheet (`zoo.explain`)."""

from typing import Annotated

import numpy as np

from zoo.data.labels import probabilities
from zoo.errors import UnknownName

from .app import App, Image, Text
from .drawing import PAPER, grid, heat, titled
from .label import DEFAULT, Classifier, Photo, check_classifier, classify, part_seen, readable
from .photographs import photograph

HEIGHT = 320  # pixels of each image on the sheet
NARROWEST = 400  # pixels of a cell, so that there is room for its caption
LETTERS = 32  # pixels of a caption's height: it is read on a screen that shows the sheet at a third of its size


class Explain(App):
    name = "explain"
    title = "Explain a prediction"
    topic = "Look at photographs"
    summary = (
        "Shows which parts of a photograph a classifier's prediction depends on: Grad-CAM, saliency and occlusion."
    )
    checkpoints = (DEFAULT,)

    def __call__(
        self,
        photo: Photo,
        checkpoint: Classifier = DEFAULT,
        label: Annotated[str, Text(help="which label to explain; the most probable one if not given")] = "",
        layer: Annotated[
            str, Text(help="the convolution whose feature maps Grad-CAM weights; the last one if not given")
        ] = "",
    ) -> Annotated[np.ndarray, Image(label="explanations")]:
        """Image uint8 (H, W, 3) -> sheet uint8 (792, ..., 3), two columns: the image, then each heatmap on top of it.

        The image is the part of the photograph that the network gets. Below it stands the label, and that it is not
        sure where the app `label` says so, too. A network without convolutions has no Grad-CAM.
        """
        import cv2

        check_classifier(checkpoint)
        predict = self.predictor(checkpoint)
        logits, labels = classify(predict, photo)
        if label and label not in labels:
            raise UnknownName(f"label of {predict.card.name}", label, labels)
        number = labels.index(label) if label else int(probabilities(logits).argmax())
        [answer] = predict.task.decode(predict.card, {"logits": logits})
        unsure = not label and answer["in_distribution"] is False

        model = self.model(checkpoint)
        from zoo.explain import attribution  # late: it imports the framework, which `model` has started quietly
        from zoo.kinds.image import fit

        photo = part_seen(predict.card, photo)
        pixels = fit(photo, predict.card.inputs["image"]["shape"])
        explainer = self.tool(checkpoint, lambda name: attribution.Explainer(self.model(name)))
        heatmaps = {}
        if layer or attribution.last_feature_map_layer(model) is not None:
            heatmaps["Grad-CAM"] = explainer.grad_cam(pixels[None], [number], layer or None)[0]
        heatmaps["saliency"] = cv2.GaussianBlur(explainer.saliency(pixels[None], [number])[0], (0, 0), 1.0)
        heatmaps["occlusion"] = attribution.occlusion(lambda x: predict(x)["logits"], pixels, number)
        width = max(1, round(photo.shape[1] * HEIGHT / photo.shape[0]))
        small = cv2.resize(photo, (min(width, 4 * HEIGHT), HEIGHT), interpolation=cv2.INTER_AREA)
        probability = probabilities(logits)[0, number]
        found = f"{readable(labels[number])} {probability:.1%}"
        sheet = [_cell(small, f"not sure: {found}" if unsure else found)]
        sheet += [_cell(heat(small, each / max(each.max(), 1e-9)), name) for name, each in heatmaps.items()]
        return grid(sheet, 2, gap=8)

    def samples(self):
        return [photograph("coffee.png", "photo")]


def _cell(picture: np.ndarray, caption: str) -> np.ndarray:
    """An image uint8 (H, W, 3) with its caption below, at least NARROWEST wide."""
    missing = max(0, NARROWEST - picture.shape[1])
    sides = ((0, 0), (missing // 2, missing - missing // 2))
    wide = np.stack([np.pad(picture[..., i], sides, constant_values=PAPER[i]) for i in range(3)], axis=-1)
    return titled(wide, caption, LETTERS)
