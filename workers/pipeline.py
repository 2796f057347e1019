"""Which stage needs which, what of a video is stale, and how a lane is run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.runtime import Runtime
from services.library.library import Library
from services.library.record.types import Lane, StageResult, Video
from services.library.understanding import StageReport
from workers.fingerprint import fingerprints
from workers.stages.annotate import ANNOTATE
from workers.stages.base import Source, Stage, StageContext, StageOutput
from workers.stages.captions import CAPTIONS
from workers.stages.describe import DESCRIBE
from workers.stages.evidence import EVIDENCE
from workers.stages.frames import FRAMES
from workers.stages.media import MEDIA
from workers.stages.metadata import merge_uploads
from workers.stages.ocr import OCR
from workers.stages.pictures import PICTURES
from workers.stages.sound import SOUND
from workers.stages.speech import SPEECH
from workers.stages.vectors import VECTORS

STAGES: tuple[Stage, ...] = (
    MEDIA,
    PICTURES,
    CAPTIONS,
    OCR,
    SPEECH,
    FRAMES,
    SOUND,
    EVIDENCE,
    DESCRIBE,
    ANNOTATE,
    VECTORS,
)
"""Every stage, in an order in which needs come first; each lane is a run of neighbours."""

ProgressReport = Callable[[str, float], None]
"""Called with a stage's name and the share of it that is done."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Runs lanes of videos. Holds no state of its own: the record says what has been done."""

    library: Library
    runtime: Runtime

    def source(self, video: Video) -> Source:
        """The video and what its uploaders said, as it stands now."""
        return Source(video, merge_uploads(self.library.record.uploads(video.id)))

    def fingerprints(self, source: Source) -> Mapping[str, str]:
        """Fingerprint of every stage for this video, by stage name."""
        return fingerprints(STAGES, source, self.library.settings, self.runtime)

    def stale(self, video: Video) -> tuple[str, ...]:
        """Names of the stages whose result is missing for the code, models, settings and metadata of today."""
        prints = self.fingerprints(self.source(video))
        record = self.library.record
        return tuple(s.name for s in STAGES if record.stage_result(video.id, s.name, prints[s.name]) is None)

    def run_lane(self, video: Video, lane: Lane, report: ProgressReport) -> Mapping[str, StageOutput]:
        """Make what is missing of a lane's stages; every result is stored as soon as it is made.

        Where an earlier lane's result has gone stale meanwhile (a setting changed, say) it is made again first.
        Returns the outputs of the lane's stages and of all they need.
        """
        source = self.source(video)
        prints = self.fingerprints(source)
        outputs: dict[str, StageOutput] = {}

        def ensure(stage: Stage) -> None:
            if stage.name in outputs:
                return
            stored = self.library.record.stage_result(video.id, stage.name, prints[stage.name])
            if stored is not None:
                outputs[stage.name] = stage.output.model_validate(stored.output)
                return
            for need in stage.needs:
                ensure(_BY_NAME[need])
            outputs[stage.name] = self._run(stage, source, prints[stage.name], outputs, report)

        for stage in STAGES:
            if stage.lane is lane:
                ensure(stage)
        return outputs

    def outputs(self, video: Video) -> Mapping[str, StageOutput]:
        """All stage results that are fresh, by name."""
        prints = self.fingerprints(self.source(video))
        found = {}
        for stage in STAGES:
            stored = self.library.record.stage_result(video.id, stage.name, prints[stage.name])
            if stored is not None:
                found[stage.name] = stage.output.model_validate(stored.output)
        return found

    def reports(self, video: Video, previous: Mapping[str, str | None]) -> tuple[StageReport, ...]:
        """What each stage cost; `reused` where `previous` (stage -> fingerprint, of the last understanding) agrees."""
        prints = self.fingerprints(self.source(video))
        reports = []
        for stage in STAGES:
            stored = self.library.record.stage_result(video.id, stage.name, prints[stage.name])
            if stored is not None:
                reports.append(
                    StageReport(
                        name=stage.name,
                        seconds=round(stored.seconds, 3),
                        reused=previous.get(stage.name) == stored.fingerprint,
                        model=stored.model,
                        fingerprint=stored.fingerprint,
                    )
                )
        return tuple(reports)

    def _run(
        self,
        stage: Stage,
        source: Source,
        fingerprint: str,
        outputs: Mapping[str, StageOutput],
        report: ProgressReport,
    ) -> StageOutput:
        report(stage.name, 0.0)
        started = time.perf_counter()
        context = StageContext(
            source=source,
            settings=self.library.settings,
            runtime=self.runtime,
            blobs=self.library.blobs,
            folder=f"derived/{source.video.id}/{stage.name}-{fingerprint[:12]}",
            outputs={name: outputs[name] for name in stage.needs},
            progress=lambda share: report(stage.name, share),
        )
        output = stage.run(context)
        self.library.record.put_stage_result(
            StageResult(
                video_id=source.video.id,
                stage=stage.name,
                fingerprint=fingerprint,
                output=output.model_dump(mode="json"),
                model=str(self.runtime.identity(stage.role)) if stage.role else None,
                seconds=time.perf_counter() - started,
            )
        )
        report(stage.name, 1.0)
        return output


_BY_NAME = {stage.name: stage for stage in STAGES}
