"""From the configurations of other servers to ours: what can be taken is written as YAML, what can't is told with its line.

`masterfile` reads zone files as BIND does, with what they include and generate; `zonepiece` turns their records into an entry
of `zones`; `document` writes YAML and holds it to what `gslb check` accepts. `gdnsd` and `mirrorbits` are packages of their own.
"""

from gslb.config.importers.bind import import_bind
from gslb.config.importers.gdnsd.write import import_gdnsd
from gslb.config.importers.mirrorbits.write import import_mirrorbits
from gslb.config.importers.notes import Imported, Note

__all__ = ["Imported", "Note", "import_bind", "import_gdnsd", "import_mirrorbits"]
