"""Files with TSIG secrets: what is read, and how what is wrong is told."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gslb.dns.keyring import TsigSecret
from gslb.errors import ConfigurationError, Fault
from gslb.model import TsigKey
from gslb.runtime.materials import load_materials
from gslb.runtime.tsigfiles import parse_secret, read_tsig_secrets
from tests.dns.worlds import configuration
from tests.fuzz import fuzz_tsig_file

SECRET = bytes(range(32))
TEXT = base64.b64encode(SECRET).decode()
BIND = f'key "transfer-key" {{\n\talgorithm hmac-sha256;\n\tsecret "{TEXT}";\n}};\n'
KNOT = f"# hmac-sha256:transfer-key:{TEXT}\nkey:\n  - id: transfer-key\n    algorithm: hmac-sha256\n    secret: {TEXT}\n"


def key(file: Path, name: str = "transfer-key") -> TsigKey:
    return TsigKey(name, "hmac-sha256", str(file))


def written(folder: Path, text: str | bytes, mode: int = 0o600) -> Path:
    file = folder / "transfer.key"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    file.chmod(mode)
    return file


def fault_of(file: Path) -> Fault:
    with pytest.raises(ConfigurationError) as refused:
        read_tsig_secrets(configuration(tsig_keys=(key(file),)))
    (fault,) = refused.value.faults
    return fault


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        f"\n  {TEXT}  \n",
        f"{TEXT[:20]}\n{TEXT[20:]}\n",
        f"# made on Monday\n{TEXT}\n",
        BIND,
        BIND.replace("transfer-key", "Transfer-Key."),
        BIND.replace('"', ""),
        "// BIND\n/* says\n so */ " + BIND.replace("\n", " "),
        KNOT,
        KNOT.replace("id: transfer-key", "id: transfer-key."),
    ],
    ids=[
        "base64",
        "blanks",
        "two lines",
        "comment",
        "tsig-keygen",
        "case",
        "unquoted",
        "one line",
        "keymgr",
        "keymgr, dot",
    ],
)
def test_a_secret_is_read_from_what_operators_have(tmp_path: Path, text: str) -> None:
    settings = configuration(tsig_keys=(key(written(tmp_path, text)),))
    assert read_tsig_secrets(settings) == {"transfer-key": TsigSecret("hmac-sha256", SECRET)}
    assert load_materials(settings).keyring.tsig["transfer-key"].secret == SECRET


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "is empty"),
        ("\n\n# nothing\n", 1, "is empty"),
        ("not base64!\n", 1, "is not base64"),
        (f"{TEXT}\n???\n", 2, "is not base64"),
        ("AAA\n", 1, "not base64; copy it whole"),
        ("\n\nc2hvcnQ=\n", 3, "a secret of 5 octets is guessed"),
        (BIND.replace(TEXT, "c2hvcnQ="), 3, "a secret of 5 octets"),
        (BIND.replace("sha256", "sha512"), 2, "is of algorithm hmac-sha512, and the configuration has hmac-sha256"),
        (BIND.replace("transfer-key", "other-key"), 1, "is of name other-key, and the configuration has transfer-key"),
        (BIND.replace("\tsecret", "\talgorithm"), 3, "algorithm is written twice"),
        (BIND.replace("secret", "sicret"), 1, "has no secret for transfer-key"),
        (BIND + BIND, 1, "is not base64"),
        (KNOT.replace("id: transfer-key", "id: other"), 3, "is of name other"),
        (b"\xff\xfe", 1, "octet 0 is not ASCII"),
        ("A" * 70_000, 1, "is over 65536 octets"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str | bytes, line: int, message: str) -> None:
    file = written(tmp_path, text)
    fault = fault_of(file)
    assert (fault.file, fault.line, fault.key) == (str(file), line, "tsig_keys[0]")
    assert message in fault.message
    assert TEXT not in str(fault)


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o666])
def test_a_secret_that_everybody_can_read_is_none(tmp_path: Path, mode: int) -> None:
    assert "chmod 600, or 640" in fault_of(written(tmp_path, TEXT, mode)).message


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400])
def test_a_group_may_have_it(tmp_path: Path, mode: int) -> None:
    assert read_tsig_secrets(configuration(tsig_keys=(key(written(tmp_path, TEXT, mode)),)))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    fault = fault_of(tmp_path / "nowhere")
    assert fault.message == "the secret can't be read: No such file or directory; `tsig-keygen` makes one"
    assert "can't be read" in fault_of(tmp_path).message  # a directory


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_materials(configuration(tsig_keys=(key(tmp_path / "one", "one"), key(tmp_path / "two", "two"))))
    assert [Path(fault.file).name for fault in refused.value.faults] == ["one", "two"]


@given(st.binary(min_size=16, max_size=64))
@example(b"\xff" * 30)
def test_every_secret_is_read_as_it_was_written(secret: bytes) -> None:
    """Slashes are of base64, and begin comments."""
    text = base64.b64encode(secret).decode()
    for file in (text, BIND.replace(TEXT, text), KNOT.replace(TEXT, text)):
        assert parse_secret(file, key(Path("x"))) == secret


@given(st.text(max_size=400) | st.binary(max_size=400).map(lambda data: data.decode("latin-1")))
def test_no_text_raises_anything_but_a_fault(text: str) -> None:
    fuzz_tsig_file.one_input(text.encode())


def test_the_kept_corpus() -> None:
    for data in fuzz_tsig_file.seeds():
        fuzz_tsig_file.one_input(data)
