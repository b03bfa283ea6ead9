"""The configuration that the demo runs: the thirteen sites as an operator would write them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gslb.model import Endpoint
from gslb.runtime.demo.releases import LOCK
from gslb.runtime.demo.sites import NODE, SITES, DemoSite
from gslb.runtime.demo.tree import INDEX, KERNEL, KEXEC_PATH, MANIFEST, RELEASES_PATH, Recipe

HOST = "knoppix.inetboot.net"
REDIRECTOR = f"go.{HOST}"
OPERATOR = "demo"


@dataclass(frozen=True, slots=True)
class DemoSetting:
    """`mirror_port` is the one port of every mirror."""

    dns: Endpoint
    http: Endpoint
    admin: Endpoint
    mirror_port: int
    token: str
    state_dir: Path


def configuration_text(setting: DemoSetting, release: Path, recipe: Recipe) -> str:
    """`release` is the directory of the release as built. The probes look at what stays the same in all of its editions."""
    script = release.parents[len(Path(RELEASES_PATH).parts)] / KEXEC_PATH
    digest = hashlib.sha256(script.read_bytes()).hexdigest()
    return _TEXT.format(
        dns=json.dumps(str(setting.dns)),
        http=json.dumps(str(setting.http)),
        admin=json.dumps(str(setting.admin)),
        state_dir=json.dumps(str(setting.state_dir)),
        host=HOST,
        redirector=REDIRECTOR,
        prefix=recipe.prefix,
        manifest=MANIFEST,
        sentinels=f"[{INDEX}, {KERNEL}]",
        lock=LOCK,
        script=KEXEC_PATH,
        sha256=digest,
        location=list(NODE),
        sites=_sites(SITES, setting.mirror_port),
        operator=OPERATOR,
        token_sha256=hashlib.sha256(setting.token.encode()).hexdigest(),
        http_record=f"go 300 IN {'AAAA' if ':' in setting.http.host else 'A'} {setting.http.host}",
        nameserver=json.dumps(setting.dns.host),
    )


def _sites(sites: Iterable[DemoSite], port: int) -> str:
    return "".join(
        _SITE.format(
            id=site.id,
            region=site.region,
            country=site.country,
            location=list(site.location),
            address=site.address,
            port=port,
        )
        for site in sites
    )


_TEXT = """\
# Written by `gslb demo`. `gslb check`, `gslb explain` and an editor work on it while the demo runs: it reloads by itself.
node: demo
state_dir: {state_dir}
listen:
  dns: [{dns}]
  http: [{http}]
  admin: {admin}
geo:
  overrides: [{{network: 127.0.0.0/8, country: JP, location: {location}}}]   # this machine stands in Tokyo
zones:
  - name: {host}
    nameservers: {{ns1.{host}: [{nameserver}]}}
    contact: hostmaster@inetboot.net
    records: |
      {http_record}
      info IN TXT "thirteen mirrors on one machine"
sites:
{sites}services:
  - host: {host}
    http_hosts: [{redirector}]
    regions: {{us: [us, eu, jp], eu: [eu, us, jp], jp: [jp, us, eu], default: [us, eu, jp]}}
    content: [{{name: knoppix-5.1.1, prefix: {prefix}, manifest: {manifest}, sentinels: {sentinels}, lock: {lock}}}]
    boot: [{{name: knoppix, kernel: {prefix}kernel, initrd: {prefix}miniroot.gz, httpfuse: {prefix}, content: knoppix-5.1.1}}]
    check: {{type: http, path: /{script}, sha256: {sha256}}}
probes: {{vantage: tokyo, location: {location}, latency: first_byte}}
admin: {{users: [{{name: {operator}, role: operator, token_sha256: "{token_sha256}"}}]}}
"""

_SITE = """\
  - {{id: {id}, region: {region}, country: {country}, location: {location},
     addresses: [{address}], url: "http://{address}:{port}/", capacity: 1000}}
"""
