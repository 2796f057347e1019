"""The Qdrant index: one port, an adapter in process (`edge`) and one for servers (`server`)."""

from __future__ import annotations

from services.library.index.port import IndexPort
from services.library.index.schema import IndexDims
from services.settings import Settings


def open_index(settings: Settings, dims: IndexDims, *, rebuild: bool = False) -> IndexPort:
    """The index that the settings ask for: Qdrant Edge in the data folder, or the server at `index_url`.

    `rebuild` starts an empty index when the existing one was built for other dims, instead of `IndexMismatch`.
    Raises `LibraryLocked`, `IndexUnavailable`, `IndexMismatch`.
    """
    # Either engine takes a while to import, and only one is used.
    if settings.index_url is not None:
        from services.library.index.collections import CollectionOptions
        from services.library.index.server import ServerIndex

        options = CollectionOptions.of(settings)
        return ServerIndex(settings.index_url, dims, api_key=settings.index_api_key, options=options, rebuild=rebuild)
    from services.library.index.edge import EdgeIndex

    return EdgeIndex(settings.data_dir / "index", dims, rebuild=rebuild)
