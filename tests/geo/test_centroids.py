import pytest

from gslb.geo.centroids import centroid
from gslb.geo.distance import distance_km
from gslb.model import Location

# ISO 3166-1, all 249, so that none is forgotten.
_COUNTRIES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW
BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI
FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE
YT ZA ZM ZW
"""


def test_every_country_has_one_on_earth():
    countries = _COUNTRIES.split()
    assert len(countries) == 249
    for country in countries:
        location = centroid(country)
        assert location is not None, country
        assert abs(location.latitude) <= 90
        assert abs(location.longitude) <= 180


@pytest.mark.parametrize("code", ["EU", "AP", "ZZ", "", "jp", "JPN"])
def test_what_is_no_country_has_none(code: str):
    assert centroid(code) is None


@pytest.mark.parametrize(
    ("country", "near"),
    [("JP", Location(35.68, 139.77)), ("DE", Location(50.11, 8.68)), ("US", Location(41.88, -87.63))],
)
def test_it_is_nearer_than_the_next_region(country: str, near: Location):
    location = centroid(country)
    assert location is not None
    assert distance_km(location, near) < 700
