"""YAML to a Configuration, or to every fault in it.

`tree` reads YAML so that every value knows its line; `schema` and `sections` say which keys there are and
read them; `zonetext` reads the records; `checks` hold between keys; `load` builds the objects of `gslb.model`
once all is well.
"""

from gslb.config.change import describe_change
from gslb.config.load import load, parse

__all__ = ["describe_change", "load", "parse"]
