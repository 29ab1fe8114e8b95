"""Latents for networks that make pictures: a `transform` for `zoo.data.batches.Batches`."""


def drawn(size: int):
    """A transform that gives a network fresh latents for x, and pictures as what to be like.

    size: latents of a picture. The transform: pictures (B, H, W, C) and labels (B,) or (B, N), or None -> (x, y) for
    `fit`, where x is float32 (B, size) of a Gaussian, with labels it and them, (B, N), and y are pictures.
    """

    def transform(x, y, rng):
        z = rng.standard_normal((len(x), size), dtype="float32")
        return (z if y is None else (z, y.reshape(len(y), -1))), x

    return transform
