"""Commands ask a profile's model server before they begin, and say whether it is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from models.profile import load_profile
from models.runtime import Runtime
from services.api.schemas import VideoDetail
from services.cli.analyze import stage_of
from services.cli.main import app
from services.library.record.types import Lane
from services.library.understanding import VideoState
from tests.model_server import Servant, serving

runner = CliRunner()


@pytest.fixture
def servant() -> Iterator[Servant]:
    with serving() as one:
        yield one


@pytest.fixture
def profile(servant: Servant, tmp_path: Path) -> str:
    """The lite profile with a language model `m` at the servant's address."""
    document = load_profile("lite").model_dump(mode="json") | {"name": "served"}
    document["roles"]["language"] = {"engine": "openai", "options": {"model": "m", "base_url": servant.url}}
    path = tmp_path / "served.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return str(path)


def test_doctor_and_the_table_of_engines_say_that_the_model_is_served(profile: str, servant: Servant) -> None:
    assert f"language: {servant.url} answers and has m" in runner.invoke(app, ["doctor", "--profile", profile]).stdout
    assert "m: served" in runner.invoke(app, ["models", "engines", "--profile", profile]).stdout


def test_doctor_and_the_table_of_engines_say_what_is_wrong(
    profile: str, servant: Servant, monkeypatch: pytest.MonkeyPatch
) -> None:
    servant.models = ["other"]
    found = runner.invoke(app, ["doctor", "--profile", profile])
    assert found.exit_code == 1
    assert "has no model 'm'; it has other." in found.stdout
    with serving() as gone:
        monkeypatch.setenv("REELWISE_LANGUAGE_BASE_URL", gone.url)
    assert "cannot be reached" in runner.invoke(app, ["doctor", "--profile", profile]).stdout
    assert "m: no answer" in runner.invoke(app, ["models", "engines", "--profile", profile]).stdout


@pytest.mark.models
def test_work_does_not_begin_with_a_model_that_the_server_does_not_have(
    profile: str, servant: Servant, tmp_path: Path, runtime: Runtime
) -> None:
    servant.models = ["other"]
    (tmp_path / "clip.mp4").write_bytes(b"no video")
    data = tmp_path / "data"
    result = runner.invoke(app, ["analyze", str(tmp_path / "clip.mp4"), "--profile", profile, "--data", str(data)])
    assert result.exit_code == 1
    assert "has no model 'm'; it has other." in " ".join(result.stderr.split())
    assert not data.exists()


def test_whoever_follows_a_video_that_waits_for_a_model_is_told_why() -> None:
    waiting = VideoDetail.model_construct(state=VideoState.QUEUED, lane=Lane.DESCRIBE, reason=None, progress=None)
    assert stage_of(waiting) == "queued for describe"
    told = stage_of(waiting.model_copy(update={"reason": "describe: http://gpu:8000/v1 cannot be reached"}))
    assert told == "queued for describe again (describe: http://gpu:8000/v1 cannot be reached)"
