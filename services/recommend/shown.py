"""An answer as the record keeps it, so that events can point back and `why` can be asked later."""

from __future__ import annotations

from datetime import datetime

from services.library.record.events import Impression, ImpressionBatch, ShownReason
from services.recommend.answer import Ask, Recommendations
from services.recommend.context import Context
from services.recommend.reasons import Reason

Plain = str | int | float | bool | None


def impressions_of(ask: Ask, feed: Recommendations, now: datetime) -> ImpressionBatch:
    """The batch that `Record.put_impressions` stores."""
    return ImpressionBatch(
        request_id=feed.request_id,
        user_id=ask.user,
        at=now,
        policy=feed.policy,
        variant=feed.variant,
        items=tuple(
            Impression(
                position=position,
                video_id=item.video_id,
                score=item.score,
                contributions={name: score.contribution for name, score in item.sources.items()},
                reasons=tuple(shown_reason(reason) for reason in item.reasons),
            )
            for position, item in enumerate(feed.items)
        ),
        context=_context(ask),
    )


def shown_reason(reason: Reason) -> ShownReason:
    """A reason as it was shown."""
    return ShownReason(
        source=reason.source,
        en=reason.text.en,
        zh=reason.text.zh,
        contribution=reason.contribution,
        evidence=reason.evidence,
        labels=tuple(f"{label.field}:{label.value}" for label in reason.labels),
        events=reason.events,
    )


def ask_again(batch: ImpressionBatch) -> Ask:
    """The request that a stored answer was for, without the vector of its wish."""
    said = batch.context
    local = said.get("local_time")
    hour = said.get("hour")
    context = Context(
        mood=_text(said.get("mood")),
        occasion=_text(said.get("occasion")),
        language=_text(said.get("language")),
        hour=hour if isinstance(hour, int) else None,
        local_time=datetime.fromisoformat(local) if isinstance(local, str) else None,
        zone=_text(said.get("zone")),
        scene=_text(said.get("scene")),
        wish=_text(said.get("wish")),
        audience=_text(said.get("audience")),
    )
    limit = said.get("limit")
    return Ask(batch.user_id, context, limit if isinstance(limit, int) else len(batch.items), dry_run=True)


def _context(ask: Ask) -> dict[str, Plain]:
    context = ask.context
    said: dict[str, Plain] = {
        "mood": context.mood,
        "occasion": context.occasion,
        "language": context.language,
        "hour": context.hour,
        "local_time": context.local_time.isoformat() if context.local_time else None,
        "zone": context.zone,
        "scene": context.scene,
        "wish": context.wish,
        "audience": context.audience,
        "session": ask.session,
        "limit": ask.limit,
    }
    return {name: value for name, value in said.items() if value is not None}


def _text(value: Plain) -> str | None:
    return value if isinstance(value, str) else None
