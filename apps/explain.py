"""What in a photograph an answer comes from: three explanations of a classifier, side by side (`zoo.explain.attribution`)."""

from typing import Annotated

import numpy as np

from zoo.data.labels import probabilities
from zoo.errors import UnknownName

from .app import App, Image, Text
from .drawing import heat, side_by_side, titled
from .label import Classifier, Photo, classify, readable
from .photographs import photograph

HEIGHT = 320  # pixels of each picture on the sheet


class Explain(App):
    name = "explain"
    title = "Explain an answer"
    summary = "Shows what in a photograph a classifier's answer comes from: Grad-CAM, saliency and occlusion."
    checkpoints = ("mobilenet.caltech101",)

    def __call__(
        self,
        photo: Photo,
        checkpoint: Classifier = "mobilenet.caltech101",
        label: Annotated[str, Text(help="which label to explain; the most probable one if not given")] = "",
        layer: Annotated[str, Text(help="whose maps Grad-CAM looks at; the last with maps if not given")] = "",
    ) -> Annotated[np.ndarray, Image(label="explanations")]:
        """Picture uint8 (H, W, 3) -> sheet uint8 (350, ..., 3): the picture, then one map after the other on it.

        A network without convolutions has no Grad-CAM.
        """
        import cv2

        predict = self.predictor(checkpoint)
        logits, labels = classify(predict, photo)
        if label and label not in labels:
            raise UnknownName(f"label of {predict.card.name}", label, labels)
        number = labels.index(label) if label else int(probabilities(logits).argmax())

        model = self.model(checkpoint)
        from zoo.explain import (
            attribution,  # late: a refusal above needs no framework, which `model` has started quietly
        )
        from zoo.kinds.image import fit

        seen = fit(photo, predict.card.inputs["image"]["shape"])
        explainer = self.tool(checkpoint, lambda model, tokenizer: attribution.Explainer(model))
        channels = {}
        if (
            layer or attribution.last_feature_map_layer(model) is not None
        ):  # Grad-CAM looks at the maps of a convolution
            channels["Grad-CAM"] = explainer.grad_cam(seen[None], [number], layer or None)[0]
        channels["saliency"] = cv2.GaussianBlur(explainer.saliency(seen[None], [number])[0], (0, 0), 1.0)
        channels["occlusion"] = attribution.occlusion(lambda x: predict(x)["logits"], seen, number)
        width = max(1, round(photo.shape[1] * HEIGHT / photo.shape[0]))
        small = cv2.resize(photo, (min(width, 4 * HEIGHT), HEIGHT), interpolation=cv2.INTER_AREA)
        chance = probabilities(logits)[0, number]
        sheet = [titled(small, f"{readable(labels[number])}: {chance:.1%}")]
        sheet += [titled(heat(small, each / max(each.max(), 1e-9)), name) for name, each in channels.items()]
        return side_by_side(sheet)

    def samples(self):
        return [photograph("coffee.png", "photo")]
