"""A classifier without its top, as the encoder of another model: its feature maps at each stride.

A file in `zoo/models/` whose network can be one has a function `feature_maps`, with the arguments of its class that the
feature maps depend on.
"""

import importlib
import typing

from zoo.errors import BadInput, quoted
from zoo.hub.registry import architecture
from zoo.nn.checks import check_arguments


def feature_maps(name: str, images, **arguments) -> dict:
    """Feature maps of an architecture, such as "efficientnet", on images (B, H, W, C).

    Args:
        arguments: of the `feature_maps` in the architecture's file.
    Returns:
        from each stride a tensor (B, H / stride, W / stride, channels), the last one of that stride.
    Raises:
        zoo.errors.UnknownName: for an unknown architecture.
        zoo.errors.BadInput: for one that cannot be a backbone, and for arguments that it doesn't have.
    """
    make = getattr(importlib.import_module(architecture(name).module), "feature_maps", None)
    if make is None:
        raise BadInput(f"{name} can't be a backbone; give efficientnet")
    annotations = typing.get_type_hints(make)
    if not set(arguments) <= set(annotations):
        raise BadInput(f"{name} can't be a backbone with arguments {quoted(arguments)}; see zoo show {name}")
    check_arguments(name, annotations, arguments)
    return make(images, **arguments)
