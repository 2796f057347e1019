"""`python -m benchmarks.safety`: precision and recall of the safety rules on labelled sentences, in two halves.

A sentence's hash decides its half. Rules may be worked on with the mistakes of the one (`--mistakes` prints them);
the other half is held out: its mistakes are counted and not shown.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from rich.console import Console
from rich.table import Table

from services.library.safety import SafetyRules, SafetyRulesError, Severity, assess, load_rules
from services.library.understanding import Evidence, EvidenceKind
from services.settings import Settings

CASES = Path(__file__).with_name("safety_cases.yaml")


class Case(BaseModel):
    """A sentence and the categories it must (`expect`) and may (`may`) raise."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Annotated[str, Field(min_length=1)]
    expect: frozenset[str]
    may: frozenset[str] = frozenset()
    lowered: bool = False
    hidden: bool = False

    @property
    def held_out(self) -> bool:
        """Whether it is in the half that rules are not worked on with."""
        return hashlib.sha256(self.text.encode()).digest()[0] % 2 == 1


@dataclass(frozen=True, slots=True)
class Counts:
    """Labels raised rightly, wrongly, and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float | None:
        """Share of the raised that are right; None where nothing was raised."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        """Share of the due that were raised; None where nothing was due."""
        return self.right / (self.right + self.missed) if self.right + self.missed else None


@dataclass(frozen=True, slots=True)
class Report:
    """What the rules make of a set of cases. `harmless` sentences should raise nothing; `alarmed` of them did."""

    cases: int
    categories: dict[str, Counts]
    all: Counts
    harmless: int
    alarmed: int
    hidden: Counts
    lowered: int
    lowered_right: int
    kept: int
    kept_right: int


def load_cases(file: Path = CASES) -> tuple[Case, ...]:
    """The labelled sentences."""
    return TypeAdapter(tuple[Case, ...]).validate_python(yaml.safe_load(file.read_text(encoding="utf-8"))["cases"])


def raised(case: Case, rules: SafetyRules) -> dict[str, Severity]:
    """The categories that a sentence raises when somebody says it, and how severe."""
    line = Evidence(id="S1", kind=EvidenceKind.SPEECH, start=0.0, end=1.0, text=case.text)
    return {label.category: Severity(label.severity) for label in assess([line], rules)}


def report(cases: Sequence[Case], rules: SafetyRules) -> Report:
    """Count over all cases. What a case `may` raise counts neither way."""
    found = [(case, raised(case, rules)) for case in cases]
    base = {category.slug: category.severity for category in rules.categories}

    def counts(among: Sequence[tuple[Case, dict[str, Severity]]], slugs: Sequence[str]) -> Counts:
        return Counts(
            right=sum(slug in case.expect and slug in got for case, got in among for slug in slugs),
            wrong=sum(slug in got and slug not in case.expect | case.may for case, got in among for slug in slugs),
            missed=sum(slug in case.expect and slug not in got for case, got in among for slug in slugs),
        )

    def severities(among: Sequence[tuple[Case, dict[str, Severity]]]) -> list[bool]:
        """For every label raised rightly above `low`: whether it was lowered."""
        return [
            got[slug] is not base[slug]
            for case, got in among
            for slug in case.expect & got.keys()
            if base[slug] is not Severity.LOW
        ]

    in_context = severities([one for one in found if one[0].lowered])
    plain = severities([one for one in found if not one[0].lowered])
    harmless = [got.keys() - case.may for case, got in found if not case.expect]
    return Report(
        cases=len(cases),
        categories={slug: counts(found, [slug]) for slug in base},
        all=counts(found, list(base)),
        harmless=len(harmless),
        alarmed=sum(bool(got) for got in harmless),
        hidden=counts([one for one in found if one[0].hidden], list(base)),
        lowered=len(in_context),
        lowered_right=sum(in_context),
        kept=len(plain),
        kept_right=sum(not lowered for lowered in plain),
    )


def mistakes(cases: Sequence[Case], rules: SafetyRules) -> list[str]:
    """One line a case that went wrong."""
    base = {category.slug: category.severity for category in rules.categories}
    lines = []
    for case in cases:
        got = raised(case, rules)
        said = [f"missed {slug}" for slug in sorted(case.expect - got.keys())]
        said += [f"wrong {slug}" for slug in sorted(got.keys() - case.expect - case.may)]
        for slug in sorted(case.expect & got.keys()):
            if base[slug] is not Severity.LOW and case.lowered == (got[slug] is base[slug]):
                said.append(f"{slug} is {got[slug]}")
        if said:
            lines.append(f"{case.text}: {', '.join(said)}")
    return lines


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.safety", description=__doc__)
    parser.add_argument("--mistakes", action="store_true", help="print what goes wrong in the half for working with")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    given = parser.parse_args(arguments)
    console = Console()
    try:
        rules = load_rules(Settings().safety_rules)
    except SafetyRulesError as error:
        Console(stderr=True).print(f"[red]error:[/red] {error}", highlight=False)
        return 1
    cases = load_cases()
    halves = {
        "worked on": report([case for case in cases if not case.held_out], rules),
        "held out": report([case for case in cases if case.held_out], rules),
    }
    show(console, halves)
    if given.mistakes:
        for line in mistakes([case for case in cases if not case.held_out], rules):
            console.print(line, highlight=False, markup=False)
    if given.json is not None:
        data: dict[str, Any] = {name: asdict(half) for name, half in halves.items()}
        given.json.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def show(console: Console, halves: dict[str, Report]) -> None:
    table = Table(title="Safety rules")
    table.add_column("category")
    for name in halves:
        for column in (f"{name}: due", "precision", "recall"):
            table.add_column(column, justify="right")
    rows = list(next(iter(halves.values())).categories)
    for slug in rows:
        table.add_row(slug, *(cell for half in halves.values() for cell in _cells(half.categories[slug])))
    table.add_section()
    table.add_row("all", *(cell for half in halves.values() for cell in _cells(half.all)))
    table.add_row("disguised", *(cell for half in halves.values() for cell in _cells(half.hidden)))
    console.print(table)
    for name, half in halves.items():
        console.print(
            f"{name}: {half.cases} sentences; alarms on {half.alarmed} of {half.harmless} harmless ones; severity "
            f"lowered in {half.lowered_right} of {half.lowered} where the context asks for it, kept in "
            f"{half.kept_right} of {half.kept} others.",
            highlight=False,
        )


def _cells(counts: Counts) -> tuple[str, str, str]:
    def share(value: float | None) -> str:
        return "" if value is None else f"{value:.2f}"

    return str(counts.right + counts.missed), share(counts.precision), share(counts.recall)


if __name__ == "__main__":
    sys.exit(main())
