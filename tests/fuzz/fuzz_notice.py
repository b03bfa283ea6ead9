"""A stored message, or what a desk knows, of any bytes: refused, forgotten, or stored again as it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from gslb.state.alerts import Desk
from gslb.state.alerts.notice import from_json, to_json

CORPUS: Final = Path(__file__).with_name("corpus") / "notice"


def one_input(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    told = Desk(text).freeze()
    assert Desk(told).freeze() == told
    try:
        notice = from_json(text)
    except ValueError:
        return
    assert from_json(to_json(notice)) == notice


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
