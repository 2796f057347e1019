"""The dashboard and the alerts ask for metrics that exist, in queries that Prometheus understands."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
import yaml

from tests.metric_names import ROOT, documented, used

PROMETHEUS = ROOT / "docker/prometheus"
GRAFANA = ROOT / "docker/grafana"


def promtool(*arguments: str) -> None:
    command = shutil.which("promtool")
    if command is None:
        pytest.skip("promtool is not installed (apt-get install prometheus)")
    checked = subprocess.run([command, *arguments], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def panels() -> list[dict]:
    return json.loads((GRAFANA / "dashboards/reelwise.json").read_text(encoding="utf-8"))["panels"]


def queries() -> dict[str, str]:
    return {panel["title"]: target["expr"] for panel in panels() for target in panel["targets"]}


def rules() -> list[dict]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_metric_of_the_dashboard_exists() -> None:
    for title, query in queries().items():
        assert used(query), title
        assert used(query) <= documented(), title


def test_every_metric_of_an_alert_exists_and_each_says_what_to_do() -> None:
    for rule in rules():
        assert used(rule["expr"]) <= documented(), rule["alert"]
        assert rule["annotations"]["remedy"]
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_prometheus_takes_the_rules_and_its_settings() -> None:
    promtool("check", "rules", str(PROMETHEUS / "alerts.yml"))
    promtool("check", "config", "--syntax-only", str(PROMETHEUS / "prometheus.yml"))


def test_prometheus_understands_the_dashboard(tmp_path) -> None:
    recorded = [{"record": f"x:{at}", "expr": query} for at, query in enumerate(queries().values())]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}), encoding="utf-8")
    promtool("check", "rules", str(file))


def test_panels_lie_side_by_side_and_use_the_source_that_is_provisioned() -> None:
    sources = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text(encoding="utf-8"))
    known = {source["uid"] for source in sources["datasources"]}
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        assert panel["datasource"]["uid"] in known
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells
