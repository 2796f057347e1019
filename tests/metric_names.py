"""Names of metrics: as a process shows them, as the docs list them, as queries use them."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[1]
_OURS = re.compile(r"\breelwise_[a-z_]+")


def families(text: str) -> set[str]:
    """Our metrics in an exposition, by family."""
    return {family.name for family in text_string_to_metric_families(text) if family.name.startswith("reelwise_")}


def documented() -> set[str]:
    """The first column of the table in docs/observability.md."""
    page = (ROOT / "docs/observability.md").read_text(encoding="utf-8")
    return used("\n".join(re.findall(r"^\| `(reelwise_\w+)` \|", page, re.MULTILINE)))


def used(query: str) -> set[str]:
    """Families that a PromQL query or a text of several names."""
    return {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in _OURS.findall(query)}
