"""How a video, hits and picks look on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from services.api.recommend_schemas import RecommendationsAnswer, WithoutView
from services.api.results import MomentAnswer, ReasonView, VideoAnswer
from services.api.why_schemas import WhyAnswer
from services.cli.copy_cards import copy_line
from services.library.understanding import Evidence, Label, Understanding, VideoState

_BAR = 10
_STYLES = {VideoState.READY: "green", VideoState.FAILED: "red", VideoState.REJECTED: "yellow"}


def clock(seconds: float) -> str:
    """A time in a video: 75.3 is 1:15.3."""
    minutes, rest = divmod(max(0.0, seconds), 60)
    return f"{int(minutes)}:{rest:04.1f}"


def video_card(document: Understanding, *, evidence_lines: int = 3) -> Panel:
    """Everything worth knowing of one video: what it is about, with the evidence each label cites."""
    video = document.video
    lines = {line.id: line for line in document.evidence}
    parts: list[RenderableType] = [_facts(document)]
    if document.reason:
        parts.append(Text(document.reason, style=_STYLES.get(document.state, "")))
    if document.duplicate_of is not None:
        parts.append(copy_line(document.duplicate_of))
    for title, said in (("Summary", document.summary), ("Why watch", document.why)):
        if said is not None:
            parts.append(Text.assemble((f"{title}\n", "bold"), f"  {said.en}\n  {said.zh}"))
    for title, labels in (
        ("Tags", document.tags),
        ("Topics", document.topics),
        ("Moods", document.moods),
        ("Occasions", document.occasions),
    ):
        if labels:
            parts += [Text(title, style="bold"), Padding(_labels(labels, lines, evidence_lines), (0, 0, 0, 2))]
    if document.sound is not None:
        sound = document.sound
        tempo = f", {sound.tempo_bpm:.0f} bpm" if sound.tempo_bpm is not None else ""
        parts.append(
            Text.assemble(
                ("Sound  ", "bold"),
                f"speech {sound.speech_ratio:.0%}, music {sound.music_ratio:.0%}, energy {sound.energy:.0%}{tempo}",
            )
        )
    for risk in document.safety:
        cited = f" [{', '.join(risk.evidence)}]"
        parts.append(Text(f"Safety  {risk.category} ({risk.severity}): {risk.explanation}{cited}", style="red"))
    for problem in document.problems:
        parts.append(Text(f"Problem  {problem}", style="yellow"))
    if document.stages:
        parts.append(_timings(document))
    heading = Text(video.title or video.source, style="bold")
    return Panel(Group(*parts), title=heading, subtitle=video.id[:12], title_align="left", subtitle_align="right")


def print_search(console: Console, answer: VideoAnswer) -> None:
    """Hits, each with why it was found."""
    if not answer.videos:
        console.print("Nothing found. Analyse some videos first, or ask with fewer filters.")
    for place, hit in enumerate(answer.videos, start=1):
        length = f"  {clock(hit.duration_s)}" if hit.duration_s is not None else ""
        _print_item(
            console, place, hit.title or hit.video_id[:12], f"{hit.video_id[:12]}{length}", hit.score, hit.reasons
        )


def print_moments(console: Console, answer: MomentAnswer) -> None:
    """Moments, each with the time to jump to."""
    if not answer.moments:
        console.print("No moment found. Analyse some videos first, or ask with fewer filters.")
    for place, hit in enumerate(answer.moments, start=1):
        span = f"{clock(hit.start)}–{clock(hit.end)}"
        _print_item(console, place, f"{span}  {hit.title or ''}".rstrip(), hit.video_id[:12], hit.score, hit.reasons)
        if hit.text:
            console.print(
                Padding(Text(f"“{hit.text}”", style="italic", overflow="ellipsis", no_wrap=True), (0, 0, 0, 5))
            )


def print_recommendations(console: Console, answer: RecommendationsAnswer) -> None:
    """A feed with its reasons."""
    how = f"policy {answer.policy}, answer {answer.request_id}"
    console.print(Text(f"For {answer.user}, from {answer.basis} ({how})", style="dim"))
    if answer.fallback:
        console.print(Text(answer.fallback, style="yellow"))
    for missing in answer.left_out:
        console.print(Text(f"Without {missing.source}: {missing.why}", style="yellow"))
    for place, item in enumerate(answer.items, start=1):
        by = f"  by {item.creator}" if item.creator else ""
        _print_item(
            console, place, item.title or item.video_id[:12], f"{item.video_id[:12]}{by}", item.score, item.reasons
        )
        if item.without is not None:
            _print_without(console, item.without)
    if answer.note:
        console.print(Text(answer.note, style="dim"))


def print_why(console: Console, answer: WhyAnswer) -> None:
    """Why a video was shown, and where it would stand without each cause."""
    console.print(Text(f"{answer.video_id[:12]}, place {answer.position + 1}, score {answer.score:.2f}", style="bold"))
    for name, share in sorted(answer.contributions.items(), key=lambda pair: -pair[1]):
        console.print(Text(f"  {name:<14} {share:+.3f}", style="dim"))
    for reason in answer.reasons:
        rests = [*reason.evidence, *reason.events]
        cited = f"  [{', '.join(rests)}]" if rests else ""
        console.print(Padding(Text.assemble(f"{reason.en} {reason.zh}", (cited, "dim")), (0, 0, 0, 2)))
    for without in answer.without:
        _print_without(console, without)
    if answer.note:
        console.print(Text(answer.note, style="dim"))


def _print_without(console: Console, without: WithoutView) -> None:
    causes = ", ".join(without.causes)
    line = f"without {causes} it would rank {without.after} instead of {without.before}"
    console.print(Padding(Text(line, style="magenta"), (0, 0, 0, 5)))


def _print_item(
    console: Console, place: int, title: str, where: str, score: float, reasons: Sequence[ReasonView]
) -> None:
    console.print(Text.assemble(f"{place:>3}. ", (title, "bold"), f"  {score:.2f}  ", (where, "dim")))
    for reason in reasons:
        cited = f"  [{', '.join(reason.evidence)}]" if reason.evidence else ""
        console.print(Padding(Text.assemble(f"{reason.text.en} {reason.text.zh}", (cited, "dim")), (0, 0, 0, 5)))


def _facts(document: Understanding) -> Text:
    video = document.video
    facts = [
        clock(video.duration_s) if video.duration_s is not None else None,
        f"{video.width}×{video.height}" if video.width else None,
        f"{video.fps:.4g} fps" if video.fps else None,
        video.language,
        f"by {video.creator}" if video.creator else None,
    ]
    style = _STYLES.get(document.state, "")
    return Text.assemble((document.state.value, style), "  ", ("  ".join(fact for fact in facts if fact), "dim"))


def _labels(labels: Sequence[Label], lines: dict[str, Evidence], most: int) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for label in sorted(labels, key=lambda known: -known.confidence):
        name = label.label if label.label == label.label_zh else f"{label.label} {label.label_zh}"
        cited = [lines[evidence] for evidence in label.evidence if evidence in lines]
        quotes = [f"{line.id} {clock(line.start)} {line.text}" for line in cited[:most]]
        if len(cited) > most:
            quotes.append(f"and {len(cited) - most} more")
        table.add_row(name, _bar(label.confidence), Text("\n".join(quotes), style="dim", overflow="fold"))
    return table


def _bar(confidence: float) -> Text:
    filled = round(confidence * _BAR)
    return Text.assemble(("█" * filled, "green"), ("░" * (_BAR - filled), "dim"), f" {confidence:.2f}")


def _timings(document: Understanding) -> Text:
    spent = sum(stage.seconds for stage in document.stages if not stage.reused)
    each = "  ".join(
        f"{stage.name} {'reused' if stage.reused else f'{stage.seconds:.1f}s'}" for stage in document.stages
    )
    return Text.assemble(("Time  ", "bold"), f"{spent:.1f} s", (f"  {each}", "dim"))
