"""Accounts from the command line: passwords from stdin, keys on stdout, an address that others reach refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.runfile import announced

ROOT = Path(__file__).parents[3]


def reelwise(data: Path, *arguments: str, said: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", *arguments, "--data", str(data)],
        env=os.environ | {"COLUMNS": "200"} | environment, cwd=ROOT, input=said, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.models
def test_an_account_is_made_gets_a_key_and_is_shut_out(tmp_path, runtime) -> None:
    weak = reelwise(tmp_path, "accounts", "add", "mei", "--role", "admin", said="short\n")
    assert (weak.returncode, "10 to" in weak.stderr) == (1, True)
    made = reelwise(tmp_path, "accounts", "add", "mei", "--role", "admin", said="a long enough password\n")
    assert (made.returncode, made.stderr) == (0, "")
    assert reelwise(tmp_path, "accounts", "add", "feed", "--role", "recommender", "--no-password").returncode == 0
    key = reelwise(tmp_path, "accounts", "key", "feed").stdout.strip()
    assert key.startswith("rw_")
    listed = reelwise(tmp_path, "list", REELWISE_API_KEY=key)
    assert listed.returncode == 0
    refused = reelwise(tmp_path, "accounts", "list", REELWISE_API_KEY=key)
    assert (refused.returncode, "feed is recommender" in refused.stderr) == (1, True)
    assert reelwise(tmp_path, "accounts", "disable", "feed").returncode == 0
    assert reelwise(tmp_path, "list", REELWISE_API_KEY=key).returncode == 1


@pytest.mark.models
def test_an_address_that_others_reach_needs_an_account(tmp_path, runtime) -> None:
    ran = reelwise(tmp_path, "up", "--host", "0.0.0.0", "--port", "0")
    assert (ran.returncode, "reelwise accounts add" in ran.stderr) == (1, True)


def test_only_the_owner_reads_the_secret(tmp_path) -> None:
    with announced(tmp_path, "http://127.0.0.1:9", "secret"):
        assert (tmp_path / "run.json").stat().st_mode & 0o777 == 0o600
