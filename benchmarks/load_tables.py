"""The tables of `benchmarks.load`, in Markdown, so that they can be pasted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console

from benchmarks.load_figures import Load, Part, Throughput


def show(console: Console, figures: Load) -> None:
    """Print everything."""
    waited, names = sum(figures.waited_s.values()), list(figures.burst.cpu_ms)
    lines = [
        f"Stages wait {waited:.1f} s a video in the place of their work: what they took for the clip.",
        f"{figures.cores} cores for all processes and this one; {figures.threads} lanes at once in a worker process.",
        "",
        f"| CPU ms a video | all | without a queue | queue | {' | '.join(names)} |",
        "|---|---|---|---|" + "---|" * len(names),
        *(_scaled(one, names) for one in figures.scaling),
        "",
        "| worker processes | videos | seconds | videos a second |",
        "|---|---|---|---|",
        *(
            f"| {one.processes} | {one.videos} | {one.seconds} | {one.per_s} |"
            for one in (point.rate for point in figures.scaling)
        ),
        "",
        f"| {figures.burst.processes} worker processes | burst | steady |",
        "|---|---|---|",
    ]
    for title, cell in _ROWS.items():
        lines.append(f"| {title} | {cell(figures.burst)} | {cell(figures.steady)} |")
    for name in figures.burst.cpu_ms:
        lines.append(f"| CPU ms a video: {name} | {figures.burst.cpu_ms[name]} | {figures.steady.cpu_ms[name]} |")
    for route in sorted({*figures.burst.latency, *figures.steady.latency}):
        cells = (_latency(part, route) for part in (figures.burst, figures.steady))
        lines.append(f"| `{route}`, p50 / p95 / p99 ms | {' | '.join(cells)} |")
    for kind in figures.burst.memory:
        cells = (_memory(part, kind) for part in (figures.burst, figures.steady))
        lines.append(f"| memory of {kind}, MiB at first, at last, per 1,000 videos | {' | '.join(cells)} |")
    for line in lines:
        console.print(line, soft_wrap=True, markup=False, highlight=False)


def _scaled(one: Throughput, names: Sequence[str]) -> str:
    cpu = one.rate.cpu_ms
    cells = " | ".join(f"{cpu[name]:.1f}" for name in names)
    before, after = (f"{alone.whole:.1f}" for alone in one.alone)
    alone = f"{one.alone_ms:.1f} ({before} before, {after} after)"
    return (
        f"| {one.rate.processes} worker processes | {sum(cpu.values()):.1f} | {alone} | {one.queue_ms:+.1f} | {cells} |"
    )


_ROWS: dict[str, Callable[[Part], object]] = {
    "handed in": lambda part: f"{part.submitted} in {part.submit_s} s",
    "ready": lambda part: f"{part.ready} in {part.seconds} s",
    "videos a second": lambda part: part.per_s,
    "CPU ms a video, all processes": lambda part: round(sum(part.cpu_ms.values()), 1),
    "errors of reads": lambda part: part.errors or "none",
}


def _latency(part: Part, route: str) -> str:
    found = part.latency.get(route)
    return "none" if found is None else f"{found.p50} / {found.p95} / {found.p99} ({found.count})"


def _memory(part: Part, kind: str) -> str:
    found = part.memory[kind]
    slope = "too few" if found.per_1000 is None else f"{found.per_1000:+.1f}"
    return f"{found.first:.0f}, {found.last:.0f}, {slope}"
