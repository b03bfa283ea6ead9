"""What the command line of Mirrorbits tells of its mirrors, to sites of ours. `read` knows its three forms, `write` ours."""

from gslb.config.importers.mirrorbits.write import import_mirrorbits

__all__ = ["import_mirrorbits"]
