from __future__ import annotations

import io
import json
import os

from rich.console import Console
from typer.testing import CliRunner

from services.cli.cards import video_card
from services.cli.checks import Level, examine
from services.cli.client import Client
from services.cli.inputs import expand
from services.cli.main import app
from services.cli.runfile import announced, noted_run, running
from services.library.safety import RULES_FILE
from services.settings import Settings

runner = CliRunner()


def test_folders_patterns_and_odd_names_become_files_once(tmp_path) -> None:
    for name in ("a.mp4", "b.txt", "sub/c.MKV"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = expand([str(tmp_path), str(tmp_path / "a.mp4"), str(tmp_path / "*.txt"), str(tmp_path / "none.mp4")])
    assert [file.name for file in found.files] == ["a.mp4", "c.MKV", "b.txt"]
    assert [name for name, _ in found.missing] == [str(tmp_path / "none.mp4")]


def test_a_search_of_an_empty_library_says_what_to_do(tmp_path) -> None:
    result = runner.invoke(app, ["search", "cats", "--data", str(tmp_path)])
    assert result.exit_code == 0
    assert "Analyse some videos first" in result.stdout


def test_an_unknown_video_is_one_clear_line_and_status_1(tmp_path) -> None:
    result = runner.invoke(app, ["show", "abcdef123", "--data", str(tmp_path)])
    assert result.exit_code == 1
    assert "There is no video 'abcdef123'" in result.stderr
    assert "Traceback" not in result.output


def test_a_path_that_is_not_there_is_named_and_stdout_stays_empty(tmp_path) -> None:
    result = runner.invoke(app, ["analyze", str(tmp_path / "no.mp4"), "--json", "--data", str(tmp_path / "data")])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no.mp4" in result.stderr


def test_a_title_for_two_files_is_a_usage_error(tmp_path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).touch()
    assert runner.invoke(app, ["analyze", str(tmp_path), "--title", "x"]).exit_code == 2


def test_the_schema_is_json(tmp_path) -> None:
    assert json.loads(runner.invoke(app, ["schema"]).stdout)["title"] == "Understanding"


def test_a_run_file_of_a_server_that_is_gone_does_not_count(tmp_path) -> None:
    with announced(tmp_path, "http://127.0.0.1:9", "secret"):
        assert noted_run(tmp_path).pid == os.getpid()
        assert running(tmp_path) is None
    assert noted_run(tmp_path) is None


def test_a_file_outside_the_roots_is_uploaded_with_its_subtitles(client, tmp_path) -> None:
    (tmp_path / "x.mp4").write_bytes(b"video")
    (tmp_path / "x.srt").write_bytes(b"subtitles")
    api = Client(client)
    detail = api.video(api.submit(tmp_path / "x.mp4", {"title": "X"}).id)
    assert (detail.title, detail.uploads[0].source, detail.uploads[0].subtitles) == ("X", "upload x.mp4", 1)


def test_a_card_shows_labels_with_the_lines_they_cite(client) -> None:
    api = Client(client)
    hit = api.search("cat opens the door", limit=1).videos[0]
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(video_card(api.understanding(hit.video_id)))
    text = console.export_text()
    assert "cat 中cat" in text
    assert "S1 0:00.0 the cat jumps on the handle" in text


def test_doctor_names_the_line_of_a_mistake_in_the_safety_rules(tmp_path) -> None:
    file = tmp_path / "rules.yaml"
    text = RULES_FILE.read_text(encoding="utf-8").replace("severity: high", "severity: huge", 1)
    file.write_text(text, encoding="utf-8")
    found = [
        finding for finding in examine(Settings(data_dir=tmp_path, safety_rules=file)) if "safety rules" in finding.what
    ]
    assert [finding.level for finding in found] == [Level.FAULT]
    assert "categories.0.severity (violence)" in found[0].what
    assert "REELWISE_SAFETY_RULES" in found[0].remedy


def test_a_viewer_reports_wishes_reads_exports_and_erases(tmp_path) -> None:
    def run(*arguments: str, status: int = 0) -> str:
        result = runner.invoke(app, [*arguments, "--data", str(tmp_path / "data")])
        assert result.exit_code == status, result.output
        return result.output

    assert "Noted" in run("feedback", "--query", "篮球", "--user", "amy")
    assert "Noted" in run("feedback", "--creator", "bo", "--user", "amy")
    assert "'abcdef12'" in run("feedback", "abcdef12", "like", "--user", "amy", status=1)
    run("feedback", "--user", "amy", status=2)
    shown = run("profile", "amy", "--wish", "想看足球")
    assert "Football 足球" in shown
    assert "wish topics:football until" in shown
    profile = json.loads(run("profile", "amy", "--json"))
    assert {"football", "basketball", "bo"} <= {interest["value"] for interest in profile["interests"]}
    file = tmp_path / "amy.jsonl"
    assert "Erased 2 events" in run("profile", "amy", "--export", str(file), "--erase", "--yes")
    assert [json.loads(line)["type"] for line in file.read_text().splitlines()] == ["edit", "event", "event"]
    assert "Nothing is known" in run("profile", "amy")
