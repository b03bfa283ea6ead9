from gslb.state.vantage import Sight, is_outage


def seen(text: str) -> list[Sight]:
    """One word a region: f fell just now, u is up, d was down before."""
    return [Sight(str(region), mark == "f") for region, marks in enumerate(text.split()) for mark in marks]


def test_more_than_half_in_every_region_is_an_outage():
    assert is_outage(seen("ffu ffu ffffuuu"))
    assert is_outage(seen("fff fff fffffff"))


def test_half_of_a_region_is_not_more_than_half():
    assert not is_outage(seen("fu fff"))


def test_one_region_that_stands_clears_the_vantage():
    assert not is_outage(seen("fff uuu fffffff"))


def test_what_was_down_before_did_not_fall_now():
    assert not is_outage(seen("fdd fff ffu"))
    assert is_outage(seen("ffd fff ffu"))


def test_one_site_says_nothing_of_its_vantage():
    assert not is_outage(seen("f"))
    assert is_outage(seen("ff"))
