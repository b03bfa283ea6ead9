"""A stored override, or maintenance, of any text: refused with a ValueError, or read, written and read again as the same."""

from __future__ import annotations

import sys

from gslb.state.orderstore import maintenance_from, maintenance_to, override_from, override_to


def one_input(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    try:
        place, override = override_from(text)
    except ValueError:
        pass
    else:
        assert override_from(override_to(override, place)) == (place, override)
    try:
        maintenance = maintenance_from(text)
    except ValueError:
        return
    assert maintenance_from(maintenance_to(maintenance)) == maintenance


if __name__ == "__main__":
    import atheris

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
