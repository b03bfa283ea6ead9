"""Where networks are: databases and overrides merged into one index."""

from gslb.geo.database import Source
from gslb.geo.index import BUNDLED, BUNDLED_PATH, GeoIndex

__all__ = ["BUNDLED", "BUNDLED_PATH", "GeoIndex", "Source"]
