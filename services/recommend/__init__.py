"""Search and recommendations over the library: sources, scores kept apart, and a reason for every item."""

from services.recommend.answer import Ask, Basis, Recommendation, Recommendations
from services.recommend.context import BadContext, Context
from services.recommend.filters import SearchFilters, UnknownLabel
from services.recommend.models import QueryModels
from services.recommend.moments import MomentHit, MomentWeights, search_moments
from services.recommend.recommend import Recommender, recommend
from services.recommend.search import SearchHit, SearchWeights, search_videos
from services.recommend.similar import SimilarWeights, similar_videos

__all__ = [
    "Ask",
    "BadContext",
    "Basis",
    "Context",
    "MomentHit",
    "MomentWeights",
    "QueryModels",
    "Recommendation",
    "Recommendations",
    "Recommender",
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
