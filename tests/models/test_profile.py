from pathlib import Path

import pytest
import yaml

from models.errors import ProfileInvalid
from models.profile import Role, load_profile, shipped_profiles

LITE = load_profile("lite")


def written(folder: Path, **changes: object) -> str:
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(LITE.model_dump(mode="json") | {"name": "mine"} | changes), encoding="utf-8")
    return str(path)


def test_the_lite_profile_is_shipped_and_fills_every_role() -> None:
    assert "lite" in shipped_profiles()
    assert set(LITE.roles) == set(Role)
    assert "whisper-base-ct2" in LITE.weights()


def test_an_operators_profile_is_read_by_its_path(tmp_path: Path) -> None:
    roles = LITE.model_dump(mode="json")["roles"]
    roles["language"]["options"] = {"context": 2048, "slots": 1}
    profile = load_profile(written(tmp_path, roles=roles))
    assert profile.name == "mine"
    assert profile.roles[Role.LANGUAGE].options == {"context": 2048, "slots": 1}


def test_a_name_that_is_no_profile_lists_those_there_are() -> None:
    with pytest.raises(ProfileInvalid, match=r"no profile 'huge': give one of .*lite.*, or the path"):
        load_profile("huge")


def test_a_role_without_an_engine_is_named(tmp_path: Path) -> None:
    roles = LITE.model_dump(mode="json")["roles"]
    del roles["ocr"]
    with pytest.raises(ProfileInvalid, match="no engine is named for ocr"):
        load_profile(written(tmp_path, roles=roles))


@pytest.mark.parametrize("text", ["name: [unclosed", "- a list", "", "name: x\nroles: {smell: {engine: nose}}"])
def test_a_file_that_is_no_profile_is_refused_by_name(text: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileInvalid, match=r"broken\.yaml' cannot be used"):
        load_profile(str(path))
