"""Search and recommendations over the library: sources, scores kept apart, and a reason for every item."""

from services.recommend.context import Context
from services.recommend.filters import SearchFilters, UnknownLabel
from services.recommend.models import QueryModels
from services.recommend.moments import MomentHit, MomentWeights, search_moments
from services.recommend.recommend import Recommendation, Recommendations, RecommendWeights, recommend
from services.recommend.search import SearchHit, SearchWeights, search_videos
from services.recommend.similar import SimilarWeights, similar_videos

__all__ = [
    "Context",
    "MomentHit",
    "MomentWeights",
    "QueryModels",
    "RecommendWeights",
    "Recommendation",
    "Recommendations",
    "SearchFilters",
    "SearchHit",
    "SearchWeights",
    "SimilarWeights",
    "UnknownLabel",
    "recommend",
    "search_moments",
    "search_videos",
    "similar_videos",
]
