"""`reelwise analyze`: hand files in, follow them through the lanes, print what was understood."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import shorten
from typing import Any, Protocol

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from services.api.documents import FINAL_STATES
from services.api.schemas import VideoDetail
from services.cli.client import ApiError, Client
from services.cli.output import err
from services.intake.errors import BacklogFull, StorageFull
from services.library.understanding import Understanding, VideoState

POLL_S = 0.2
_REASON_CHARS = 100
_NO_ROOM = frozenset({BacklogFull.code, StorageFull.code})
_TERMINAL = {VideoState.READY: "green", VideoState.REJECTED: "yellow", VideoState.FAILED: "red"}


@dataclass(slots=True)
class Outcome:
    """What became of one input. `document` is None for what could not be taken in; `error` then says why."""

    name: str
    seconds: float
    document: Understanding | None = None
    error: str | None = None

    @property
    def good(self) -> bool:
        """Whether the video is ready."""
        return self.document is not None and self.document.state is VideoState.READY


class Reporter(Protocol):
    """Shows how the work goes."""

    def begin(self, name: str) -> None:
        """A file is handed in."""
        ...

    def wait(self, name: str, why: str, seconds: float) -> None:
        """It is not taken in yet; the next try comes in so many seconds."""
        ...

    def update(self, name: str, detail: VideoDetail) -> None:
        """It came so far."""
        ...

    def end(self, outcome: Outcome) -> None:
        """It is done."""
        ...


@dataclass(slots=True)
class _Following:
    names: list[str]
    started: float
    done: bool = False


def follow(
    client: Client, files: Sequence[Path], fields: Callable[[Path], Mapping[str, Any]], reporter: Reporter
) -> Iterator[Outcome]:
    """Hand every file in and yield its outcome as soon as there is one, in whatever order they finish.

    `fields` gives what is said of a file (title, hashtags and so on). The same bytes under two names are one video: it
    is worked on once, and both names get its outcome. Where the API has no room, the file is handed in again as soon as
    it said, however often.
    """
    following: dict[str, _Following] = {}
    for file in files:
        name = str(file)
        started = time.monotonic()
        reporter.begin(name)
        while True:
            submitted = _submit(client, file, fields(file))
            if not isinstance(submitted, ApiError) or submitted.api_code not in _NO_ROOM:
                break
            seconds = submitted.asked_to_wait_s or 5.0
            reporter.wait(name, str(submitted), seconds)
            ends = time.monotonic() + seconds
            while time.monotonic() < ends:
                time.sleep(POLL_S)
                yield from _poll(client, following, reporter)
        if isinstance(submitted, Exception):
            yield _ended(reporter, Outcome(name, time.monotonic() - started, error=str(submitted)))
            continue
        video_id = submitted
        if video_id in following:
            following[video_id].names.append(name)
        else:
            following[video_id] = _Following([name], started)
        yield from _poll(client, following, reporter)
    while any(not one.done for one in following.values()):
        time.sleep(POLL_S)
        yield from _poll(client, following, reporter)


def _submit(client: Client, file: Path, fields: Mapping[str, Any]) -> str | ApiError | OSError:
    try:
        return client.submit(file, fields).id
    except (ApiError, OSError) as error:
        return error


def _poll(client: Client, following: Mapping[str, _Following], reporter: Reporter) -> Iterator[Outcome]:
    for video_id, one in following.items():
        if one.done and not one.names:
            continue
        detail = client.video(video_id)
        if detail.state not in FINAL_STATES:
            for name in one.names:
                reporter.update(name, detail)
            continue
        document = client.understanding(video_id)
        for name in one.names:
            yield _ended(reporter, Outcome(name, time.monotonic() - one.started, document))
        one.names.clear()
        one.done = True


def _ended(reporter: Reporter, outcome: Outcome) -> Outcome:
    reporter.end(outcome)
    return outcome


@dataclass(slots=True)
class LogReporter:
    """One line per stage, for terminals that are none."""

    _last: dict[str, str] = field(default_factory=dict)

    def begin(self, name: str) -> None:
        """A file is handed in."""
        self._say(name, "taking in")

    def wait(self, name: str, why: str, seconds: float) -> None:
        """Says so, and why."""
        self._say(name, f"waits {seconds:.0f} s to be handed in: {why}")

    def update(self, name: str, detail: VideoDetail) -> None:
        """Says so when the stage changed."""
        self._say(name, stage_of(detail))

    def end(self, outcome: Outcome) -> None:
        """Says what became of it."""
        self._say(outcome.name, f"{state_of(outcome)} after {outcome.seconds:.1f} s")

    def _say(self, name: str, what: str) -> None:
        if self._last.get(name) != what:
            self._last[name] = what
            err.print(Text(f"{Path(name).name}: {what}"), soft_wrap=True)


@dataclass(slots=True)
class LiveReporter:
    """A bar per video with its stage, and one for all."""

    progress: Progress
    overall: TaskID
    _tasks: dict[str, TaskID] = field(default_factory=dict)

    def begin(self, name: str) -> None:
        """A file is handed in."""
        self._tasks[name] = self.progress.add_task(Path(name).name, total=1.0, stage="taking in")

    def wait(self, name: str, why: str, seconds: float) -> None:
        """Why, beside the bar."""
        self.progress.update(self._tasks[name], stage=f"waits {seconds:.0f} s: {shorten(why, _REASON_CHARS)}")

    def update(self, name: str, detail: VideoDetail) -> None:
        """The stage and how far it is."""
        fraction = detail.progress.fraction if detail.progress else None
        self.progress.update(self._tasks[name], stage=stage_of(detail), completed=fraction or 0.0)

    def end(self, outcome: Outcome) -> None:
        """Take the video's bar away and count it."""
        self.progress.remove_task(self._tasks.pop(outcome.name))
        self.progress.advance(self.overall)


