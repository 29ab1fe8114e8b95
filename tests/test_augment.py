"""Changes to training pictures: what they may do and what they may not."""

import numpy as np

from zoo.data.augment import shift_and_mirror


def test_each_picture_is_a_crop_of_its_padded_self_or_of_its_mirror_image():
    x = np.random.RandomState(0).randint(1, 256, (60, 8, 7, 3)).astype("uint8")
    y = np.arange(60)
    found, labels = shift_and_mirror(x, y, np.random.default_rng(1), shift=2)
    assert found.shape == x.shape and found.dtype == np.uint8 and labels is y
    places = set()
    for before, after in zip(x, found, strict=True):
        for mirrored in (False, True):
            padded = np.pad(before[:, ::-1] if mirrored else before, ((2, 2), (2, 2), (0, 0)))
            crops = ((t, c) for t in range(5) for c in range(5) if (padded[t : t + 8, c : c + 7] == after).all())
            places |= {(mirrored, *place) for place in crops}
    assert len(places) > 25, "of 50 possible ones, 60 pictures show many"
    again, _ = shift_and_mirror(x, y, np.random.default_rng(1), shift=2)
    np.testing.assert_array_equal(found, again)
