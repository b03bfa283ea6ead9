"""Where dnstap and the query log go."""

from __future__ import annotations

import os

from gslb.config.draft import Draft
from gslb.config.faults import Faults
from gslb.config.sections import observe, root

SOCKET_PATH_MAX = 107  # octets (unix(7))


def check(draft: Draft, faults: Faults) -> None:
    tap, log = draft.root.value(root.DNSTAP_), draft.root.value(root.QUERY_LOG_)
    if tap is None:
        return
    if (observe.SOCKET in tap) == (observe.TAP_FILE in tap):
        faults.add(tap.node.line, tap.node.path, "writes to one of two; write socket or file")
    socket, file = tap.value(observe.SOCKET), tap.value(observe.TAP_FILE)
    if socket is not None and len(os.fsencode(draft.absolute(socket))) > SOCKET_PATH_MAX:
        node = tap.at(observe.SOCKET)
        faults.add(node.line, node.path, f"the path of a socket has {SOCKET_PATH_MAX} octets at most; choose a shorter one")
    if file is not None and log is not None and file == log.value(observe.LOG_FILE):
        node = log.at(observe.LOG_FILE)
        faults.add(node.line, node.path, "dnstap writes there; give the query log a file of its own")
