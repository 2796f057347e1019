"""Where candidates come from: one file a source, all of one shape."""

from services.recommend.sources.base import Source, SourceRequest

__all__ = ["Source", "SourceRequest"]
