"""Files of keys: those of BIND and ldns are read, ours are read by them, and what is not sound is said with its place."""

from __future__ import annotations

import base64
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.dns.signing import load_zone_keys
from gslb.dns.signing.directory import make_directory, rewrite_times
from gslb.dns.signing.ds import ds_text
from gslb.dns.signing.keyfile import BadKeyFile, read_private, read_public
from gslb.errors import ConfigurationError
from tests.dns.signing.makers import NOW, ZONE, key_file
from tests.fuzz import fuzz_keyfile

CORPUS = Path(__file__).parents[2] / "fuzz/corpus/keyfile"


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def installed(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed")


# ------------------------------------------------------------------------------------------------- others


@installed("dnssec-keygen")
@pytest.mark.parametrize("algorithm", ["13", "15"])
@pytest.mark.parametrize(("words", "flags"), [(("-f", "KSK"), 257), ((), 256)], ids=["ksk", "zsk"])
def test_keys_of_bind_are_read_with_their_times(tmp_path, algorithm, words, flags):
    made = run("dnssec-keygen", "-q", "-K", str(tmp_path), "-a", algorithm, *words, "-I", "20301231000000", ZONE)
    (found,) = load_zone_keys(ZONE, tmp_path).keys
    assert os.path.basename(found.stem) == made.strip()
    assert (found.flags, found.algorithm.number, found.timing.inactive) == (flags, int(algorithm), 1924905600)
    assert found.timing.publish == found.timing.activate is not None


@installed("ldns-keygen")
@pytest.mark.parametrize("algorithm", ["ECDSAP256SHA256", "ED25519"])
def test_keys_of_ldns_have_no_times_and_are_in_use(tmp_path, algorithm):
    subprocess.run(["ldns-keygen", "-k", "-a", algorithm, ZONE], check=True, capture_output=True, cwd=tmp_path)
    keys = load_zone_keys(ZONE, tmp_path)
    assert keys.at(NOW).usable
    digest = next(tmp_path.glob("*.ds")).read_text().split()[3:]
    assert ds_text(keys.keys[0]).lower() == " ".join(digest).lower()


@installed("dnssec-dsfromkey")
@pytest.mark.parametrize("number", [13, 15])
def test_our_keys_have_for_bind_the_ds_that_they_have_for_us(tmp_path, number):
    made = key_file(tmp_path, number=number)
    assert run("dnssec-dsfromkey", "-2", made.stem + ".key").split(" IN DS ")[1].strip() == ds_text(made)


@installed("ldns-key2ds")
def test_our_keys_have_for_ldns_the_ds_that_they_have_for_us(tmp_path):
    made = key_file(tmp_path)
    assert run("ldns-key2ds", "-n", "-2", made.stem + ".key").split("\tDS\t")[1].strip().lower() == ds_text(made).lower()


@installed("dnssec-settime")
def test_bind_reads_and_sets_the_times_of_our_keys(tmp_path):
    made = key_file(tmp_path)
    told = run("dnssec-settime", "-K", str(tmp_path), "-u", "-p", "all", os.path.basename(made.stem))
    assert f"Publish: {NOW}" in told
    assert "SYNC Publish: " in told
    run("dnssec-settime", "-K", str(tmp_path), "-I", "20300101000000", "-D", "20300201000000", os.path.basename(made.stem))
    (found,) = load_zone_keys(ZONE, tmp_path).keys
    assert (found.timing.inactive, found.timing.delete, found.rdata) == (1893456000, 1896134400, made.rdata)


# --------------------------------------------------------------------------------------------------- ours


@pytest.mark.parametrize("number", [13, 15])
def test_a_key_is_read_as_it_was_made(tmp_path, number):
    made = key_file(tmp_path, number=number)
    (found,) = load_zone_keys(ZONE, tmp_path).keys
    assert (found.rdata, found.timing, found.tag) == (made.rdata, made.timing, made.tag)
    assert found.secret.sign(b"x") == made.secret.sign(b"x")


def test_a_secret_without_its_leading_zeros_is_read_as_bind_writes_it():
    parts = [read_private((CORPUS / name).read_bytes()) for name in ("short.private", "padded.private")]
    assert parts[0].secret == parts[1].secret
    assert parts[0].secret[0] == 0


def test_the_private_part_is_its_owners_alone_and_nothing_else_is_left(tmp_path):
    made = key_file(tmp_path)
    assert stat.S_IMODE(os.stat(made.stem + ".private").st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == sorted(os.path.basename(made.stem) + end for end in (".key", ".private"))


@pytest.mark.needs_root
def test_files_that_root_makes_belong_to_whom_the_directory_belongs(tmp_path):
    """The node that reads them has other rights than who runs the command."""
    directory = tmp_path / "keys"
    os.chown(tmp_path, 12345, 12346)
    make_directory(directory)
    made = key_file(directory)
    for path in (directory, Path(made.stem + ".key"), Path(made.stem + ".private")):
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346)


def test_other_times_keep_the_key_and_the_lines_that_are_not_ours(tmp_path):
    made = key_file(tmp_path)
    with open(made.stem + ".private", "a") as file:
        file.write("Successor: 1234\n")
    (found,) = load_zone_keys(ZONE, tmp_path).keys
    rewrite_times(found.at(inactive=NOW + 5))
    (again,) = load_zone_keys(ZONE, tmp_path).keys
    assert (again.timing.inactive, again.rdata, again.extra) == (NOW + 5, made.rdata, (("Successor", "1234"),))


def test_keys_of_other_zones_in_the_same_directory_are_left_alone(tmp_path):
    key_file(tmp_path, zone_name="other.example.org")
    (tmp_path / "Kother.example.org.+013+00001.key").write_text("nonsense")
    (tmp_path / "Kexample.org.+013+00002.private").write_text("a key that is being written")
    ours = key_file(tmp_path)
    assert [key.tag for key in load_zone_keys(ZONE, tmp_path).keys] == [ours.tag]


# ------------------------------------------------------------------------------------------------- faults

PRIVATE = [
    (lambda text: text[:45], "PrivateKey", "is missing"),
    (lambda text: text.replace("v1.3", "v9.9"), "Private-key-format", "v1.2 and v1.3"),
    (lambda text: text.replace("13 (ECDSA", "8 (ECDSA"), "Algorithm", "is algorithm 8; there is 13 (ECDSAP256SHA256) and 15"),
    (lambda text: text.replace("13 (ECDSAP256SHA256)", "15 (ED25519)"), "Algorithm", "is not that of the public part"),
    (lambda text: text.replace("=\n", "\n", 1), "PrivateKey", "is not whole base64"),
    (lambda text: _secret(text, bytes(20)), "PrivateKey", "has 20 octets, not 32"),
    (lambda text: _secret(text, bytes(33)), "PrivateKey", "has 33 octets, not 32"),
    (lambda text: _secret(text, bytes(32)), "PrivateKey", "is no key of its algorithm"),
    (lambda text: _secret(text, bytes(31) + b"\1"), "PrivateKey", "does not belong to the public part"),
    (lambda text: text.replace("Publish: 2", "Publish: x"), "Publish", "is not a time"),
    (lambda text: text.replace("Activate: 2027", "Activate: 2027139"), "Activate", "is not a time"),
    (lambda text: text + "Delete: 20000101000000\n", "Delete", "is before Publish"),
    (lambda text: text + "Created: 20270115080000\n", "Created", "is there twice"),
    (lambda text: text + "Revoke: 20270115080000\n", "Revoke", "RFC 5011"),
    (lambda text: text + "\x00\x01\n", "Private-key-format", "is not a line"),
    (lambda text: text + "é\n", "(file)", "is not ASCII"),
    (lambda text: text + "x" * 20_000, "(file)", "is larger than"),
    (lambda text: "", "Private-key-format", "is missing"),
]


@pytest.mark.parametrize(("spoil", "key", "words"), PRIVATE, ids=[row[2] for row in PRIVATE])
def test_a_private_part_that_is_not_sound_is_refused_with_file_line_and_reason(tmp_path, spoil, key, words):
    path = Path(key_file(tmp_path).stem + ".private")
    path.write_text(spoil(path.read_text()), encoding="utf-8")
    fault = _fault(tmp_path)
    assert (fault.file, fault.key) == (str(path), key)
    assert words in fault.message
    lines = path.read_text().split("\n")
    assert 1 <= fault.line <= len(lines)
    if key in ("Publish", "Activate", "Delete", "Created", "Revoke", "PrivateKey") and "missing" not in words:
        assert lines[fault.line - 1].startswith(key)


PUBLIC = [
    (lambda text: text.replace("example.org. IN", "example.net. IN"), "is a key of example.net"),
    (lambda text: text.replace(" 257 3 ", " 257 4 "), "has protocol 4"),
    (lambda text: text.replace(" 257 3 ", " 385 3 "), "is revoked"),
    (lambda text: text.replace(" 257 3 ", " 0 3 "), "has flags 0"),
    (lambda text: text.replace(" 257 3 ", " x 3 "), "is not a number"),
    (lambda text: text.replace(" 257 3 ", " 256 3 "), "name its files so"),
    (lambda text: text.replace(" 3 13 ", " 3 5 "), "is algorithm 5"),
    (lambda text: text[:-20], "base64"),
    (lambda text: text.replace("DNSKEY", "KEY"), "is no DNSKEY record"),
    (lambda text: text.partition("DNSKEY")[0] + "DNSKEY 257 3 13", "is cut off"),
    (lambda text: "; nothing\n", "holds no record"),
]


@pytest.mark.parametrize(("spoil", "words"), PUBLIC, ids=[row[1] for row in PUBLIC])
def test_a_public_part_that_is_not_sound_is_refused_with_file_line_and_reason(tmp_path, spoil, words):
    path = Path(key_file(tmp_path).stem + ".key")
    path.write_text(spoil(path.read_text()))
    fault = _fault(tmp_path)
    assert (fault.file, fault.key) == (str(path), "DNSKEY")
    assert words in fault.message


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o660, 0o601])
def test_a_private_part_that_others_can_read_is_refused_with_the_command_that_mends_it(tmp_path, mode):
    path = key_file(tmp_path).stem + ".private"
    os.chmod(path, mode)
    assert f"(mode {mode:04o}); run: chmod 600 {path}" in _fault(tmp_path).message


