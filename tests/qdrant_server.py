"""The narrowest stand-in for a Qdrant server that the tests can have: an HTTP process around qdrant-client's own
in-memory engine, which answers those REST calls that `ServerIndex` makes, and keeps what was asked of it.

No Qdrant server can be installed from the packages that tests use. So what is tested with this is Reelwise's side: that
processes reach one index over HTTP, with bodies that Qdrant's own models accept. It is not Qdrant's search, speed,
durability or cluster. Run as a program, it serves on the port that it prints.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, HTTPException
from qdrant_client import QdrantClient, models

ROOT = Path(__file__).parents[1]


class Stand:
    """The engine, one caller at a time, and the creations that it was sent (`GET /sent`)."""

    def __init__(self) -> None:
        self.client = QdrantClient(":memory:")
        self.turn = threading.RLock()
        self.sent: list[dict[str, Any]] = []

    def has(self, collection: str, vector: str | None) -> bool:
        """The in-memory engine refuses to query a vector that no point has yet; a server finds nothing."""
        if vector is None:
            return True
        kept = models.Filter(must=[models.HasVectorCondition(has_vector=vector)])
        return self.client.count(collection, count_filter=kept).count > 0


def answered(result: Any) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if hasattr(value, "model_dump"):
            return value.model_dump(mode="json", exclude_none=True)
        return [plain(one) for one in value] if isinstance(value, list) else value

    return {"result": plain(result), "status": "ok", "time": 0.0}


DONE = {"operation_id": 0, "status": "completed"}


def app_of(stand: Stand) -> FastAPI:
    app = FastAPI()
    client = stand.client

    @app.get("/sent")
    def sent() -> list[dict[str, Any]]:
        return stand.sent

    @app.get("/aliases")
    def aliases() -> Any:
        with stand.turn:
            return answered(client.get_aliases())

    @app.post("/collections/aliases")
    def change_aliases(body: dict[str, Any]) -> Any:
        stand.sent.append({"aliases": body})
        with stand.turn:
            client.update_collection_aliases(models.ChangeAliasesOperation.model_validate(body).actions)
        return answered(True)

    @app.get("/collections")
    def collections() -> Any:
        with stand.turn:
            return answered(client.get_collections())

    @app.get("/collections/{name}/exists")
    def exists(name: str) -> Any:
        with stand.turn:
            return answered({"exists": client.collection_exists(name)})

    @app.put("/collections/{name}")
    def create(name: str, body: dict[str, Any]) -> Any:
        stand.sent.append({"collection": name, **body})
        wanted = models.CreateCollection.model_validate(body)
        with stand.turn:
            if client.collection_exists(name):
                raise HTTPException(409, f"{name} exists")
            client.create_collection(name, vectors_config=wanted.vectors, sparse_vectors_config=wanted.sparse_vectors)
        return answered(True)

    @app.delete("/collections/{name}")
    def drop(name: str) -> Any:
        stand.sent.append({"dropped": name})
        with stand.turn:
            return answered(client.delete_collection(name))

    @app.put("/collections/{name}/index")
    def payload_index(name: str, body: dict[str, Any]) -> Any:
        models.CreateFieldIndex.model_validate(body)
        return answered(DONE)

    @app.put("/collections/{name}/points")
    def upsert(name: str, body: dict[str, Any]) -> Any:
        with stand.turn:
            client.upsert(name, models.PointsList.model_validate(body).points)
        return answered(DONE)

    @app.post("/collections/{name}/points/delete")
    def delete(name: str, body: dict[str, Any]) -> Any:
        with stand.turn:
            client.delete(name, models.FilterSelector.model_validate(body))
        return answered(DONE)

    @app.post("/collections/{name}/points/payload")
    def set_payload(name: str, body: dict[str, Any]) -> Any:
        wanted = models.SetPayload.model_validate(body)
        with stand.turn:
            client.set_payload(name, wanted.payload, points=wanted.points)
        return answered(DONE)

    @app.post("/collections/{name}/points")
    def retrieve(name: str, body: dict[str, Any]) -> Any:
        wanted = models.PointRequest.model_validate(body)
        with stand.turn:
            return answered(
                client.retrieve(
                    name, wanted.ids, with_payload=wanted.with_payload, with_vectors=wanted.with_vector or False
                )
            )

    @app.post("/collections/{name}/points/scroll")
    def scroll(name: str, body: dict[str, Any]) -> Any:
        wanted = models.ScrollRequest.model_validate(body)
        with stand.turn:
            points, following = client.scroll(
                name,
                scroll_filter=wanted.filter,
                limit=wanted.limit or 10,
                offset=wanted.offset,
                with_payload=wanted.with_payload,
                with_vectors=wanted.with_vector or False,
            )
        return answered({"points": answered(points)["result"], "next_page_offset": following})

    @app.post("/collections/{name}/points/count")
    def count(name: str, body: dict[str, Any]) -> Any:
        with stand.turn:
            return answered(client.count(name, count_filter=models.CountRequest.model_validate(body).filter))

    @app.post("/collections/{name}/points/query/batch")
    def query(name: str, body: dict[str, Any]) -> Any:
        with stand.turn:
            return answered([found(name, one) for one in models.QueryRequestBatch.model_validate(body).searches])

    def found(name: str, wanted: models.QueryRequest) -> models.QueryResponse:
        if not stand.has(name, wanted.using):
            return models.QueryResponse(points=[])
        return client.query_points(
            name,
            query=wanted.query,
            using=wanted.using,
            query_filter=wanted.filter,
            limit=wanted.limit or 10,
            with_payload=wanted.with_payload or False,
        )

    @app.post("/collections/{name}/facet")
    def facet(name: str, body: dict[str, Any]) -> Any:
        wanted = models.FacetRequest.model_validate(body)
        with stand.turn:
            return answered(client.facet(name, wanted.key, facet_filter=wanted.filter, limit=wanted.limit or 10))

    return app


@contextmanager
def running_stand() -> Iterator[str]:
    """The URL of a stand-in in a process of its own, which is stopped at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.qdrant_server"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def stand_here() -> Iterator[str]:
    """The URL of an empty stand-in in a thread of this process, for tests that read what was sent."""
    with listening() as listener:
        # Without a configuration of its own: the loggers are those of all tests in this process.
        server = uvicorn.Server(uvicorn.Config(app_of(Stand()), log_config=None))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A socket that takes connections before anybody is told of it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        yield listener


if __name__ == "__main__":
    with listening() as listener:
        print(listener.getsockname()[1], flush=True)
        uvicorn.Server(uvicorn.Config(app_of(Stand()), log_level="warning")).run(sockets=[listener])
