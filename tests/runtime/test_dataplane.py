"""What one worker admits of what the node admits."""

from gslb.model import Limits
from gslb.runtime.dataplane import share


def test_all_workers_together_admit_what_is_configured() -> None:
    limits = Limits(tcp_connections=4096, tcp_connections_per_client=256, http_connections=10, http_connections_per_client=5)

    assert share(limits, 1) == limits
    halves = share(limits, 2)
    assert (halves.tcp_connections, halves.tcp_connections_per_client) == (2048, 128)
    assert (halves.http_connections, halves.http_connections_per_client) == (5, 3)
    assert halves.tcp_idle_s == limits.tcp_idle_s
