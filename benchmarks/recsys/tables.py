"""The recommender's figures as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table


def show_offline(console: Console, figures: Mapping[str, Any]) -> None:
    """A table a split."""
    for name, found in figures.items():
        title = f"{name.replace('_', ' ')}: {found['users']} users, {found['asked_for']} likes asked for"
        table = _table(
            title, "nDCG@10", "95 %", "recall@10", "MRR", "coverage", "novelty", "distance in list", "calibration error"
        )
        for system, values in sorted(found["systems"].items(), key=lambda pair: -pair[1]["ndcg"]["mean"]):
            table.add_row(
                system,
                f"{values['ndcg']['mean']:.4f}",
                f"{values['ndcg']['low']:.3f} to {values['ndcg']['high']:.3f}",
                f"{values['recall']['mean']:.4f}",
                f"{values['mrr']['mean']:.4f}",
                f"{values['coverage']:.3f}",
                f"{values['novelty_bits']:.2f}",
                f"{values['intra_list_distance']:.3f}",
                f"{values['calibration_error']:.3f}",
                style="bold" if system == "hybrid" else None,
            )
        console.print(table)
        for said, gaps in found["differences"].items():
            gap = gaps["ndcg"]
            console.print(f"{said}: {gap['mean']:+.4f} nDCG@10 ({gap['low']:+.4f} to {gap['high']:+.4f})")
        console.print(f"weights from {found['validation_users']} validation users: {found['weights']}")
        console.print(f"chosen there: {found['chosen']}")


def show_cold(console: Console, found: Mapping[str, Any]) -> None:
    """The table of new items."""
    table = _table(f"{found['new_items']} new items, seeds {found['seeds']}", "recall@10", "95 %", "nDCG@10")
    for system, values in sorted(found["systems"].items(), key=lambda pair: -pair[1]["recall"]["mean"]):
        recall = values["recall"]
        table.add_row(
            system,
            f"{recall['mean']:.4f}",
            f"{recall['low']:.3f} to {recall['high']:.3f}",
            f"{values['ndcg']['mean']:.4f}",
            style="bold" if system == "content" else None,
        )
    console.print(table)
    gap = found["content_minus_popularity"]["recall"]
    console.print(
        f"content - {found['popularity_is']}: {gap['mean']:+.4f} recall@10 ({gap['low']:+.4f} to {gap['high']:+.4f})"
    )


def show_simulate(console: Console, found: Mapping[str, Any]) -> None:
    """A row an arm."""
    plan = found["plan"]
    table = _table(
        f"{plan['rounds']} rounds of {plan['page']}, seeds {plan['seeds']}, {plan['viewers']} viewers each",
        "watched", "about a favourite", "rounds to find", "never", "rounds to recover", "never", "bubble at the end",
        "new creators",
    )  # fmt: skip
    for name, one in found["arms"].items():
        table.add_row(
            name,
            _spread(one["watched_share"], 2),
            _spread(one["favourite_share"], 2),
            _spread(one["rounds_to_find"], 0),
            str(one["never_found"]),
            _spread(one["rounds_to_recover"], 0),
            str(one["never_recovered"]),
            _spread(one["bubble"][str(plan["rounds"])], 2),
            _spread(one["new_creators"], 2),
            style="bold" if name == "as it ships" else None,
        )
    console.print(table)


def _spread(figure: Mapping[str, float], digits: int) -> str:
    return f"{figure['mean']:.{digits}f} ({figure['low']:.{digits}f} to {figure['high']:.{digits}f})"


def show_explanations(console: Console, found: Mapping[str, Any]) -> None:
    """How good reasons are."""
    table = _table(f"reasons of {found['items']} picks for {found['viewers']} viewers", "value")
    table.add_row("picks with a reason", f"{found['coverage']:.3f}")
    table.add_row(f"faithful, of {found['asked']} asked", f"{found['faithful_share']:.3f}")
    table.add_row("faithful, newness and trends taken from all", f"{found['faithful_share_source_wide']:.3f}")
    table.add_row("leading reason is a plain fact", f"{found['plain'] / found['items']:.3f}")
    table.add_row("different sentences", f"{found['unique_sentence_ratio']:.3f}")
    console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title)
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    return table
