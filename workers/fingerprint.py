"""A stage's fingerprint: the same fingerprint means the same result, so nothing is done twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from models.runtime import Runtime
from services.settings import Settings
from workers.copies.reuse import Reuse
from workers.stages.base import Source, Stage


def fingerprints(
    stages: Sequence[Stage], source: Source, settings: Settings, runtime: Runtime, reuse: Reuse | None = None
) -> Mapping[str, str]:
    """Fingerprint of every stage, by name. `stages` must be ordered so that needs come first.

    Covers the stage's code version, the models it speaks through, its settings, metadata and prompts, the video's
    content, and the fingerprints of the stages it reads. A result taken from another video (`reuse`) has a fingerprint
    that says which, so it never passes for one that was made here.
    """
    found: dict[str, str] = {}
    for stage in stages:
        roles = ([stage.role] if stage.role else []) + list(stage.also)
        covered: dict[str, object] = {
            "stage": stage.name,
            "version": stage.version,
            "models": [str(runtime.identity(role)) for role in roles],
            "inputs": dict(stage.inputs(source, settings, runtime.profile)),
            "needs": {name: found[name] for name in stage.needs},
            "video": source.video.sha256,
        }
        if reuse and stage.name in reuse:
            covered["reused"] = str(reuse[stage.name])
        text = json.dumps(covered, sort_keys=True, ensure_ascii=False, default=str)
        found[stage.name] = hashlib.sha256(text.encode()).hexdigest()
    return found
