"""The HTTP API: thin handlers over the door, the library and the recommender."""

from services.api.app import create_app
from services.api.service import Dispatcher, Progress, Service, Sweeping

__all__ = ["Dispatcher", "Progress", "Service", "Sweeping", "create_app"]
