"""A made-up catalogue's points: clustered vectors and the payload that publishing writes.

Clips of a topic lie around the topic's centre, as sentence vectors of real clips do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.recommend_catalogue import DIMS, Clip, batches, topic_centres, unit
from services.library.index.port import Collection, IndexPort, Point
from services.library.index.sparse import encode_document
from services.library.taxonomy import Taxonomy, load_taxonomy

FRAMES = 2
"""Frame vectors a clip has."""


def write_points(index: IndexPort, clips: Sequence[Clip], seed: int = 0) -> None:
    """Write every clip's point, and build what makes queries fast."""
    taxonomy = load_taxonomy()
    rng = np.random.default_rng(seed)
    centres = topic_centres(taxonomy, seed)
    for batch in batches(clips):
        around = centres[[clip.topic for clip in batch]]
        texts = unit(around + rng.normal(scale=0.035, size=around.shape))
        shown = unit(around[:, None] + rng.normal(scale=0.05, size=(len(batch), FRAMES, DIMS.visual)))
        sounds = unit(rng.normal(size=(len(batch), DIMS.sound)))
        index.upsert(
            Collection.VIDEOS,
            [
                Point(
                    clip.point_id,
                    {
                        "text": texts[at],
                        "visual": shown[at],
                        "sound": sounds[at],
                        "lexical": encode_document(clip.title),
                    },
                    _payload(clip, taxonomy),
                )
                for at, clip in enumerate(batch)
            ],
        )
    index.optimize()


def _payload(clip: Clip, taxonomy: Taxonomy) -> dict[str, object]:
    leaf = taxonomy.leaves[clip.topic]
    labels = [("tag", tag, None) for tag in clip.tags] + [("topic", leaf.en, leaf.slug)]
    return {
        "video_id": clip.id,
        "title": clip.title,
        "summary_en": leaf.description_en,
        "summary_zh": leaf.description_zh,
        "why_en": leaf.description_en,
        "why_zh": leaf.description_zh,
        "tags": list(clip.tags),
        "tags_zh": list(clip.tags),
        "topics": [leaf.slug],
        "moods": list(clip.moods),
        "occasions": [clip.occasion],
        "labels": [
            {"label": name, "label_zh": name, "slug": slug, "kind": kind, "confidence": 0.7, "evidence": ["S1"]}
            for kind, name, slug in labels
        ],
        "language": clip.language,
        "creator": clip.creator,
        "duration_s": clip.duration_s,
        "width": 720,
        "height": 1280,
        "published_at": clip.published_at.timestamp(),
        "safety": [],
        "review_state": "machine",
        "models": ["made-up"],
        "speech_ratio": 0.4,
        "music_ratio": 0.4,
        "tempo_bpm": 92.0,
        "energy": 0.4,
    }
