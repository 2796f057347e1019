"""KuaiRec's captions (Gao et al. 2022, CC BY-SA 4.0): the text without hashtags, and what is asked for."""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clips import LabelsUnreadable

FILE = "kuairec_caption_category.csv"
_HASHTAG = re.compile(r"#\w+#?")
_MENTION = re.compile(r"@[^\s@]*\(\w+\)|@\w+")
_UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Caption:
    """A video's caption and cover text without hashtags and mentions, its hashtags and its first-level category.

    `tuning`: it is in the half that parameters may be chosen on (by a hash of the id), and not in the reported one.
    """

    video_id: str
    text: str
    hashtags: tuple[str, ...]
    category: str
    tuning: bool


def load_captions(where: Path, limit: int | None = None) -> list[Caption]:
    """Rows that are whole; the few whose caption is torn by a line break are left out. Raises `LabelsUnreadable`."""
    path = where / FILE if where.is_dir() else where
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise LabelsUnreadable(f"{path} cannot be read ({error}); give KuaiRec's {FILE} or its folder") from error
    found = []
    for row in rows:
        id_, category = row.get("video_id") or "", row.get("first_level_category_name")
        if not id_.isdigit() or not category or category.lstrip("-").isdigit():
            continue
        caption = row.get("caption") or ""
        hashtags = [tag.strip("#") for tag in _HASHTAG.findall(caption)]
        cover = row.get("manual_cover_text") or ""
        parts = [_MENTION.sub(" ", _HASHTAG.sub(" ", caption)), "" if cover == _UNKNOWN else cover]
        text = " ".join(" ".join(parts).replace("\xa0", " ").split())
        half = hashlib.sha256(id_.encode()).digest()[0] % 2 == 0
        found.append(Caption(id_, text, tuple(dict.fromkeys(hashtags)), category, half))
    if not found:
        raise LabelsUnreadable(f"{path} has no row with video_id and first_level_category_name")
    return found[:limit]
