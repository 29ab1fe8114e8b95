"""Latent vectors for generators: a `transform` for `zoo.data.batches.Batches`."""


def latent_transform(size: int):
    """A transform that samples the latent vectors of a batch, with its images as targets.

    size: latent dimension. The transform: images (B, H, W, C) and labels (B,) or (B, N), or None -> (x, y) for `fit`. x
    is float32 (B, size), standard normal; with labels it is that and the labels, (B, N). y are the images.
    """

    def transform(x, y, rng):
        z = rng.standard_normal((len(x), size), dtype="float32")
        return (z if y is None else (z, y.reshape(len(y), -1))), x

    return transform
