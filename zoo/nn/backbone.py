"""A classifier without its top, as the encoder of another model: its feature maps at each stride."""

from zoo.errors import BadInput
from zoo.hub.registry import architecture

SIDE = 64  # of the images whose feature maps are compared in size


def feature_pyramid(name: str, input_shape: tuple[int | None, int | None, int], **arguments) -> tuple:
    """Feature maps of an architecture that takes images, such as "efficientnet": the last ones of each stride.

    Args:
        input_shape: (H, W, C); H and W may be None.
        arguments: of the architecture's class.
    Returns:
        its input, (B, H, W, C), and a dict from each stride to a tensor (B, H / stride, W / stride, channels).
    Raises:
        zoo.errors.UnknownName: for an unknown architecture.
        zoo.errors.BadInput: for one that has no feature maps.
    """
    cls = architecture(name).cls
    sized = cls(input_shape=(SIDE, SIDE, input_shape[-1]), **arguments)  # its feature maps have known sizes
    last = {}
    for layer in sized.layers:
        shape = getattr(layer.output, "shape", ())
        if len(shape) == 4 and shape[1] == shape[2] and shape[1] < SIDE:
            last[SIDE // shape[1]] = layer.name
    if not last:
        raise BadInput(f"{name} has no feature maps; give a convolutional network, such as efficientnet")
    model = cls(input_shape=tuple(input_shape), **arguments)
    return model.input, {stride: model.get_layer(layer).output for stride, layer in last.items()}
