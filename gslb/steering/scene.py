"""What the filters look at."""

from __future__ import annotations

from typing import NamedTuple

from gslb.model import Door, Service, Site, View, World
from gslb.steering.candidates import Mode
from gslb.steering.classes import ClientClass
from gslb.steering.holding import Need
from gslb.steering.standings import Standings


class Scene(NamedTuple):
    """One client's class in front of the sites; `need` is what a site must hold."""

    standings: Standings
    client_class: ClientClass
    need: Need
    mode: Mode

    @property
    def world(self) -> World:
        return self.standings.world

    @property
    def service(self) -> Service:
        return self.standings.service

    @property
    def view(self) -> View:
        return self.standings.view

    @property
    def door(self) -> Door:
        return self.standings.view.door

    @property
    def sites(self) -> dict[str, Site]:
        return self.standings.sites
