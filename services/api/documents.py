"""The understanding document of a video, whatever became of it."""

from __future__ import annotations

from services.api.errors import NotReady
from services.library.record.port import RecordPort
from services.library.record.types import Video
from services.library.understanding import Understanding, VideoFacts, VideoState

FINAL_STATES = frozenset({VideoState.READY, VideoState.FAILED, VideoState.REJECTED})


def understanding_of(record: RecordPort, video: Video, *, machine: bool = False) -> Understanding:
    """What is believed about the video, with the editors' decisions unless `machine`.

    One that failed or was rejected gives a document with the reason. Raises `NotReady` while the video is on its way.
    """
    if video.state not in FINAL_STATES:
        lane = f" (next: {video.lane})" if video.lane else ""
        raise NotReady(
            f"Video {video.id} is {video.state}{lane}.", remedy="Ask again when its state is ready, failed or rejected."
        )
    stored = record.machine_understanding(video.id) if machine else record.understanding(video.id)
    if stored is not None:
        # The link is read as it stands: the original may have gone since the document was written.
        duplicate_of = record.duplicate_of(video.id)
        return stored.model_copy(update={"state": video.state, "reason": video.reason, "duplicate_of": duplicate_of})
    if video.state is VideoState.READY:
        raise NotReady(
            f"Video {video.id} is ready, but its document is not stored.", remedy="POST its /retry to make it again."
        )
    uploads = record.uploads(video.id)
    newest = uploads[-1].submission if uploads else None
    return Understanding(
        state=video.state,
        reason=video.reason,
        video=VideoFacts(
            id=video.id,
            sha256=video.sha256,
            source=newest.source if newest else "unknown",
            title=newest.title if newest else None,
            creator=newest.creator if newest else None,
        ),
        problems=(video.reason,) if video.reason else (),
    )
