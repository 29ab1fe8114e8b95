"""Groups of ImageNet's classes, and the part of a photograph that networks of them get."""

import numpy as np
import pytest

from zoo.data.imagenet import GROUPS, NAMES, central, grouped


def members(group):
    return [number for number, each in enumerate(GROUPS) if each == group]


def test_groups_follow_the_order_of_the_classes():
    assert len(NAMES) == len(GROUPS) == len(set(NAMES)) == 1000
    assert members("dog") == list(range(151, 269)) and members("cat") == list(range(281, 286))
    birds, cups = ({NAMES[number] for number in members(group)} for group in ("bird", "cup"))
    assert {"cock", "hummingbird", "king penguin"} < birds and "crane" not in birds and cups == {"coffee mug", "cup"}


def test_the_probabilities_of_a_group_add_up():
    p = np.full(1000, 1e-6)
    p[NAMES.index("beagle")], p[NAMES.index("basset")], p[NAMES.index("abacus")] = 0.5, 0.2, 0.3
    p /= p.sum()
    first, second, *rest = grouped(p, 1000)
    assert first == {"label": "dog", "object": "beagle", "probability": pytest.approx(p[151:269].sum())}
    assert second == {"label": "abacus", "object": "abacus", "probability": pytest.approx(0.3, abs=1e-3)}
    assert sum(each["probability"] for each in (first, second, *rest)) == pytest.approx(1)
    assert len(rest) + 2 == len(set(GROUPS))


def test_no_member_is_named_that_has_not_half_of_its_group():
    p = np.zeros(1000)
    p[[162, 161, 163]] = 0.4, 0.35, 0.25
    assert grouped(p, 3)[0] == {"label": "dog", "object": None, "probability": pytest.approx(1)}


@pytest.mark.parametrize(
    "shape, part",
    [((1, 1), (1, 1)), ((100, 100), (100, 100)), ((100, 120), (100, 120)), ((200, 300), (200, 240)),
     ((300, 200), (240, 200)), ((1, 700), (1, 1)), ((700, 1), (1, 1))],
)  # fmt: skip
def test_the_middle_of_a_photograph(shape, part):
    photo = np.arange(np.prod(shape) * 3, dtype=np.uint32).reshape(*shape, 3)
    found = central(photo)
    assert found.shape == (*part, 3)
    top, left = ((whole - side) // 2 for whole, side in zip(shape, part, strict=True))
    np.testing.assert_array_equal(found, photo[top : top + part[0], left : left + part[1]])


def test_many_improbable_classes_are_no_label():
    p = np.full(1000, 1e-4)
    p[[398, 401, 402]] = 0.7, 0.1, 0.01  # abacus, accordion, acoustic guitar
    assert p[151:269].sum() > 0.0117
    assert [each["label"] for each in grouped(p, 3)] == ["abacus", "accordion", "guitar"]
