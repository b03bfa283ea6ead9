"""What is known of release sets: who holds which generation, and which one is served."""

from gslb.state.content.book import Around, ContentBook, ContentMemory
from gslb.state.content.keys import ContentKey, content_targets
from gslb.state.content.report import GenerationReport, PlaceReport, SetReport, reports

__all__ = [
    "Around",
    "ContentBook",
    "ContentKey",
    "ContentMemory",
    "GenerationReport",
    "PlaceReport",
    "SetReport",
    "content_targets",
    "reports",
]
