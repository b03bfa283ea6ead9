"""`gslb import`: YAML on standard output or in a file, what was left out on standard error, and an exit code that says so."""

from pathlib import Path

import pytest

from gslb.cli.entry import run

ZONE = "$TTL 1h\n$ORIGIN example.net.\n@ SOA ns1 host 1 2h 30m 2w 15m\n@ NS ns1\nns1 A 192.0.2.53\nwww A 192.0.2.1\n"
GDNSD = "plugins => { multifo => { w => { a => 192.0.2.1 } } }\n"


@pytest.fixture
def zone(tmp_path: Path) -> Path:
    file = tmp_path / "example.net.zone"
    file.write_text(ZONE)
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gdnsd" / "zones").mkdir(parents=True)
    (tmp_path / "gdnsd" / "config").write_text(GDNSD)
    (tmp_path / "gdnsd" / "zones" / "example.net").write_text(ZONE + "cdn 60 DYNA multifo!w\n")
    return tmp_path / "gdnsd"


def test_what_could_be_taken_whole_is_printed_and_nothing_is_said(zone, folder, capsys):
    for words in (["bind", str(zone)], ["gdnsd", str(folder)]):
        assert run(["import", *words]) == 0
        said = capsys.readouterr()
        assert said.out.startswith("# Imported from ")
        assert "\nzones:\n" in said.out
        assert said.err == ""


def test_what_was_left_out_is_a_line_each_and_the_exit_code_tells(zone, capsys):
    zone.write_text(ZONE + "old DNAME www\n\nother CH TXT x\n")
    assert run(["import", "bind", str(zone)]) == 1
    said = capsys.readouterr()
    assert "www A 192.0.2.1" in said.out
    assert said.err.splitlines() == [
        f"{zone}:7: DNAME of old.example.net. has no counterpart; write the names below it one by one; left out",
        f"{zone}:9: class CH is not served; left out",
    ]


def test_what_is_imported_from_gdnsd_is_valid_where_it_is_written(folder, tmp_path, capsys):
    file = tmp_path / "gslb.yaml"
    assert run(["import", "gdnsd", str(folder), "--output", str(file)]) == 0
    assert run(["check", str(file)]) == 0
    assert capsys.readouterr() == ("", "")


def test_the_zone_and_the_soa_are_as_told(zone, capsys):
    zone.write_text(ZONE.replace("$ORIGIN example.net.\n", ""))
    assert run(["import", "bind", str(zone), "--origin", "example.org", "--soa"]) == 0
    out = capsys.readouterr().out
    assert "name: example.org\n" in out
    assert "@ 3600 SOA ns1 host 1 7200 1800 1209600 900\n" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["bind", "nowhere.zone", "--origin", "example.net"], "nowhere.zone:1: can't be read: No such file or directory\n"),
        (["gdnsd", "nowhere"], "nowhere/config:1: can't be read: No such file or directory\n"),
        (["bind"], "gslb: Missing argument 'ZONEFILE' (gslb --help)\n"),
    ],
)
def test_what_can_not_be_read_is_one_line(words, sentence, capsys):
    assert run(["import", *words]) == 2
    assert capsys.readouterr() == ("", sentence)


def test_a_file_that_can_not_be_written_is_one_line(zone, tmp_path, capsys):
    out = tmp_path / "no" / "where.yaml"
    assert run(["import", "bind", str(zone), "-o", str(out)]) == 2
    assert capsys.readouterr().err == f"gslb: {out} can't be written: No such file or directory\n"


def test_mirrors_of_a_mirrorbits_become_a_configuration_that_can_be_checked(tmp_path, capsys):
    shown = tmp_path / "mirrors.txt"
    shown.write_text(
        "Mirror: a\nHttpURL: http://192.0.2.1/pub/\nCountryCodes: FR\nEnabled: true\n\nComment:\n\n"
        "Mirror: b\nHttpURL: http://[2001:db8::1]/\nLatitude: 35.6\nLongitude: 139.7\nCountryCodes: JP\n\nComment:\n"
    )
    file = tmp_path / "gslb.yaml"
    assert run(["import", "mirrorbits", str(shown), "--service", "dl.example.net", "--output", str(file)]) == 0
    assert capsys.readouterr().err == f"{shown}:1: a has no coordinates; it stands in the middle of FR\n"
    assert run(["check", str(file)]) == 0
    assert "dl.example.net" in file.read_text()
    assert run(["import", "mirrorbits", str(tmp_path / "nothing")]) == 2
