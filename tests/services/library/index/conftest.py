from __future__ import annotations

import numpy as np
import pytest

from services.library.index import open_index
from services.library.index.port import Point
from services.library.index.sparse import encode_document
from services.settings import Settings
from tests.services.library.index.zoo import DIMS, VIDEOS, axis, near, uid


@pytest.fixture(params=["edge", "server"])
def index(request, tmp_path):
    settings = Settings(data_dir=tmp_path, index_url=":memory:" if request.param == "server" else None)
    opened = open_index(settings, DIMS)
    yield opened
    opened.close()


@pytest.fixture
def zoo(index):
    index.upsert(
        VIDEOS,
        [
            Point(
                uid(0),
                {
                    "text": axis(0),
                    "visual": np.stack([axis(0, 8), axis(1, 8)]),
                    "sound": axis(0, 4),
                    "lexical": encode_document("a cat sleeps 猫咪睡觉"),
                },
                {
                    "tags": ["cat", "home"],
                    "language": "en",
                    "duration_s": 10.0,
                    "title": "猫 🐱",
                    "labels": [{"a": None}],
                },
            ),
            Point(
                uid(1),
                {"text": near(0, 1, 0.3), "visual": axis(2, 8), "lexical": encode_document("a dog runs 小狗奔跑")},
                {"tags": ["dog", "home"], "language": "zh", "duration_s": 20.0},
            ),
            Point(uid(2), {"text": axis(1)}, {"tags": [], "duration_s": 30.0}),
        ],
    )
    return index
