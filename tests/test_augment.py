"""Changes to training pictures: what they may do and what they may not."""

import numpy as np

from zoo.data.augment import distort, shift_and_mirror


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


def test_a_distorted_photograph_is_a_part_of_it_in_the_size_wanted():
    rng = np.random.default_rng(0)
    photo = np.zeros((60, 90, 3), np.uint8)
    photo[:, :45] = (200, 40, 40)
    photo[:, 45:] = (40, 40, 200)
    warm = [distort(photo, 32, rng) for _ in range(40)]
    assert all(each.shape == (32, 32, 3) and each.dtype == np.uint8 for each in warm)
    reddish = [(each[..., 0].astype(int) > each[..., 2]).mean() for each in warm]
    assert min(reddish) < 0.4 and max(reddish) > 0.6  # other parts
    left = [(each[:, :8, 0] > each[:, :8, 2]).mean() for each in warm]
    assert min(left) < 0.2 and max(left) > 0.8  # mirrored, some
    again = distort(photo, 32, np.random.default_rng(0))
    np.testing.assert_array_equal(warm[0], again)


def test_the_whole_photograph_unturned_is_itself_in_another_light():
    photo = np.tile(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], (64, 1, 3))
    found = distort(photo, 64, np.random.default_rng(3), area=1.0, turn=0.0)
    row = found[32, :, 0].astype(int)
    assert abs(np.corrcoef(row, np.arange(64))[0, 1]) > 0.9
