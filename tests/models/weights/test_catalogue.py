"""The catalogue that ships, and what a catalogue may not say."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from models.errors import WeightsMissing
from models.weights import default_catalogue, path_of, verify
from tests.models.weights.conftest import catalogue_of


def test_every_role_with_weights_has_one_and_every_weight_a_licence() -> None:
    weights = default_catalogue().weights
    assert {weight.role for weight in weights} == {"speech", "vision", "language", "text", "ocr"}
    assert all(weight.licence and weight.revision and weight.homepage for weight in default_catalogue())


def test_the_weights_that_come_with_packages_are_the_ones_that_were_measured() -> None:
    bundled = [weight.name for weight in default_catalogue() if weight.bundled]
    assert [result for result in verify(bundled, folder=Path("nowhere")) if not result.ok] == []
    assert (path_of("multilingual-e5-small-q4", Path("nowhere")) / "e5-small-q4.bin").is_file()


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(WeightsMissing, match="no weights named 'whisper-huge'; it has whisper-base-ct2"):
        default_catalogue().weight("whisper-huge")


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b"])
def test_a_file_cannot_leave_its_folder(path: str) -> None:
    with pytest.raises(ValidationError, match="stays inside"):
        catalogue_of("tiny", {path: b"x"}, {path: [{"kind": "url", "url": "https://example.org/x"}]})


def test_a_file_that_nothing_serves_is_refused() -> None:
    with pytest.raises(ValidationError, match="give sources"):
        catalogue_of("tiny", {"m.bin": b"x"}, {"m.bin": []})
