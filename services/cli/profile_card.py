"""A viewer's profile, for a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.api.profile_schemas import EditView, InterestView, ProfileAnswer

_BAR = 10
_MOST_EVENTS = 3


def profile_card(answer: ProfileAnswer) -> RenderableType:
    """Interests with what made them, interest vectors, the session, and the viewer's own edits."""
    parts: list[RenderableType] = [
        Text.assemble((answer.user, "bold"), f"  from {answer.events_considered} events", style="")
    ]
    if answer.note:
        parts.append(Text(answer.note, style="dim"))
    if answer.interests:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for column in ("interest", "score", "comes from"):
            table.add_column(column, overflow="fold")
        for interest in answer.interests:
            table.add_row(_name(interest), _score(interest), Text(_causes(interest), style="dim"))
        parts.append(table)
    if answer.vectors:
        parts.append(Text("Interest vectors", style="bold"))
        for vector in answer.vectors:
            title = vector.title or vector.medoid[:12]
            parts.append(Text(f"  {vector.weight:4.0%}  around “{title}”: {len(vector.videos)} videos"))
    if answer.session:
        labels = sorted(answer.session.labels, key=lambda one: -(answer.session.labels[one] if answer.session else 0))
        parts.append(Text.assemble(("Right now  ", "bold"), ", ".join(labels[:5]) or "no label yet"))
    parts += [_edit(edit) for edit in answer.edits]
    return Group(*parts)


def _name(interest: InterestView) -> Text:
    both = interest.name.en if interest.name.en == interest.name.zh else f"{interest.name.en} {interest.name.zh}"
    return Text.assemble(both, (f"  {interest.field}", "dim"), (" muted" if interest.muted else "", "yellow"))


def _score(interest: InterestView) -> Text:
    filled = round(abs(interest.score) * _BAR)
    style = "green" if interest.score >= 0 else "red"
    return Text.assemble(("█" * filled, style), ("░" * (_BAR - filled), "dim"), f" {interest.score:+.2f}")


def _causes(interest: InterestView) -> str:
    named = [
        f"{event.kind.value} {(event.video_id or '')[:8] or event.creator or event.query} {event.at:%Y-%m-%d}"
        for event in interest.events[:_MOST_EVENTS]
    ]
    more = interest.event_count - len(named)
    named += [f"and {more} more"] if more > 0 else []
    named += [f"{len(interest.edits)} edits of yours"] if interest.edits else []
    return ", ".join(named)


def _edit(edit: EditView) -> Text:
    until = f" until {edit.expires_at:%Y-%m-%d}" if edit.expires_at else ""
    said = f"  “{edit.text}”" if edit.text else ""
    state = "" if edit.active else "  (expired)"
    return Text(f"{edit.at:%Y-%m-%d}  {edit.kind.value} {edit.field}:{edit.value}{until}{said}{state}", style="dim")
