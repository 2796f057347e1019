"""Which model and which prompt an item comes from, so that verdicts can be counted by them."""

from __future__ import annotations

from dataclasses import dataclass

from services.library.overlay import Field, Words
from services.library.record.store import Record
from services.library.understanding import Label

_STAGE = {Field.SPEECH: "speech", Field.SCREEN: "ocr", Field.SUMMARY: "describe", Field.WHY: "describe"}
"""Which stage's model speaks in fields without signals of their own."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Models by stage, and the version of the prompt that the language model was asked with."""

    models: dict[str, str]
    prompt: str | None

    def model(self, field: Field, machine: Words | None) -> str | None:
        """The model behind an item: that of its strongest signal, else that of its field's stage."""
        if isinstance(machine, Label) and machine.signals:
            return max(machine.signals, key=lambda scored: scored.score).model
        return None if machine is None else self.models.get(_STAGE.get(field, ""))


def provenance(record: Record, video_id: str) -> Provenance:
    """Read off the stages of the machine's document; empty where there is none."""
    document = record.machine_understanding(video_id)
    if document is None:
        return Provenance({}, None)
    models = {stage.name: stage.model for stage in document.stages if stage.model}
    described = next((stage for stage in document.stages if stage.name == "describe"), None)
    stored = (
        record.stage_result(video_id, "describe", described.fingerprint)
        if described and described.fingerprint
        else None
    )
    version = stored.output.get("prompt_version") if stored is not None else None
    return Provenance(models, version if isinstance(version, str) else None)
