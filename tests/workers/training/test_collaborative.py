from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
from typer.testing import CliRunner

from services.cli.main import app
from services.library.factors import factor_versions, load_factors
from services.library.record.events import Event, EventKind
from services.recommend.collaborative import Collaborative
from tests.workers.training.conftest import VIDEOS, VIEWERS, Camps
from workers.training.collaborative import TrainingParameters, train_collaborative

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def train(camps: Camps, at: datetime = NOW, **parameters: int):
    return train_collaborative(camps.record, camps.blobs, now=at, parameters=TrainingParameters(**parameters))


def test_a_new_viewer_gets_what_viewers_of_the_same_taste_took_to(camps: Camps) -> None:
    outcome = train(camps)
    assert (outcome.reason, outcome.viewers, outcome.videos) == (None, VIEWERS, VIDEOS)
    for camp in (0, 1):
        seen = camps.videos[camp][:2]
        # Nobody of this name took part in the training.
        events = [Event(f"n{place}", "newcomer", EventKind.LIKE, NOW, video) for place, video in enumerate(seen)]
        viewer = Collaborative(camps.blobs).viewer(events)
        assert viewer is not None
        best = [video for video, _ in viewer.best(10, without=seen)]
        assert set(best) == set(camps.videos[camp]) - set(seen)
        assert viewer.version == outcome.version
        causes = viewer.causes(best[0])
        assert {video for video, _ in causes} == set(seen)
        assert all(part > 0 for _, part in causes)


def test_not_interested_brings_a_score_down_towards_nothing(camps: Camps) -> None:
    train(camps)
    liked, disliked = camps.videos[0][:4], camps.videos[0][4]
    likes = [Event(f"{place}", "new", EventKind.LIKE, NOW, video) for place, video in enumerate(liked)]
    dislike = Event("no", "new", EventKind.NOT_INTERESTED, NOW, disliked)
    reader = Collaborative(camps.blobs)
    before = reader.viewer(likes).score([disliked])[disliked]
    after = reader.viewer([*likes, dislike]).score([disliked])[disliked]
    assert 0 < after < before


def test_the_same_events_give_the_same_factors(camps: Camps) -> None:
    spaces = []
    for hours in (0, 1):
        train(camps, NOW + timedelta(hours=hours))
        spaces.append(load_factors(camps.blobs, factor_versions(camps.blobs).in_use().version))
    np.testing.assert_array_equal(spaces[0].vectors, spaces[1].vectors)
    assert spaces[0].version < spaces[1].version


def test_too_little_is_said_in_words_and_changes_nothing(camps: Camps, tmp_path) -> None:
    before = train(camps).version
    outcome = train(camps, NOW + timedelta(hours=1), min_viewers=31)
    assert outcome.version is None
    assert "30 viewers took to 24 videos" in outcome.reason
    assert "starts at 31 viewers" in outcome.reason
    assert factor_versions(camps.blobs).in_use().version == before


def test_progress_counts_every_pass(camps: Camps) -> None:
    told: list[tuple[int, int]] = []
    train_collaborative(
        camps.record, camps.blobs, now=NOW, parameters=TrainingParameters(passes=3),
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_nobody_is_named_in_what_is_stored(camps: Camps) -> None:
    train(camps)
    stored = b"".join(path.read_bytes() for path in (camps.settings.data_dir / "blobs" / "factors").iterdir())
    assert b"viewer-" not in stored


def test_the_command_trains_and_says_on_what(camps: Camps) -> None:
    result = CliRunner().invoke(app, ["train", "--data", str(camps.settings.data_dir), "--json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["viewers"], said["reason"]) == (VIEWERS, None)
    assert factor_versions(camps.blobs).in_use().version == said["version"]


def test_the_command_says_what_is_missing_and_ends_with_status_1(empty: Camps) -> None:
    result = CliRunner().invoke(app, ["train", "--data", str(empty.settings.data_dir)])
    assert result.exit_code == 1
    assert "0 viewers took to 0 videos" in " ".join(result.stderr.split())
    assert factor_versions(empty.blobs).in_use() is None
