"""The bilingual, versioned taxonomy: topics (two levels), moods and occasions."""

from services.library.taxonomy.loader import TaxonomyError, load_taxonomy
from services.library.taxonomy.types import Mood, Occasion, OccasionHints, Taxonomy, Topic

__all__ = ["Mood", "Occasion", "OccasionHints", "Taxonomy", "TaxonomyError", "Topic", "load_taxonomy"]
