"""gdnsd: an authoritative server that was made for what ours is made for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.scenarios.peers.process import Endpoint, program, serving

CONFIGURATION = """options => {{
  listen => {address}:{port}, udp_threads => 1, tcp_threads => 1, run_dir => {folder}/run, state_dir => {folder}/state,
  zones_default_ttl => 300, max_edns_response => 1232, nsid_ascii => {nsid}, chaos_response => gdnsd,
  experimental_no_chain => false, max_nocookie_response => 0, min_ttl => 0, {options}
}}
{sections}
"""


@contextlib.contextmanager
def gdnsd(
    folder: Path, zones: Mapping[str, str], endpoint: Endpoint, *, nsid: str = "gdnsd", options: str = "", sections: str = ""
) -> Iterator[Endpoint]:
    """Serves `zones`, text by name."""
    for part in ("zones", "run", "state"):
        (folder / part).mkdir(parents=True)
    address, port = endpoint
    places = {"folder": folder, "nsid": nsid, "options": options, "sections": sections}
    text = CONFIGURATION.format(address=address, port=port, **places)
    (folder / "config").write_text(text)
    for name, records in zones.items():
        (folder / "zones" / name.rstrip(".")).write_text(records)
    with serving([program("gdnsd"), "-c", str(folder), "start"], folder / "log", endpoint):
        yield endpoint
