"""SOA serials: kept, and never falling, whatever the clock and the state file say."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb.model import Record, Zone
from gslb.runtime.serials import Signed, next_serials

ZONE = Zone("example.net", {"ns1.example.net": ()}, "h@example.net", records=(Record("a.example.net", 60, 1, b"\1\2\3\4"),))
OTHER = replace(ZONE, ttl_s=60)


def test_a_zone_that_stays_keeps_its_serial():
    first, kept = next_serials((ZONE,), None, 1000)
    second, _ = next_serials((ZONE,), kept, 2000)
    assert first == second == {"example.net": 1000}


def test_a_change_takes_the_second_of_the_change():
    _, kept = next_serials((ZONE,), None, 1000)
    assert next_serials((OTHER,), kept, 2000)[0] == {"example.net": 2000}


def test_the_order_of_records_and_nameservers_is_no_change():
    two = replace(ZONE, records=(*ZONE.records, Record("b.example.net", 60, 1, b"\1\2\3\5")))
    turned = replace(two, records=two.records[::-1])
    _, kept = next_serials((two,), None, 1000)
    assert next_serials((turned,), kept, 2000)[0] == {"example.net": 1000}


def test_a_zone_that_was_away_goes_on_from_its_serial():
    _, kept = next_serials((OTHER,), None, 3000)
    _, kept = next_serials((), kept, 3100)
    assert next_serials((ZONE,), kept, 1000)[0] == {"example.net": 3001}


@given(st.lists(st.tuples(st.sampled_from([ZONE, OTHER]), st.integers(0, 1 << 31)), min_size=1, max_size=20))
def test_it_never_falls_and_rises_with_each_change(steps):
    kept, before, zone_before = None, -1, None
    for zone, utc_s in steps:
        serials, kept = next_serials((zone,), kept, utc_s)
        assert (serials["example.net"] > before) if zone is not zone_before else serials["example.net"] == before
        before, zone_before = serials["example.net"], zone


@pytest.mark.parametrize(
    "kept", ["", "{", "[]", "7", "[" * 100_000, '{"example.net": 5}', '{"example.net": ["x", -1]}', '{"example.net": ["x", 1e9]}',
             '{"example.net": ["x", 99999999999]}', '{"example.net": [1, 2]}', '{"example.net": ["x", true]}']
)  # fmt: skip
def test_what_was_kept_and_is_not_understood_is_as_nothing(kept):
    serials, again = next_serials((ZONE,), kept, 1000)
    assert serials == {"example.net": 1000}
    assert json.loads(again)["example.net"][1] == 1000


def test_a_serial_that_the_operator_wrote_is_his_and_ours_go_on_from_it():
    numbers = b"".join(number.to_bytes(4, "big") for number in (2026112301, 3600, 600, 86400, 300))
    own = replace(ZONE, records=(*ZONE.records, Record("example.net", 300, 6, b"\0\0" + numbers)))
    serials, kept = next_serials((own,), None, 1000)
    assert serials == {"example.net": 2026112301}
    assert next_serials((ZONE,), kept, 2000)[0] == {"example.net": 2026112302}


def _written(serial: int) -> Zone:
    numbers = b"".join(number.to_bytes(4, "big") for number in (serial, 3600, 600, 86400, 300))
    return replace(ZONE, records=(*ZONE.records, Record("example.net", 300, 6, b"\0\0" + numbers)))


def test_nodes_that_share_keys_have_the_same_serial_after_all_was_signed_anew():
    """Whenever each of them was started, and noticed."""
    serials = []
    for started, noticed in ((1000, 9001), (5000, 9003)):
        _, kept = next_serials((ZONE,), None, started, None, {"example.net": Signed("a", 900)})
        again, kept = next_serials((ZONE,), kept, noticed - 10, None, {"example.net": Signed("a", 900)})
        assert again == {"example.net": started}
        serials.append(next_serials((ZONE,), kept, noticed, None, {"example.net": Signed("b", 9000)})[0])
    assert serials == [{"example.net": 9000}] * 2


def test_a_serial_does_not_fall_back_to_when_signing_began():
    _, kept = next_serials((ZONE,), None, 10_000, None, {"example.net": Signed("a", 900)})
    assert next_serials((ZONE,), kept, 10_005, None, {"example.net": Signed("b", 9000)})[0] == {"example.net": 10_001}


def test_a_serial_that_the_operator_of_a_signed_zone_wrote_is_gone_on_from():
    """Secondaries must take the signatures that are renewed, though he does not write another."""
    signed = {"example.net": Signed("a", 900)}
    serials, kept = next_serials((_written(2026112301),), None, 1000, None, signed)
    assert serials == {"example.net": 2026112301}
    serials, kept = next_serials((_written(2026112301),), kept, 1001, None, signed)
    assert serials == {"example.net": 2026112301}
    serials, kept = next_serials((_written(2026112301),), kept, 9000, None, {"example.net": Signed("b", 9000)})
    assert serials == {"example.net": 2026112302}
    assert next_serials((_written(2026120100),), kept, 9001, None, {"example.net": Signed("b", 9000)})[0] == {
        "example.net": 2026120100
    }


def test_what_an_earlier_version_kept_is_understood():
    _, kept = next_serials((ZONE,), None, 1000)
    digest, serial, _ = json.loads(kept)["example.net"]
    assert next_serials((ZONE,), json.dumps({"example.net": [digest, serial]}), 2000)[0] == {"example.net": 1000}