def test_a_group_may_read_so_that_a_node_need_not_own_its_keys(tmp_path):
    os.chmod(key_file(tmp_path).stem + ".private", 0o640)
    assert load_zone_keys(ZONE, tmp_path).keys


def test_a_public_part_alone_and_a_directory_that_is_none_are_told(tmp_path):
    stem = key_file(tmp_path).stem
    os.unlink(stem + ".private")
    assert "can't be read: No such file" in _fault(tmp_path).message
    fault = _fault(Path(stem + ".key"))
    assert (fault.file, fault.message) == (stem + ".key", "the keys of example.org can't be read: Not a directory")


@pytest.mark.parametrize("ending", [".key", ".private"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, ending):
    path = key_file(tmp_path).stem + ending
    os.unlink(path)
    os.mkfifo(path, 0o600)
    fault = _fault(tmp_path)
    assert (fault.file, fault.message) == (path, "is no regular file")


def test_no_directory_holds_no_keys(tmp_path):
    assert load_zone_keys(ZONE, tmp_path / "none").keys == ()


def test_every_file_that_is_not_sound_is_told_at_once(tmp_path):
    for _ in range(2):
        os.chmod(key_file(tmp_path).stem + ".private", 0o644)
    with pytest.raises(ConfigurationError) as caught:
        load_zone_keys(ZONE, tmp_path)
    assert len(caught.value.faults) == 2


def test_no_fault_tells_what_is_in_a_private_file(tmp_path):
    path = Path(key_file(tmp_path).stem + ".private")
    text = path.read_text()
    secret = text.partition("PrivateKey: ")[2].partition("\n")[0]
    for spoiled in (text.replace("PrivateKey: ", "PrivateKey "), _secret(text, base64.b64decode(secret)[:-1])):
        path.write_text(spoiled)
        assert secret[:12] not in str(_fault(tmp_path))


# --------------------------------------------------------------------------------------------- any octets


@given(st.binary(max_size=300))
def test_any_octets_are_a_key_or_are_refused(raw):
    fuzz_keyfile.one_input(raw)


@given(st.data())
def test_a_damaged_file_is_a_key_or_is_refused(data):
    raw = bytearray(data.draw(st.sampled_from(sorted(CORPUS.iterdir()))).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    fuzz_keyfile.one_input(bytes(raw))


@pytest.mark.parametrize("read", [read_private, read_public])
def test_nothing_is_no_key(read):
    with pytest.raises(BadKeyFile):
        read(b"")


def _secret(text: str, secret: bytes) -> str:
    before, _, rest = text.partition("PrivateKey: ")
    return f"{before}PrivateKey: {base64.b64encode(secret).decode()}\n{rest.partition(chr(10))[2]}"


def _fault(directory: Path):
    with pytest.raises(ConfigurationError) as caught:
        load_zone_keys(ZONE, directory)
    (fault,) = caught.value.faults
    return fault
