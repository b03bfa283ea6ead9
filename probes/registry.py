"""The probers, by the type of the check."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from probes.dns import probe_dns
from probes.exec import probe_exec
from probes.http import probe_http
from probes.model import Result, Target
from probes.setting import Setting
from probes.tcp import probe_tcp

Prober = Callable[[Target, Setting], Awaitable[Result]]

PROBERS: Mapping[str, Prober] = MappingProxyType(
    {"http": probe_http, "https": probe_http, "tcp": probe_tcp, "dns": probe_dns, "exec": probe_exec}
)
