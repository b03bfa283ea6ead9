"""`tls`: the files are there, load, and belong together."""

import pytest
import trustme

from gslb.config import parse
from gslb.errors import ConfigurationError
from gslb.model import Tls
from tests.config.base import FILE, changed


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    """A directory with two certificates and their keys, and a key that no certificate is of."""
    directory = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    for name in ("one", "two"):
        certificate = authority.issue_cert(f"{name}.example.net")
        certificate.private_key_pem.write_to_path(directory / f"{name}.key")
        certificate.cert_chain_pems[0].write_to_path(directory / f"{name}.pem")
    (directory / "empty.pem").write_text("")
    return directory


def text(certificate: str, key: str) -> str:
    return changed(
        ("https: []", 'https: ["127.0.0.1:8443"]'), ("geo:\n", f"tls: {{certificate: {certificate}, key: {key}}}\ngeo:\n")
    )


def faults(directory, certificate: str, key: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(text(certificate, key), str(directory / FILE))
    return [str(fault).removeprefix(f"{directory}/") for fault in caught.value.faults]


def test_a_certificate_and_its_key_are_taken(issued):
    configuration = parse(text("one.pem", "one.key"), str(issued / FILE))
    assert configuration.tls == Tls(str(issued / "one.pem"), str(issued / "one.key"))


def test_a_key_of_another_certificate_is_refused(issued):
    assert faults(issued, "one.pem", "two.key") == [
        "gslb.yaml:8: tls.key: is not the key of the certificate; write the one that it was issued for"
    ]


def test_files_that_are_not_there_are_refused_both(issued):
    assert faults(issued, "no.pem", "no.key") == [
        f'gslb.yaml:8: tls.certificate: "{issued}/no.pem" can\'t be read: No such file or directory',
        f'gslb.yaml:8: tls.key: "{issued}/no.key" can\'t be read: No such file or directory',
    ]


def test_a_file_that_is_no_certificate_is_refused(issued):
    [fault] = faults(issued, "empty.pem", "one.key")
    assert fault.startswith("gslb.yaml:8: tls.certificate: can't be loaded with its key (")
    assert fault.endswith("); write PEM files, the key without passphrase")


def test_a_key_with_a_passphrase_is_refused_without_asking_for_it(issued):
    from cryptography.hazmat.primitives import serialization as pem

    key = pem.load_pem_private_key((issued / "one.key").read_bytes(), None)
    locked = key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.BestAvailableEncryption(b"secret"))
    (issued / "locked.key").write_bytes(locked)
    assert faults(issued, "one.pem", "locked.key") == [
        "gslb.yaml:8: tls.certificate: can't be loaded with its key (the key has a passphrase);"
        " write PEM files, the key without passphrase"
    ]
