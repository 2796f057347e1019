"""A library of made-up videos that loads no model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.recommend.made_up import Stage, staged


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """An empty library with helpers that fill it."""
    with staged(tmp_path) as made:
        yield made
