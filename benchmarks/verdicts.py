"""Verdicts of a person on labels of the labelled clips, and what the signals scored those labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from benchmarks.run import Analysed, Run
from services.library.calibration import Verdict
from services.library.understanding import SignalScore
from workers.stages.annotate import ANNOTATE, AnnotateOutput

VERDICTS = Path(__file__).with_name("verdicts.yaml")


class VerdictsUnreadable(ValueError):
    """A file of verdicts that cannot be used."""


class Judged(BaseModel):
    """Labels that were accepted and rejected, by name (tags) or slug (topics, moods)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accept: tuple[str, ...] = ()
    reject: tuple[str, ...] = ()

    def on(self, label: str) -> bool | None:
        """The verdict; None where there is none."""
        known = {name.casefold(): True for name in self.accept} | {name.casefold(): False for name in self.reject}
        return known.get(label.casefold())


class ClipVerdicts(BaseModel):
    """All that was judged of one clip."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tags: Judged = Judged()
    topics: Judged = Judged()
    moods: Judged = Judged()


@dataclass(frozen=True, slots=True)
class Given:
    """A label that a clip was given by one signal; `accepted` is None where nobody judged it."""

    clip: str
    kind: str
    label: str
    scored: SignalScore
    accepted: bool | None

    def verdict(self) -> Verdict:
        """As calibration takes it. Raises `ValueError` where nobody judged."""
        if self.accepted is None:
            raise ValueError(f"{self.label} of {self.clip} was not judged")
        return Verdict(self.scored.signal, self.scored.model, self.scored.score, self.accepted)


def load_verdicts(file: Path | None = None) -> dict[str, ClipVerdicts]:
    """Verdicts by clip file name. Raises `VerdictsUnreadable`."""
    source = file or VERDICTS
    try:
        data = yaml.safe_load(source.read_text(encoding="utf-8"))
        return TypeAdapter(dict[str, ClipVerdicts]).validate_python(data)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        raise VerdictsUnreadable(f"verdicts {source} cannot be used: {error}") from error


def given_labels(run: Run, verdicts: Mapping[str, ClipVerdicts]) -> list[Given]:
    """Every label that a signal gave, published or not, with its verdict."""
    return [given for item in run.analysed for given in _of_clip(run, item, verdicts)]


def _of_clip(run: Run, item: Analysed, verdicts: Mapping[str, ClipVerdicts]) -> Iterator[Given]:
    clip = item.clip.path.name
    judged = verdicts.get(clip, ClipVerdicts())
    for considered in _annotation(run, item).considered:
        yield Given(clip, "tags", considered.label, considered.scored, judged.tags.on(considered.label))
    found = item.understanding
    for kind, labels, said in (("topics", found.topics, judged.topics), ("moods", found.moods, judged.moods)):
        for label in labels:
            name = label.slug or label.label
            for scored in label.signals:
                yield Given(clip, kind, name, scored, said.on(name))


def _annotation(run: Run, item: Analysed) -> AnnotateOutput:
    prints = {stage.name: stage.fingerprint for stage in item.understanding.stages}
    stored = run.library.record.stage_result(item.video_id, ANNOTATE.name, prints[ANNOTATE.name] or "")
    if stored is None:
        raise VerdictsUnreadable(f"{item.clip.path.name}: its annotation is gone from the record; analyse it again")
    return AnnotateOutput.model_validate(stored.output)
