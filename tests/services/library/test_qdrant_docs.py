"""docs/qdrant.md says what is so: its tables agree with the schema, its examples run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from services.library.index.points import physical_name
from services.library.index.port import Collection, Point
from services.library.index.schema import LEXICAL, PAYLOAD_INDEXES, IndexDims
from services.library.index.server import ServerIndex
from services.library.index.sparse import encode_document

PAGE = (Path(__file__).parents[3] / "docs" / "qdrant.md").read_text()
VIDEO = "9f86d081884c7d659a2feaa0c55ad015"


def rows(heading: str) -> list[list[str]]:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| -")]
    return [[cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")] for line in lines[1:]]


def fields(collection: Collection) -> dict[str, tuple[str, object]]:
    """Field -> (index type, example) as the page has it."""
    table = {}
    for cells in rows(f"Payload of `{collection.value}`"):
        indexed = cells[2]
        table[cells[0].strip("`")] = (indexed, json.loads(cells[-1].strip("`")))
    return table


@pytest.mark.parametrize("collection", list(Collection))
def test_the_page_names_every_indexed_field_with_its_type(collection):
    indexed = {name: kind for name, (kind, _) in fields(collection).items() if kind in ("keyword", "float")}
    assert indexed == PAYLOAD_INDEXES[collection]


def test_the_page_names_every_vector():
    dims = IndexDims(text=384, visual=384, sound=64)
    documented = {(cells[0], cells[1].strip("`"), "multivector" in cells[2]) for cells in rows("Vectors")}
    expected = {(c.value, name, spec.multi) for c in Collection for name, spec in dims.vectors(c).items()}
    assert documented == expected | {(c.value, LEXICAL, False) for c in Collection}
    assert physical_name(Collection.VIDEOS, dims) in PAGE


def test_the_examples_run_and_find_the_example():
    index = ServerIndex(":memory:", IndexDims(text=4, visual=4, sound=4))
    query = np.eye(4, dtype=np.float32)[0]
    vectors = {"text": query, "lexical": encode_document("一只猫咪在键盘上睡觉")}
    for collection in Collection:
        payload = {name: example for name, (_, example) in fields(collection).items()}
        index.upsert(collection, [Point(str(UUID(hex=VIDEO)), vectors, payload)])
    names: dict[str, object] = {"client": index.client, "text_query": query.tolist()}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    for block in blocks:
        exec(compile(block, "docs/qdrant.md", "exec"), names)
    assert len(blocks) == 4
    assert [video.payload["video_id"] for video in names["videos"]] == [VIDEO]
    assert [video.payload["video_id"] for video in names["merged"]] == [VIDEO]
    assert names["moment"].payload["start"] == 12.5
    assert names["moods"] == {"healing": 1}
    assert names["point"].payload["title"] == "下班后的猫咪"
    index.close()
