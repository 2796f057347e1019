import numpy as np
import pytest

from models.vision.conse import SemanticSpace, unit_rows

# Three classes on the corners of a triangle whose mean is (1, 1): centred they are (-1, 2), (2, -1), (-1, -1).
CLASSES = np.array([[0, 3], [3, 0], [0, 0]], dtype=np.float32)


def test_an_image_lies_between_its_likeliest_classes_weighted_by_probability() -> None:
    space = SemanticSpace(CLASSES, top=2)
    (vector,) = space.images(np.array([[0.6, 0.1, 0.3]], dtype=np.float32))
    first, third = np.array([-1, 2]) / np.sqrt(5), np.array([-1, -1]) / np.sqrt(2)
    mean = 0.6 * first + 0.3 * third
    assert vector == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_an_image_that_is_surely_one_class_lies_on_that_class_and_on_its_name() -> None:
    space = SemanticSpace(CLASSES, top=3)
    image, name = space.images(np.array([[0, 1, 0]], dtype=np.float32)), space.texts(CLASSES[1:2])
    assert image == pytest.approx(np.array([[2, -1]]) / np.sqrt(5), abs=1e-6)
    assert image == pytest.approx(name, abs=1e-6)


def test_every_row_has_unit_length_and_a_zero_row_stays_zero() -> None:
    rows = unit_rows(np.array([[3, 4], [0, 0]], dtype=np.float32))
    assert rows.tolist() == [pytest.approx([0.6, 0.8]), [0.0, 0.0]]


def test_more_classes_wanted_than_there_are_takes_all() -> None:
    space = SemanticSpace(CLASSES, top=10)
    assert space.dim == 2
    assert np.linalg.norm(space.images(np.full((4, 3), [0.5, 0.3, 0.2], np.float32)), axis=1) == pytest.approx(1.0)


def test_names_in_another_language_count_as_much_as_the_first_whatever_they_share() -> None:
    first = np.eye(3, dtype=np.float32)
    # The second language has an offset of its own, and says that classes 0 and 1 are alike.
    second = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1]], np.float32) + 5
    plain, both = SemanticSpace(first), SemanticSpace(first, second)
    seen = np.eye(3, dtype=np.float32)
    alike = [space.images(seen)[0] @ space.images(seen)[1] for space in (plain, both)]
    assert alike[1] > alike[0] + 0.3
    assert both.images(seen)[0] @ both.texts(first)[0] > both.images(seen)[0] @ both.texts(first)[1]
