"""What was spent is told by day, stage, model and video, with its price, and to Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from models.runtime import Runtime
from services.api import Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.cli.main import app
from services.library.library import Library
from services.library.record.store import Record
from services.library.record.types import StageCost, Submission

pytestmark = pytest.mark.models

SPEECH = StageCost("v1", "speech", "faster-whisper:large", True, 4.0, 1800.0, 3600.0, bytes_read=10)
DESCRIBE = StageCost("v1", "describe", "openai:m", True, 2.0, 0.0, 0.0, 2_000_000, 100_000, True)
MEDIA = StageCost("v2", "media", None, True, 1.0, 0.0)
NOW = datetime.now(UTC)
TODAY, LAST_WEEK = NOW.date(), (NOW - timedelta(days=7)).date()


def spend(record: Record) -> None:
    for cost in (SPEECH, DESCRIBE, MEDIA, replace(DESCRIBE, made=False, tokens_billed=False)):
        record.add_cost(cost)
    record._clock = lambda: NOW - timedelta(days=7)
    record.add_cost(MEDIA)
    record._clock = lambda: NOW
    record.submit(Submission("a" * 64, 3_000_000_000, "videos/a", "a.mp4"))


@pytest.fixture
def asked(empty: Library, models: Runtime) -> Iterator[httpx.Client]:
    """The API over a library where something was spent, at prices."""
    spend(empty.record)
    prices = {
        "price_gpu_hour": 2.0,
        "price_cpu_hour": 0.1,
        "price_million_prompt_tokens": 0.5,
        "price_million_completion_tokens": 2.0,
        "price_gb_month": 0.02,
        "currency": "CNY",
    }
    priced = replace(empty, settings=empty.settings.model_copy(update=prices))
    transport = InProcessTransport(create_app(Service(priced, models, Sweeping())))
    with httpx.Client(transport=transport, base_url="http://127.0.0.1") as http:
        yield http


def test_costs_by_stage_have_seconds_tokens_bytes_and_their_price(asked: httpx.Client) -> None:
    answer = asked.get("/v1/costs", params={"by": "stage"}).json()
    lines = {line["key"]: line for line in answer["lines"]}
    assert lines["speech"]["gpu_seconds"] == 3600
    assert lines["speech"]["cost"] == pytest.approx(2.0 + 0.05)
    # Tokens cost where a server counted them; here half of them were this machine's own.
    assert (lines["describe"]["prompt_tokens"], lines["describe"]["runs"], lines["describe"]["failed"]) == (
        4_000_000,
        2,
        1,
    )
    assert lines["describe"]["cost"] == pytest.approx(2 * 0.5 + 0.1 * 2.0)
    assert answer["total"]["cost"] == pytest.approx(2.05 + 1.2)
    assert answer["stored"] == {"bytes": 3_000_000_000, "cost_per_month": 0.06}
    assert answer["prices"]["currency"] == "CNY"
    assert (answer["by"], answer["more"]) == ("stage", False)


def test_costs_by_day_cover_thirty_days_or_those_asked_for(asked: httpx.Client) -> None:
    answer = asked.get("/v1/costs").json()
    assert [line["key"] for line in answer["lines"]] == [LAST_WEEK.isoformat(), TODAY.isoformat()]
    assert answer["to"] == TODAY.isoformat()
    assert answer["from"] == (TODAY - timedelta(days=29)).isoformat()
    one = asked.get("/v1/costs", params={"from": LAST_WEEK.isoformat(), "to": LAST_WEEK.isoformat()}).json()
    assert (one["total"]["runs"], one["total"]["cost"]) == (1, 0)


def test_lines_beyond_the_limit_are_said_to_be_there(asked: httpx.Client) -> None:
    answer = asked.get("/v1/costs", params={"by": "model", "limit": 1}).json()
    assert (len(answer["lines"]), answer["more"], answer["total"]["runs"]) == (1, True, 5)


def test_days_the_wrong_way_round_and_unknown_keys_are_refused(asked: httpx.Client) -> None:
    wrong = asked.get("/v1/costs", params={"from": "2026-02-02", "to": "2026-02-01"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "invalid_request")
    assert asked.get("/v1/costs", params={"by": "planet"}).status_code == 422


def test_prometheus_reads_the_same_sums(asked: httpx.Client) -> None:
    response = asked.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    samples = {
        (
            sample.name,
            *(sample.labels[name] for name in ("stage", "model", "outcome") if name in sample.labels),
        ): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }
    assert samples["reelwise_stage_gpu_seconds_total", "speech", "faster-whisper:large"] == 3600
    assert samples["reelwise_stage_prompt_tokens_total", "describe", "openai:m"] == 4_000_000
    assert samples["reelwise_stage_runs_total", "describe", "openai:m", "failed"] == 1
    assert samples["reelwise_stage_runs_total", "media", "", "made"] == 2
    assert samples["reelwise_stored_bytes",] == 3_000_000_000


def test_the_command_prints_a_table_and_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, models: Runtime) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    record = Record.open(f"sqlite:///{tmp_path / 'reelwise.db'}")
    spend(record)
    record.close()
    monkeypatch.setenv("REELWISE_PRICE_GPU_HOUR", "2.5")
    shown = CliRunner().invoke(app, ["costs", "--by", "model", "--data", str(tmp_path)])
    assert shown.exit_code == 0, shown.output
    assert "USD" in shown.stdout
    assert "faster-whisper:large" in shown.stdout
    assert "1.00 h" in shown.stdout
    assert "2.5000" in shown.stdout
    assert "3.00 GB of videos stored" in shown.stdout
    asked = ["costs", "--from", TODAY.isoformat(), "--to", TODAY.isoformat(), "--json", "--data", str(tmp_path)]
    assert '"runs":4' in CliRunner().invoke(app, asked).stdout
