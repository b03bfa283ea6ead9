"""What is ours, and so no site may send a client to."""

from gslb.runtime.own import own_names
from tests.runtime.nodes import HOST, configuration


def test_service_hosts_are_ours_at_any_port_and_addresses_at_those_we_listen_on(tmp_path):
    service = {"host": HOST, "http_hosts": ["go.example.net"], "check": {"type": "exec", "command": ["/bin/true"]}}
    settings = configuration(
        tmp_path, services=[service], listen={"dns": ["127.0.0.1:0"], "http": ["192.0.2.9:8080", "[2001:db8::1]:8080"]}
    )
    assert own_names(settings) == {
        (HOST, None),
        ("go.example.net", None),
        ("192.0.2.9", 8080),
        ("2001:db8::1", 8080),
    }


def test_a_service_steered_by_dns_alone_is_ours_too(tmp_path):
    service = {"host": HOST, "via": ["dns"], "check": {"type": "exec", "command": ["/bin/true"]}}
    assert (HOST, None) in own_names(configuration(tmp_path, services=[service], listen={"dns": ["127.0.0.1:0"]}))


def test_a_wildcard_is_every_address_of_this_machine(tmp_path):
    names = own_names(configuration(tmp_path, listen={"http": ["0.0.0.0:8080", "[::]:8081"]}))
    assert {("127.0.0.1", 8080), ("::1", 8081)} <= names
    assert not any(host in ("0.0.0.0", "::") for host, _ in names)
