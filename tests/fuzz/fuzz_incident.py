"""A stored incident of any bytes: refused with a ValueError, or shown and stored again as it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from gslb.state.incidents.markdown import markdown
from gslb.state.incidents.stored import from_json, to_json

CORPUS: Final = Path(__file__).with_name("corpus") / "incident"


def one_input(data: bytes) -> None:
    try:
        incident = from_json(data.decode("utf-8", "replace"))
    except ValueError:
        return
    assert from_json(to_json(incident)) == incident
    assert markdown(incident).isprintable() or "\n" in markdown(incident)


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