@contextmanager
def reporter_for(total: int) -> Iterator[Reporter]:
    """Live bars on a terminal, plain lines elsewhere; both on stderr."""
    if not err.is_terminal:
        yield LogReporter()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[stage]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as progress:
        overall = progress.add_task(f"{total} video{'s' if total != 1 else ''}", total=total, stage="")
        yield LiveReporter(progress, overall)


def stage_of(detail: VideoDetail) -> str:
    """What is being done with a video now, in words."""
    if detail.progress is not None:
        return detail.progress.stage
    if detail.state is VideoState.QUEUED:
        if detail.lane is None:
            return "queued"
        again = f" again ({shorten(detail.reason, _REASON_CHARS, placeholder='…')})" if detail.reason else ""
        return f"queued for {detail.lane.value}{again}"
    return detail.lane.value if detail.lane is not None else detail.state.value


def state_of(outcome: Outcome) -> str:
    """The final state in one word."""
    return outcome.document.state.value if outcome.document is not None else "unreadable"


def outcome_table(outcomes: Sequence[Outcome]) -> Table:
    """What happened to every file."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("file", "state", "seconds", "reused", "what"):
        table.add_column(column, justify="right" if column == "seconds" else "left", overflow="fold")
    for outcome in outcomes:
        document = outcome.document
        style = _TERMINAL.get(document.state, "red") if document else "red"
        reused = [stage.name for stage in document.stages if stage.reused] if document else []
        share = f"{len(reused)}/{len(document.stages)} stages" if document and document.stages else ""
        table.add_row(
            Text(Path(outcome.name).name), Text(state_of(outcome), style=style), f"{outcome.seconds:.1f}", share,
            Text(_what(outcome)),
        )  # fmt: skip
    return table


def _what(outcome: Outcome) -> str:
    document = outcome.document
    if document is None:
        return outcome.error or ""
    if document.reason:
        return document.reason
    return document.summary.en if document.summary is not None else ""
