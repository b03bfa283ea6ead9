"""How things were: series of numbers in rings of fixed size, fine for an hour and coarse for a year."""

from gslb.state.rollups.book import History, Rollups
from gslb.state.rollups.columns import Series
from gslb.state.rollups.tiers import RANGES, TIERS, Range, Tier

__all__ = ["RANGES", "TIERS", "History", "Range", "Rollups", "Series", "Tier"]
