"""Which stage needs which, what of a video is stale, and how a lane is run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from models.cancelling import check_wanted
from models.profile import Role
from models.runtime import Runtime
from services.library.errors import LibraryError
from services.library.library import Library
from services.library.record.types import Lane, StageCost, StageResult, Video
from services.library.understanding import StageReport
from services.telemetry.work import stage_run
from workers.copies.reuse import REUSABLE, Reuse, Reused, sounds_the_same
from workers.cost import StageMeter
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
from workers.stages.signature import SIGNATURE
from workers.stages.sound import SOUND
from workers.stages.speech import SPEECH
from workers.stages.vectors import VECTORS

logger = logging.getLogger(__name__)

STAGES: tuple[Stage, ...] = (
    MEDIA,
    SIGNATURE,
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


class EarlierLaneDue(Exception):
    """A stage of a lane that this process does not serve has to be made anew first."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(f"stage {stage.name} of the lane {stage.lane} has no result for today's code and settings")
        self.lane = stage.lane


def lane_roles(lanes: Iterable[Lane]) -> dict[str, frozenset[Role]]:
    """Roles of models that a worker of these lanes loads, by lane."""
    return {
        lane.value: frozenset(
            role for stage in STAGES if stage.lane is lane for role in ({stage.role} | set(stage.also)) if role
        )
        for lane in lanes
    }


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Runs lanes of videos. Holds no state of its own: the record says what has been done.

    `lanes` are those that this process serves: it runs no stage of others, and loads no model of theirs.
    """

    library: Library
    runtime: Runtime
    lanes: frozenset[Lane] = frozenset(Lane)

    def source(self, video: Video) -> Source:
        """The video, what its uploaders said and the corrections to describe it with, as they stand now."""
        record = self.library.record
        return Source(video, merge_uploads(record.uploads(video.id)), record.line_corrections(video.id))

    def fingerprints(self, source: Source) -> Mapping[str, str]:
        """Fingerprint of every stage for this video, by stage name."""
        return fingerprints(STAGES, source, self.library.settings, self.runtime, self.reuse(source))

    def reuse(self, source: Source) -> Reuse:
        """Results of the video's original that stand for its own. One that was made here already is preferred.

        Empty unless the setting allows it, and where title, hint or settings would make a stage hear differently.
        """
        settings, record = self.library.settings, self.library.record
        found = record.duplicate_of(source.video.id) if settings.reuse_copies else None
        if found is None or not sounds_the_same(found.match):
            return {}
        original = record.video(found.matched)
        if original is None:
            return {}
        theirs = self.source(original)
        prints = fingerprints(STAGES, theirs, settings, self.runtime)
        own = record.stage_results(source.video.id, fingerprints(STAGES, source, settings, self.runtime))
        stored = record.stage_results(original.id, prints)
        reuse = {}
        for stage in (_BY_NAME[name] for name in REUSABLE):
            profile = self.runtime.profile
            alike = stage.inputs(source, settings, profile) == stage.inputs(theirs, settings, profile)
            if alike and stage.name not in own and stage.name in stored:
                reuse[stage.name] = Reused(original.id, prints[stage.name])
        return reuse

    def stored(self, source: Source) -> Mapping[str, StageResult]:
        """The results that are fresh, by stage."""
        return self.library.record.stage_results(source.video.id, self.fingerprints(source))

    def stale(self, video: Video) -> tuple[str, ...]:
        """Names of the stages whose result is missing for the code, models, settings and metadata of today."""
        stored = self.stored(self.source(video))
        return tuple(stage.name for stage in STAGES if stage.name not in stored)

    def run_lane(self, video: Video, lane: Lane, report: ProgressReport) -> Mapping[str, StageOutput]:
        """Make what is missing of a lane's stages; every result is stored as soon as it is made.

        Where an earlier lane's result has gone stale meanwhile (a setting changed, say) it is made again first.
        Returns the outputs of the lane's stages and of all they need. Raises `EarlierLaneDue` where that is another
        process's work, `WorkCancelled` when the work is given up meanwhile.
        """
        source = self.source(video)
        reuse = self.reuse(source)
        prints = fingerprints(STAGES, source, self.library.settings, self.runtime, reuse)
        results = self.library.record.stage_results(video.id, prints)
        outputs: dict[str, StageOutput] = {}

        def ensure(stage: Stage) -> None:
            if stage.name in outputs:
                return
            if stage.name in results:
                outputs[stage.name] = stage.output.model_validate(results[stage.name].output)
                return
            if stage.name in reuse:
                outputs[stage.name] = self._take_over(stage, source, prints[stage.name], reuse[stage.name])
                return
            if stage.lane not in self.lanes:
                raise EarlierLaneDue(stage)
            for need in stage.needs:
                ensure(_BY_NAME[need])
            check_wanted()
            outputs[stage.name] = self._run(stage, source, prints[stage.name], outputs, report)

        for stage in STAGES:
            if stage.lane is lane:
                ensure(stage)
        return outputs

    def outputs(self, video: Video) -> Mapping[str, StageOutput]:
        """All stage results that are fresh, by name."""
        return outputs_of(self.stored(self.source(video)))

    def _take_over(self, stage: Stage, source: Source, fingerprint: str, reused: Reused) -> StageOutput:
        """Store another video's result as this one's, saying whose it is; it cost nothing here."""
        record = self.library.record
        stored = record.stage_result(reused.video_id, stage.name, reused.fingerprint)
        assert stored is not None, "`reuse` names stored results only"
        model = f"{stored.model or stage.name}, heard in {reused.video_id}"
        record.put_stage_result(
            StageResult(source.video.id, stage.name, fingerprint, stored.output, model, seconds=0.0)
        )
        return stage.output.model_validate(stored.output)

    def _run(
        self,
        stage: Stage,
        source: Source,
        fingerprint: str,
        outputs: Mapping[str, StageOutput],
        report: ProgressReport,
    ) -> StageOutput:
        report(stage.name, 0.0)
        context = StageContext(
            source=source,
            settings=self.library.settings,
            runtime=self.runtime,
            blobs=self.library.blobs,
            folder=f"derived/{source.video.id}/{stage.name}-{fingerprint[:12]}",
            outputs={name: outputs[name] for name in stage.needs},
            progress=lambda share: report(stage.name, share),
        )
        with (
            stage_run(stage.name, stage.lane.value),
            StageMeter(self.runtime, stage, source.video.id) as meter,
        ):
            try:
                output = stage.run(context)
            except BaseException:
                self._spent_in_vain(meter.cost(made=False))
                raise
            cost = meter.cost(made=True)
        self.library.record.put_stage_result(
            StageResult(
                video_id=source.video.id,
                stage=stage.name,
                fingerprint=fingerprint,
                output=output.model_dump(mode="json"),
                model=str(self.runtime.identity(stage.role)) if stage.role else None,
                seconds=cost.wall_seconds,
            ),
            cost,
        )
        report(stage.name, 1.0)
        return output

    def _spent_in_vain(self, cost: StageCost) -> None:
        """Remember what a stage cost that failed; its own error is the one to be told, so a second only is logged."""
        try:
            self.library.record.add_cost(cost)
        except LibraryError:
            logger.exception("the cost of stage %s of video %s was not recorded", cost.stage, cost.video_id)


def outputs_of(stored: Mapping[str, StageResult]) -> Mapping[str, StageOutput]:
    """What stored results say, by stage."""
    return {name: _BY_NAME[name].output.model_validate(result.output) for name, result in stored.items()}


def reports_of(stored: Mapping[str, StageResult], previous: Mapping[str, str | None]) -> tuple[StageReport, ...]:
    """What each stage cost; `reused` where `previous` (stage -> fingerprint, of the last understanding) agrees."""
    return tuple(
        StageReport(
            name=stage.name,
            seconds=round(result.seconds, 3),
            reused=previous.get(stage.name) == result.fingerprint,
            model=result.model,
            fingerprint=result.fingerprint,
        )
        for stage in STAGES
        if (result := stored.get(stage.name)) is not None
    )


_BY_NAME = {stage.name: stage for stage in STAGES}
