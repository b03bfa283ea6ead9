"""`options` of gdnsd.config(5): where it listens, and what holds for all zones."""

from __future__ import annotations

from typing import Any

from gslb.config import values
from gslb.config.faults import quoted
from gslb.config.importers.document import flow
from gslb.config.importers.gdnsd.section import Section, items
from gslb.config.importers.gdnsd.vscf import Hash, Scalar, Value
from gslb.config.importers.gdnsd.zones import Limits
from gslb.config.importers.notes import Notes, Place

NODE = "imported"
_PORT = 53
# Of gdnsd's own process: no answer is another one without them.
_OWN = (
    "tcp_threads",
    "udp_threads",
    "tcp_backlog",
    "tcp_fastopen",
    "udp_rcvbuf",
    "udp_sndbuf",
    "zones_strict_data",
    "zones_rfc1035_threads",
    "lock_mem",
    "run_dir",
    "state_dir",
    "tcp_control",
    "username",
    "plugin_search_path",
    "acme_challenge_ttl",
    "disable_tcp_dso",
)


class Options:
    def __init__(self, source: Hash | None, notes: Notes, place: Place) -> None:
        self._notes = notes
        self._section = Section(source or Hash((), place), notes)

    def limits(self) -> Limits:
        known = Limits()
        default_s, lowest_s = self._section.number("zones_default_ttl"), self._section.number("min_ttl", 0, 86400)
        highest_s, negative_s = self._section.number("max_ttl", 3600), self._section.number("max_ncache_ttl", 10, 86400)
        return Limits(
            known.default_s if default_s is None else default_s,
            known.lowest_s if lowest_s is None else lowest_s,
            known.highest_s if highest_s is None else highest_s,
            known.negative_s if negative_s is None else negative_s,
        )

    def challenge_ttl_s(self) -> int:
        return self._section.number("acme_challenge_dns_ttl", 0, 3600) or 0

    def node(self) -> str:
        """The NSID, where it can be a name."""
        text = self._section.text("nsid_ascii")
        try:
            return NODE if text is None else values.node_name(text)
        except ValueError as error:
            self._notes.lost(self._section.at("nsid_ascii"), f"nsid_ascii: {error}; the node is called {NODE}")
            return NODE

    def listen(self) -> dict[str, Any]:
        port = self._section.number("dns_port", 1, 65535) or _PORT
        value = self._section.value("listen")
        found = [f"0.0.0.0:{port}", f"[::]:{port}"]
        if value is not None and not (isinstance(value, Scalar) and value.text == "any"):
            found = [endpoint for one, inner in _addresses(value) if (endpoint := self._endpoint(one, inner, port))]
        return {"dns": flow(found)}

    def bounds(self) -> dict[str, Any]:
        """gdnsd closes an idle connection after twice what it tells the client."""
        seconds = self._section.number("tcp_timeout", 5, 1800)
        return {} if seconds is None else {"tcp_idle": f"{2 * seconds}s"}

    def tell_rest(self) -> None:
        for key, ours in (("edns_client_subnet", "true"), ("experimental_no_chain", "false"), ("disable_cookies", "false")):
            text = self._section.text(key)
            if text is not None and text.lower() != ours:
                self._notes.lost(self._section.at(key), f"{key} {text} has no counterpart; here it is {ours}")
        self._section.value("disable_text_autosplit")
        for entry in self._section.rest():
            if entry.key in _OWN:
                self._notes.changed(entry.place, f"{entry.key} is of gdnsd's own process; left out")
        self._section.heritage(*_OWN)
        self._section.tell_rest("the options")

    def _endpoint(self, one: Scalar, inner: Value | None, port: int) -> str | None:
        if isinstance(inner, Hash):
            Section(inner, self._notes).tell_rest(f"the listener {one.text}")
        text = one.text
        try:
            bare = text if ":" not in text or (text.count(":") > 1 and "]" not in text) else None
            made = (
                values.endpoint(text)
                if bare is None
                else values.endpoint(f"[{bare}]:{port}" if ":" in bare else f"{bare}:{port}")
            )
        except ValueError:
            self._notes.lost(one.place, f"{quoted(text)} is not an address to listen on; left out")
            return None
        return str(made)


def _addresses(value: Value) -> list[tuple[Scalar, Value | None]]:
    if isinstance(value, Hash):
        return [(Scalar(entry.key, entry.place), entry.value) for entry in value.entries]
    return [(item, None) for item in items(value) if isinstance(item, Scalar)]
