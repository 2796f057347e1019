"""Why a video was shown, from the stored impression; and where it would stand without a cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.intake.errors import ServiceError
from services.library.errors import IndexUnavailable
from services.library.record.events import Impression, ImpressionBatch, ShownReason
from services.recommend.answer import Without
from services.recommend.causes import OF_THE_VIDEO, read_causes
from services.recommend.models import QueryModels
from services.recommend.policies import Policy, PolicyFault, load_policies
from services.recommend.ranking import Ranked
from services.recommend.recommend import Recommender
from services.recommend.shown import ask_again
from services.recommend.viewed import Viewed, read_viewed


class UnknownAnswer(ServiceError):
    """No answer of this id is in the record, or it did not show the video."""

    code = "unknown_recommendation"
    status = 404


@dataclass(frozen=True, slots=True)
class Why:
    """A shown item: the batch it was part of, the item, and what its place would be without each cause.

    `without` is by the causes as they are written, joined by a comma. `note` says why places cannot be worked out.
    """

    batch: ImpressionBatch
    item: Impression
    without: dict[str, Without]
    note: str | None = None


def why(
    recommender: Recommender,
    request_id: str,
    video_id: str,
    *,
    without: Sequence[str] = (),
    models: QueryModels | None = None,
) -> Why:
    """Why a video was shown. Without `without`, each reason's own cause is tried.

    Reasons and contributions are those that were stored. Places are worked out anew: the viewer as they were then,
    over the videos, trends and policy of now. Raises `UnknownAnswer` and `BadCause`.
    """
    batch = recommender.library.record.impressions(request_id)
    item = next((one for one in batch.items if one.video_id == video_id), None) if batch is not None else None
    if batch is None or item is None:
        raise UnknownAnswer(
            f"No answer {request_id[:64]!r} that shows {video_id} is in the record.",
            remedy="Use the request_id of an answer of /v1/recommendations that was not a dry run.",
        )
    tried = [tuple(without)] if without else [causes for reason in item.reasons if (causes := causes_shown(reason))]
    for causes in tried:
        read_causes(causes, recommender.taxonomy)
    try:
        return Why(batch, item, _places(recommender, batch, item, tried, models))
    except IndexUnavailable as error:
        return Why(batch, item, {}, f"Places cannot be worked out while the index does not answer: {error}")


def causes_shown(reason: ShownReason) -> tuple[str, ...]:
    """The causes that a stored reason names: the events it rests on, or else its source."""
    if reason.events:
        return tuple(f"event:{one}" for one in reason.events)
    if reason.source in OF_THE_VIDEO:
        return (f"own:{reason.source}",)
    return ("context",) if reason.source == "fit" else (f"source:{reason.source}",)


def _places(
    recommender: Recommender,
    batch: ImpressionBatch,
    item: Impression,
    tried: Sequence[tuple[str, ...]],
    models: QueryModels | None,
) -> dict[str, Without]:
    ask = ask_again(batch)
    words = " ".join(part for part in (ask.context.wish, ask.context.scene) if part)
    if words and models is not None:
        ask = replace(ask, wish=models.text.embed_queries([words])[0])
    policies = load_policies(recommender.library.settings.policies)
    try:
        policy = policies.choose(batch.user_id, batch.policy).policy
    except PolicyFault:  # the file changed since: the default stands in
        policy = policies.policies[policies.default]
    record = recommender.library.record
    viewed = read_viewed(record, batch.user_id, policy, batch.at)
    viewed = replace(viewed, shown={one: times for one, times in viewed.shown.items() if one != item.video_id})
    request = recommender.ranker.request(ask, viewed, policy, batch.at, batch.request_id, recommender.taxonomy)
    ranked = recommender.ranker.rank(request, viewed, policy, must=[item.video_id])
    return {
        ",".join(causes): place_without(recommender, ranked, viewed, policy, causes, item.video_id) for causes in tried
    }


def place_without(
    recommender: Recommender, ranked: Ranked, viewed: Viewed, policy: Policy, causes: tuple[str, ...], video_id: str
) -> Without:
    """One video's place with and without some causes."""
    read = read_causes(causes, recommender.taxonomy)
    again = recommender.ranker.again(ranked, read, viewed, policy)
    if read.own:
        again = again.without_own(video_id, read.own)
    return Without(
        causes,
        ranked.blended.place(video_id),
        again.place(video_id),
        again.totals[video_id],
    )
