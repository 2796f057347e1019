"""How the pictures move and are cut, in words: says how a video shows something, never what."""

from __future__ import annotations

from collections.abc import Sequence

from services.library.understanding import MOVEMENT, Bilingual
from workers.media.types import Movement, Shot

_STILL, _CALM, _LIVELY = 0.6, 3.0, 6.0
"""Median change of luma in an eighth of a second, of 255: below them still, calm, moderate; above the last lively.

Set by looking at 34 clips: talking heads and the night sky lie below the first, sports and dance above the last.
"""

_FAST_CUT_S = 2.5
_MANY_SHOTS = 3


def movement_line(movement: Movement | None, shots: Sequence[Shot]) -> str | None:
    """The line of evidence, in both languages as other lines of frames; None where nothing was measured."""
    words = movement_words(movement, shots)
    return None if words is None else f"{MOVEMENT}{words.en} ({words.zh})"


def movement_words(movement: Movement | None, shots: Sequence[Shot]) -> Bilingual | None:
    """Movement and cuts; None where nothing was measured."""
    if movement is None or not shots:
        return None
    en, zh = _movement(movement.change)
    cut_en, cut_zh = _cuts(shots)
    return Bilingual(en=f"{en}, {cut_en}", zh=f"{zh}，{cut_zh}")


def _movement(change: float) -> tuple[str, str]:
    if change < _STILL:
        return "hardly any", "画面几乎不动"
    if change < _CALM:
        return "calm", "画面平缓"
    return ("moderate", "画面有动感") if change < _LIVELY else ("lively", "画面动感强")


def _cuts(shots: Sequence[Shot]) -> tuple[str, str]:
    if len(shots) == 1:
        return "one take", "一镜到底"
    each = (shots[-1].end - shots[0].start) / len(shots)
    fast = each <= _FAST_CUT_S and len(shots) >= _MANY_SHOTS
    en, zh = ("fast cuts", "快速剪辑") if fast else ("cuts", "有剪辑")
    return f"{en}, {len(shots)} shots of {each:.1f} s on average", f"{zh}，{len(shots)}个镜头，平均{each:.1f}秒"
