"""Why a video is in the queue, in words."""

from __future__ import annotations

from collections.abc import Mapping

from services.library.overlay.attention import WEIGHTS, Signal
from services.library.understanding import Bilingual


def why_queued(signals: Mapping[str, float], *, reach: int) -> tuple[Bilingual, ...]:
    """One sentence a signal, the one that weighs most first."""
    known = [Signal(name) for name in signals if name in set(Signal)]
    ordered = sorted(known, key=lambda signal: -WEIGHTS[signal] * signals[signal.value])
    return tuple(_sentence(signal, signals[signal.value], reach) for signal in ordered)


def _sentence(signal: Signal, value: float, reach: int) -> Bilingual:
    percent = round(100 * value)
    sentences = {
        Signal.DISPUTED: ("Two editors disagree: your word decides.", "两位编辑意见不一，由你定夺。"),
        Signal.REPORTED: ("Somebody reported it.", "有人举报。"),
        Signal.SAFETY: (
            f"It has a safety label of {_severity_en(value)} severity that nobody checked.",
            f"带有未复核的{_severity_zh(value)}风险标签。",
        ),
        Signal.ORPHANED: (
            "The models ran again and no longer say what an editor decided about.",
            "模型重新运行后，不再给出编辑曾判断过的内容。",
        ),
        Signal.UNCERTAIN: (
            f"Of its unchecked labels, about {percent} in 100 are expected to be wrong.",
            f"未复核标签预计约有 {percent}% 不准。",
        ),
        Signal.DISAGREEMENT: (
            f"Signals behind one label differ by {value:.2f}.",
            f"同一标签的不同信号相差 {value:.2f}。",
        ),
        Signal.REACH: (f"Viewers met it {reach:,} time{'s' if reach != 1 else ''}.", f"已被观众看到 {reach:,} 次。"),
        Signal.COPY: ("It is a copy of an earlier video.", "这是较早一条视频的副本。"),
        Signal.AUDIT: ("It was drawn for the random audit.", "随机抽检。"),
    }
    en, zh = sentences[signal]
    return Bilingual(en=en, zh=zh)


def _severity_en(value: float) -> str:
    return "high" if value >= 1.0 else "medium" if value >= 0.6 else "low"


def _severity_zh(value: float) -> str:
    return "高" if value >= 1.0 else "中" if value >= 0.6 else "低"
