"""Lists of mirrors as the command line of Mirrorbits prints them, in its three forms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gslb.config import parse
from gslb.config.importers import Imported, import_mirrorbits
from gslb.errors import UsageError
from gslb.model import Configuration, Site
from tests.fuzz import fuzz_mirrorbits

NAMES = {
    "mirror.example.fr": ["192.0.2.1", "2001:db8::1"],
    "ftp.example.jp": ["192.0.2.2"],
    "secure.example.us": ["192.0.2.3"],
    "many.example.net": [f"192.0.2.{number}" for number in range(10, 30)],
}
PLACES = {"FR": (46.0, 2.0), "JP": (36.0, 138.0), "US": (38.0, -97.0)}

SHOWN = """\
Mirror: mirror.example.fr
HttpURL: http://mirror.example.fr/pub/
RsyncURL: rsync://mirror.example.fr/pub/
FtpURL: ""
SponsorName: 'A university: the one'
AdminEmail: admin@mirror.example.fr
CustomData: ""
ContinentOnly: false
CountryOnly: true
ASOnly: false
Score: 50
Latitude: 48.8534
Longitude: 2.3488
ContinentCode: EU
CountryCodes: FR BE
ExcludedCountryCodes: DE
ASNum: 2200
Enabled: true
AllowRedirects: null

Comment:
Mirror: since 1998
HttpURL is not a setting here.

Mirror: jp
HttpURL: http://ftp.example.jp:8080/
Latitude: 35.68
Longitude: 139.77
ContinentCode: AS
CountryCodes: JP
ASOnly: true
ASNum: 2500
Enabled: true
AllowRedirects: true

Comment:

Mirror: secure
HttpURL: https://secure.example.us/
CountryCodes: US
ContinentCode: NA
Latitude: 0
Longitude: 0
Enabled: true

Comment:

Mirror: gone
HttpURL: http://gone.example.net/
CountryCodes: FR
Enabled: true

Comment:

Mirror: off
HttpURL: http://mirror.example.fr/
CountryCodes: FR
Enabled: false

