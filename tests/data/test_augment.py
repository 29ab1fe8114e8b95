"""Changes to training pictures: what they may do and what they may not."""

import numpy as np

from zoo.data.augment import crop_and_mirror, cut_out, distort, shift_and_mirror


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


def test_crops_lie_anywhere_in_the_picture():
    x = np.random.RandomState(0).randint(1, 256, (60, 8, 7, 3)).astype("uint8")
    found, _ = crop_and_mirror(x, None, np.random.default_rng(1), size=(6, 5))
    assert found.shape == (60, 6, 5, 3)
    places = set()
    for before, after in zip(x, found, strict=True):
        for mirrored in (False, True):
            whole = before[:, ::-1] if mirrored else before
            crops = ((t, c) for t in range(3) for c in range(3) if (whole[t : t + 6, c : c + 5] == after).all())
            places |= {(mirrored, *place) for place in crops}
    assert len(places) > 14, "of 18 possible ones, 60 pictures show most"


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


class Middle:
    """Random numbers that are none: the middle of what is asked for."""

    def __init__(self, mirror):
        self.mirror = mirror

    def uniform(self, low, high):
        return (low + high) / 2

    def choice(self, known):
        assert known == [-1, 1]
        return self.mirror


def test_unturned_uncut_and_in_its_own_light_a_photograph_is_itself_or_its_mirror_image():
    photo = np.random.RandomState(0).randint(0, 256, (24, 24, 3)).astype("uint8")
    for mirror, expected in ((1, photo), (-1, photo[:, ::-1])):
        found = distort(photo, 24, Middle(mirror), area=1.0)
        np.testing.assert_allclose(found.astype(int), expected, atol=1)


def test_squares_cut_out_have_their_middle_anywhere_and_leave_the_rest():
    x = np.random.RandomState(0).randint(1, 256, (300, 8, 6, 3)).astype("uint8")
    y = np.arange(300)
    found, labels = cut_out(x, y, np.random.default_rng(1), side=4)
    assert labels is y and found.dtype == np.uint8
    hole = (found == 0).all(axis=3)
    np.testing.assert_array_equal(found[~hole], x[~hole])
    rows, columns = hole.any(axis=2).sum(axis=1), hole.any(axis=1).sum(axis=1)  # (B,)
    np.testing.assert_array_equal(hole.sum(axis=(1, 2)), rows * columns)
    assert set(rows) == set(columns) == {2, 3, 4} and hole.any(axis=0).all()
