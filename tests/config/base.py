"""A small sound configuration that the tests change in one place at a time."""

FILE = "gslb.yaml"

BASE = """\
node: tokyo-1
listen:
  dns: ["127.0.0.1:5300"]
  http: ["127.0.0.1:8080"]
  https: []
  admin: "127.0.0.1:8053"
  trusted_proxies: [10.0.0.0/8]
geo:
  overrides:
    - {network: 203.0.113.0/24, country: JP, location: [35.68, 139.77], asn: 2500}
    - {network: 198.51.100.0/25, country: US}
zones:
  - name: boot.example.net
    nameservers: {ns1.boot.example.net: [192.0.2.53], ns.example.org: []}
    contact: hostmaster@example.net
    ttl: 300s
    records: |
      go   300 IN A 192.0.2.80
      info     TXT "three regions"
      mail     A 192.0.2.25
               MX 10 mail
      lab      NS ns1.lab
      ns1.lab  A 192.0.2.54
sites:
  - id: jp-tokyo-1
    region: jp
    country: JP
    location: [35.68, 139.77]
    addresses: [192.0.2.33, "2001:db8:33::1"]
    url: http://jp-tokyo-1.example/
    url_https: https://jp-tokyo-1.example/
    weight: 100
    capacity: 1000
    content: [knoppix]
    only: {country: [JP, KR]}
  - id: us-dallas-1
    region: us
    country: US
    location: [32.78, -96.80]
    addresses: [192.0.2.12]
    url: http://us-dallas-1.example/
services:
  - host: boot.example.net
    http_hosts: [go.boot.example.net]
    ttl: {min: 15s, max: 60s}
    answers: 1
    when_all_down: open
    policy: [up, nearest, sticky, first]
    regions: {jp: [jp, us], us: [us, jp], default: [us, jp]}
    sticky: {v4: 16, v6: 40}
    rules:
      - {match: {asn: 2500}, prefer: [jp-tokyo-1], until: 2027-03-31}
      - {match: {network: 198.51.100.0/24}, never: [us]}
    content:
      - {name: knoppix, prefix: /knoppix/, manifest: SHA256SUMS}
    check: {type: http, path: /index.idx, status: [200, 206], port: 80}
probes:
  interval: 10s
  timeout: 4s
  rise: 5
limits:
  http_connections: 1000
admin:
  users:
    - {name: ops, role: operator, token_sha256: "0000000000000000000000000000000000000000000000000000000000000000"}
    - {name: dallas, role: owner, sites: [us-dallas-1],
       token_sha256: "1111111111111111111111111111111111111111111111111111111111111111"}
"""


def changed(*changes: tuple[str, str]) -> str:
    """BASE with the first `old` of each change replaced by `new`; every `old` must be there."""
    text = BASE
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text