Comment:
"""
LISTED = (
    "Identifier \t\tHTTP \t\t\t\tRSYNC \t\t\tLOCATION \tSTATE\t\tSINCE\n"
    "mirror.example.fr \thttp://mirror.example.fr/pub/ \trsync://mirror.example.fr/pub/ \tFR (EU) \tup \t\t(Mon, 01 Jan 2024)\n"
    "jp \t\t\thttp://ftp.example.jp/ \t \t\t\tJP (AS) \tdown \t\t(Mon, 01 Jan 2024)\n"
    "off \t\t\thttp://ftp.example.jp/ \t \t\t\tJP (AS) \tdisabled \t(Mon, 01 Jan 2024)\n"
    "odd\n"
)
EXPORTED = (
    "FR\trsync://mirror.example.fr/pub/\tadmin@mirror.example.fr\n"
    "FR\thttp://mirror.example.fr/pub/\tadmin@mirror.example.fr\n"
    "JP\thttp://ftp.example.jp/\t\n"
    "US\tgopher://x/\t\n"
)


def resolve(host: str) -> Sequence[str]:
    return NAMES.get(host, [])


def imported(tmp_path: Path, text: str, host: str = "mirrors.example.net") -> Imported:
    file = tmp_path / "mirrors.txt"
    file.write_text(text)
    return import_mirrorbits(str(file), host, resolve, PLACES.get)


def valid(found: Imported) -> Configuration:
    return parse(found.text, "imported.yaml")


def sites(found: Imported) -> dict[str, Site]:
    return {site.id: site for site in valid(found).sites}


def told(found: Imported, lost: bool = True) -> list[str]:
    return [f"{note.place.line}: {note.message}" for note in found.notes if note.lost is lost]


def test_what_show_prints_of_a_mirror_becomes_a_site(tmp_path):
    found = imported(tmp_path, SHOWN)
    by_id = sites(found)
    assert list(by_id) == ["mirror.example.fr", "jp", "secure"]
    fr = by_id["mirror.example.fr"]
    assert (fr.url, fr.rsync, fr.country, fr.region) == (
        "http://mirror.example.fr/pub/", "rsync://mirror.example.fr/pub/", "FR", "eu",
    )  # fmt: skip
    assert (fr.location.latitude, fr.location.longitude, fr.weight) == (48.8534, 2.3488, 150)
    assert [str(address) for address in fr.addresses] == NAMES["mirror.example.fr"]
    assert fr.only is not None
    assert set(fr.only.countries) == {"FR", "BE"}
    assert by_id["jp"].only is not None
    assert set(by_id["jp"].only.asns) == {2500}
    (rule,) = valid(found).services[0].rules
    assert (rule.action, rule.targets, set(rule.match.countries)) == ("never", ("mirror.example.fr",), {"DE"})


def test_https_alone_and_no_coordinates_are_told(tmp_path):
    found = imported(tmp_path, SHOWN)
    secure = sites(found)["secure"]
    assert (secure.url, secure.url_https) == ("http://secure.example.us/", "https://secure.example.us/")
    assert (secure.location.latitude, secure.location.longitude) == PLACES["US"]
    assert any("supposes that it serves http too" in line for line in told(found, lost=False))
    assert any("stands in the middle of US" in line for line in told(found, lost=False))


def test_what_has_no_counterpart_is_told_with_its_line(tmp_path):
    found = imported(tmp_path, SHOWN)
    assert told(found) == [
        f"{SHOWN.splitlines().index('AllowRedirects: true') + 1}: jp may redirect; here a site that does is down",
        f"{SHOWN.splitlines().index('Mirror: gone') + 1}: gone is left out: "
        "gone.example.net has no address that can be looked up here; write `addresses` by hand",
    ]
    assert any(line.endswith("off is disabled; left out") for line in told(found, lost=False))


def test_the_table_of_list_is_taken_with_places_by_country(tmp_path):
    found = imported(tmp_path, LISTED)
    by_id = sites(found)
    assert list(by_id) == ["mirror.example.fr", "jp"]
    assert (by_id["jp"].region, by_id["jp"].country, by_id["jp"].url) == ("as", "JP", "http://ftp.example.jp/")
    assert (by_id["jp"].location.latitude, by_id["jp"].location.longitude) == PLACES["JP"]
    assert by_id["mirror.example.fr"].rsync == "rsync://mirror.example.fr/pub/"
    assert told(found) == ["5: is no line of this table; left out"]


def test_the_list_for_mirmon_names_mirrors_by_their_hosts(tmp_path):
    found = imported(tmp_path, EXPORTED)
    by_id = sites(found)
    assert list(by_id) == ["mirror.example.fr", "ftp.example.jp"]
    assert by_id["mirror.example.fr"].rsync == "rsync://mirror.example.fr/pub/"
    assert told(found) == ["4: is no line of country, URL and address of mail; left out"]


def test_many_addresses_and_equal_names_are_bounded_and_told_apart(tmp_path):
    text = "".join(f"Mirror: A_{sign}\nHttpURL: many.example.net\nCountryCodes: us\nComment:\n" for sign in "+*!")
    found = imported(tmp_path, text)
    assert list(sites(found)) == ["a", "a-2", "a-3"]
    assert all(len(site.addresses) == 8 for site in sites(found).values())
    assert len(told(found)) == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no list of mirrors; write what `mirrorbits show`"),
        ("node: x\n", "is no list of mirrors"),
        ("Identifier \tSTATE\tSINCE\na \tup \t(x)\n", "does not tell where mirrors are"),
        ("Mirror: a\nHttpURL: ''\nComment:\n", "has no mirror that can be taken; the first: "),
        ("XX\thttp://ftp.example.jp/\t\n", "nothing tells where it is; write `location` by hand"),
        ("Mirror: a\nHttpURL: http://u:p@ftp.example.jp/\nComment:\n", "holds a user or a password"),
    ],
)
def test_what_can_not_be_taken_is_one_sentence(tmp_path, text, why):
    with pytest.raises(UsageError) as caught:
        imported(tmp_path, text)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_service_that_is_no_host_name_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"^--service: "):
        imported(tmp_path, SHOWN, host="-no name-")


SIGNS = [*SHOWN.split("\n")[:20], *LISTED.split("\t"), *EXPORTED.split("\t")]
SIGNS += ["\n", "\t", ":", "'", "- ", "Mirror: ", "&a ", "*a", "[", "\x00"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(SIGNS), st.text(max_size=5)), max_size=60), st.sampled_from(["\n", "\t", ""]))
def test_whatever_the_file_holds_it_is_imported_or_told(signs, between):
    fuzz_mirrorbits.one_input(between.join(signs).encode("utf-8", "surrogatepass"))
