"""A stage's fingerprint: the same fingerprint means the same result, so nothing is done twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from models.runtime import Runtime
from services.settings import Settings
from workers.stages.base import Source, Stage


def fingerprints(stages: Sequence[Stage], source: Source, settings: Settings, runtime: Runtime) -> Mapping[str, str]:
    """Fingerprint of every stage, by name. `stages` must be ordered so that needs come first.

    Covers the stage's code version, the models it speaks through, its settings, metadata and prompts, the video's
    content, and the fingerprints of the stages it reads.
    """
    found: dict[str, str] = {}
    for stage in stages:
        roles = ([stage.role] if stage.role else []) + list(stage.also)
        covered = {
            "stage": stage.name,
            "version": stage.version,
            "models": [str(runtime.identity(role)) for role in roles],
            "inputs": dict(stage.inputs(source, settings, runtime.profile)),
            "needs": {name: found[name] for name in stage.needs},
            "video": source.video.sha256,
        }
        text = json.dumps(covered, sort_keys=True, ensure_ascii=False, default=str)
        found[stage.name] = hashlib.sha256(text.encode()).hexdigest()
    return found
