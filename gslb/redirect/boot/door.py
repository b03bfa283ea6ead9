"""The paths of a service that are answered here: scripts that boot an image, and reports of what they measured."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from gslb.model import ADDRESS_BITS, BootImage, Configuration, View
from gslb.model.counting import Counters, add
from gslb.redirect.boot.course import Course, Pilot
from gslb.redirect.boot.ipxe import write_ipxe
from gslb.redirect.boot.measured import Measured, Unfit, read_report
from gslb.redirect.boot.names import MEASURED, Kind, Own, names_of
from gslb.redirect.boot.shell import write_shell
from gslb.redirect.boot.token import Bearer, make_token
from gslb.redirect.location import Target
from gslb.redirect.own import own_url
from gslb.redirect.pages import decision_field, write_page
from gslb.redirect.peers import Peer
from gslb.redirect.refusal import Refusal
from gslb.redirect.reply import TEXT, Reply, write_head, write_reply
from gslb.redirect.serving import Serving
from gslb.steering.sample import network_of

NONCE_OCTETS: Final = 8

OnMeasured = Callable[[Measured], bool]  # whether there was room for it


class Call(NamedTuple):
    """A request for one of these paths; `counts` is False for one that may change nothing (HEAD)."""

    service: str
    view: View
    peer: Peer
    target: Target
    stale: bool = False
    counts: bool = True


class BootDoor:
    """One thread; the counters are the caller's. `on_measured` is told of every report that is accepted. `secrets` make and
    judge tokens: without any there are none, and nobody is asked to report.
    """

    def __init__(
        self,
        counters: Counters,
        on_measured: OnMeasured | None = None,
        utc_s: Callable[[], float] = time.time,
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._counters, self.on_measured, self._utc_s, self._draw = counters, on_measured, utc_s, draw
        self._names: tuple[Configuration | None, Mapping[str, Mapping[bytes, Own]]] = (None, {})
        self._used: dict[str, None] = {}
        self.secrets: Sequence[bytes] = ()

    def find(self, serving: Serving, service: str, path: bytes) -> Own | None:
        """What a path is here; None for a mirror's."""
        configuration = serving.world.configuration
        if self._names[0] is not configuration:
            self._names = configuration, {each.host: names_of(each) for each in configuration.services}
        return self._names[1][service].get(path)

    def answer(self, serving: Serving, own: Own, call: Call) -> Reply:
        """Raises Refusal."""
        if own.image is None:
            return self._note(serving, call)
        return self._script(serving, own.image, own.kind, call)

    # Scripts.

    def _script(self, serving: Serving, image: BootImage, kind: Kind, call: Call) -> Reply:
        world, sites = serving.world, serving.pages.sites
        service = world.configuration.service(call.service)
        located = serving.locator.find(call.service, call.peer.family, call.peer.address, ADDRESS_BITS[call.peer.family])
        avoid = frozenset(site for name in call.target.avoid if (site := name.decode("ascii")) in sites)
        pilot = Pilot(world, service, image, call.view, sites)
        decision = pilot.decide(located.client, min(call.target.nth, len(sites)), avoid)
        if not decision.choices:
            page = write_page(call.service, call.view, decision.why, (), decision.ttl_s, sites, decision.world)
            return Reply(503, page.stale if call.stale else page.fresh, page.body)
        course = pilot.course(decision.choices, kind, world.configuration.limits.boot_candidates)
        if course is None:
            raise Refusal(414, "The URLs of this image would be longer than 2 KB.")
        add(self._counters, "gslb_http_boot_scripts_total", call.service, image.name, kind.value)
        body = self._written(serving, course, kind, call).encode()
        told = decision_field(course.candidates[0].site, decision.why, decision.world, call.stale)
        fields = (("Content-Type", TEXT), ("Cache-Control", "private, no-store"), ("GSLB-Decision", told))
        return Reply(200, write_head(200, fields, len(body)), body)

    def _written(self, serving: Serving, course: Course, kind: Kind, call: Call) -> str:
        if kind is Kind.IPXE:
            return write_ipxe(course)
        measure = kind is Kind.FASTEST
        return write_shell(course, measure, self._report_url(serving, call) if measure else "")

    def _report_url(self, serving: Serving, call: Call) -> str:
        """But for the measurement; "" where no name is known under which we could be told."""
        configuration = serving.world.configuration
        own = own_url(configuration, configuration.service(call.service), call.view.tls)
        if own is None or not self.secrets:
            return ""
        token = make_token(self.secrets, _bearer(serving, call), self._utc_s(), self._draw(NONCE_OCTETS))
        return f"{own}{MEASURED}?token={token}"

    # Reports.

    def _note(self, serving: Serving, call: Call) -> Reply:
        query = call.target.suffix.partition(b"?")[2]
        try:
            report = read_report(query, serving.pages.sites, self.secrets, _bearer(serving, call), self._utc_s())
            if call.counts:
                self._take(report, serving.world.configuration.limits.measurements)
        except Unfit as unfit:
            add(self._counters, "gslb_http_measured_total", call.service, unfit.result)
            raise Refusal(unfit.status, unfit.text) from None
        if call.counts:
            add(self._counters, "gslb_http_measured_total", call.service, "accepted")
        return write_reply(200, "Noted.")

    def _take(self, report: Measured, most: int) -> None:
        if report.token in self._used:
            raise Unfit(409, "duplicate", "The token of the report has been used already.")
        if self.on_measured is None or not self.on_measured(report):
            raise Unfit(429, "busy", "Too many reports come at the moment.")
        if len(self._used) >= most:
            del self._used[next(iter(self._used))]
        self._used[report.token] = None


def _bearer(serving: Serving, call: Call) -> Bearer:
    return Bearer(call.service, network_of(serving.world, call.service, call.peer.family, call.peer.address))
