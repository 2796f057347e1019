"""The weights catalogue: name -> sources, revision, sha256, licence; fetch and verify."""

from models.weights.catalogue import Catalogue, Weight, default_catalogue
from models.weights.fetch import Verification, WeightStatus, fetch, path_of, status, verify
from models.weights.fetcher import Fetched
from models.weights.progress import Progress, TextProgress, megabytes

__all__ = [
    "Catalogue",
    "Fetched",
    "Progress",
    "TextProgress",
    "Verification",
    "Weight",
    "WeightStatus",
    "default_catalogue",
    "fetch",
    "megabytes",
    "path_of",
    "status",
    "verify",
]
