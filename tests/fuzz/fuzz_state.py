"""A stored state of any bytes: refused with a ValueError, or a tracker runs on it."""

from __future__ import annotations

import sys
from datetime import timedelta

from gslb.state.restored import from_json, to_json
from tests.state.content.scene import Library, carried
from tests.state.scene import START, site

_CONFIGURATION = carried(site(1, "us"), site(2, "eu"))


def one_input(data: bytes) -> None:
    try:
        restored = from_json(data.decode("utf-8", "replace"))
    except ValueError:
        return
    scene = Library(_CONFIGURATION, restored=restored, utc=START + timedelta(seconds=5))
    scene.round()
    scene.look()
    scene.wait(2.0)
    scene.tracker.report("us-1")
    scene.tracker.content_reports(scene.now_s, scene.utc)
    to_json(scene.tracker.freeze())


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
