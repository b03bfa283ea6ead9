"""How many files and sockets this process and those that it starts may have open."""

from __future__ import annotations

import resource


def raise_file_limit() -> int:
    """To what the administrator allows; most shells give 1,024, fewer than we take connections. Gives what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    except (OSError, ValueError):  # fewer connections are no reason not to start
        return soft
    return hard
