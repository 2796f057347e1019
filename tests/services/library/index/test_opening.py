from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from services.library.errors import IndexMismatch, IndexUnavailable, LibraryLocked
from services.library.index.edge import EdgeIndex
from services.library.index.port import Collection, Point
from services.library.index.schema import IndexDims
from services.library.index.server import ServerIndex

DIMS = IndexDims(text=4, visual=4, sound=4)
OTHER = IndexDims(text=8, visual=4, sound=4)
ID = "00000000-0000-0000-0000-000000000001"

CHILD = """
import sys
from pathlib import Path
from uuid import UUID
import numpy as np
from services.library.index.edge import EdgeIndex
from services.library.index.port import Collection, Point
from services.library.index.schema import IndexDims
index = EdgeIndex(Path(sys.argv[1]), IndexDims(4, 4, 4))
for number in range(1, 41):
    index.upsert(Collection.VIDEOS, [Point(str(UUID(int=number)), {"text": np.eye(4, dtype="f4")[0]}, {"tags": ["t"]})])
    if number == 20:
        index.optimize()
print("written", flush=True)
sys.stdin.readline()
"""


def child(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "written\n"
    return process


def test_what_was_written_survives_a_kill_and_the_folder_is_free_again(tmp_path):
    process = child(tmp_path / "index")
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    index = EdgeIndex(tmp_path / "index", DIMS)
    assert index.count(Collection.VIDEOS) == 40
    assert index.facet(Collection.VIDEOS, "tags") == {"t": 40}
    assert len(index.query(Collection.VIDEOS, using="text", vector=np.eye(4, dtype="f4")[0], limit=99)) == 40
    index.close()


def test_the_folder_belongs_to_one_process_and_the_second_is_told_whose_it_is(tmp_path):
    process = child(tmp_path / "index")
    with pytest.raises(LibraryLocked, match=rf"process {process.pid}: talk to the running `reelwise up`"):
        EdgeIndex(tmp_path / "index", DIMS)
    process.communicate("\n", timeout=30)
    index = EdgeIndex(tmp_path / "index", DIMS)
    with pytest.raises(LibraryLocked, match=f"process {os.getpid()}"):
        EdgeIndex(tmp_path / "index", DIMS)
    index.close()


def test_points_survive_closing_and_opening(tmp_path):
    for seen in (0, 1, 1):
        index = EdgeIndex(tmp_path, DIMS)
        assert index.count(Collection.VIDEOS) == seen
        index.upsert(Collection.VIDEOS, [Point(ID, {"text": np.eye(4, dtype="f4")[0]}, {"tags": ["猫"]})])
        index.close()


def test_other_dims_are_refused_with_a_remedy_and_a_rebuild_starts_empty(tmp_path):
    index = EdgeIndex(tmp_path, DIMS)
    index.upsert(Collection.VIDEOS, [Point(ID, {"text": np.eye(4, dtype="f4")[0]}, {})])
    index.close()
    with pytest.raises(IndexMismatch, match=r"videos-v1-text4-.*REELWISE_PROFILE.*reelwise reindex --empty"):
        EdgeIndex(tmp_path, OTHER)
    index = EdgeIndex(tmp_path, OTHER, rebuild=True)
    assert index.count(Collection.VIDEOS) == 0
    index.close()
    EdgeIndex(tmp_path, OTHER).close()
    with pytest.raises(IndexMismatch):
        EdgeIndex(tmp_path, DIMS)


def test_the_server_holds_versioned_collections_behind_the_aliases():
    index = ServerIndex(":memory:", DIMS)
    aliases = {one.alias_name: one.collection_name for one in index.client.get_aliases().aliases}
    assert aliases == {"videos": "videos-v1-text4-visual4m-sound4", "moments": "moments-v1-text4-visual4"}
    index.close()


def test_a_server_that_is_not_there_names_the_setting():
    with pytest.raises(IndexUnavailable, match="REELWISE_INDEX_URL"):
        ServerIndex("http://127.0.0.1:9", DIMS)
