"""Cookie secrets from a file: what is read, and what is refused with its place and what to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.errors import ConfigurationError
from gslb.runtime.cookiefiles import LARGEST, parse_secrets, read_cookie_secrets
from gslb.runtime.materials import load_materials
from tests.fuzz import fuzz_cookie_file
from tests.runtime.nodes import configuration

FIRST, SECOND = "e5e973e5a6b2a43f48e7dc849e37bfcf", "445536bcd2513298075a5d379663c962"


def faults(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        parse_secrets(text, "cookies")
    return [str(fault) for fault in raised.value.faults]


def test_the_first_line_is_the_first_secret():
    text = f"# of November\n\n  {FIRST.upper()}  # makes cookies\r\n{SECOND}\n"
    assert parse_secrets(text, "cookies") == (bytes.fromhex(FIRST), bytes.fromhex(SECOND))
    assert parse_secrets(FIRST, "cookies") == (bytes.fromhex(FIRST),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "cookies:1: cookies.secrets_file: has no secret; `openssl rand -hex 16` makes one"),
        ("# later\n", "cookies:1: cookies.secrets_file: has no secret"),
        (f"\n{FIRST[:-1]}\n", "cookies:2: cookies.secrets_file: 31 characters, and a secret is 32 hexadecimal digits"),
        (f"{FIRST}\n{'x' * 32}\n", "cookies:2: cookies.secrets_file: 32 characters, and a secret is 32 hexadecimal digits"),
        (f"{FIRST} {SECOND}\n", "cookies:1: cookies.secrets_file: 65 characters"),
        (f"{'ab' * 16}\n", "cookies:1: cookies.secrets_file: the same octet all along is guessed"),
        (f"{FIRST}\n\n{FIRST.upper()}\n", "cookies:3: cookies.secrets_file: is the secret of line 1 again"),
        (f"{FIRST}\n{SECOND}\n{SECOND[::-1]}\n", "cookies:3: cookies.secrets_file: a third secret; the first makes cookies"),
    ],
)
def test_a_fault_has_its_line_and_says_what_to_do(text: str, told: str):
    assert [fault[: len(told)] for fault in faults(text)] == [told]


def test_all_faults_are_told_and_no_secret_is_among_them():
    told = faults(f"{FIRST}0\n{SECOND}1\n")
    assert [fault.split(":")[1] for fault in told] == ["1", "2"]
    assert FIRST not in "".join(told)


@given(st.text() | st.lists(st.sampled_from([FIRST, SECOND, "#", " ", "\n", "0" * 32, FIRST[:9]])).map("".join))
def test_any_text_is_secrets_or_faults(text: str):
    fuzz_cookie_file.check(text)


def test_the_kept_corpus():
    for data in fuzz_cookie_file.seeds():
        fuzz_cookie_file.one_input(data)


class TestFile:
    def refused(self, folder, key: str = "cookies") -> str:
        with pytest.raises(ConfigurationError) as raised:
            load_materials(configuration(folder, cookies={"secrets_file": key}))
        (fault,) = raised.value.faults
        assert fault.file == str(folder / key)
        return f"{fault.line}: {fault.key}: {fault.message}"

    def write(self, folder, data: bytes, mode: int = 0o600) -> None:
        path = folder / "cookies"
        path.write_bytes(data)
        path.chmod(mode)

    def test_beside_the_configuration_is_read(self, tmp_path):
        self.write(tmp_path, f"{FIRST}\n{SECOND}\n".encode(), 0o640)
        settings = configuration(tmp_path, cookies={"secrets_file": "cookies"})
        assert read_cookie_secrets(settings) == (bytes.fromhex(FIRST), bytes.fromhex(SECOND))
        assert load_materials(settings).keyring.cookies == read_cookie_secrets(settings)

    def test_none_means_no_shared_secrets(self, tmp_path):
        assert load_materials(configuration(tmp_path)).keyring.cookies == ()

    def test_that_is_not_there_is_a_fault(self, tmp_path):
        assert "the secrets can't be read: No such file" in self.refused(tmp_path)
        (tmp_path / "folder").mkdir()
        assert "the secrets can't be read: Is a directory" in self.refused(tmp_path, "folder")

    @pytest.mark.parametrize("mode", [0o644, 0o602])
    def test_that_everybody_can_read_or_change_is_a_fault(self, tmp_path, mode):
        self.write(tmp_path, FIRST.encode(), mode)
        assert "everybody on this machine" in self.refused(tmp_path)

    def test_that_is_something_else_is_a_fault(self, tmp_path):
        self.write(tmp_path, b"\0" * (LARGEST + 1))
        assert f"is over {LARGEST} octets" in self.refused(tmp_path)
        self.write(tmp_path, b"\xff\xfe" + FIRST.encode("utf-16-le"))
        assert "characters, and a secret is 32 hexadecimal digits" in self.refused(tmp_path)
