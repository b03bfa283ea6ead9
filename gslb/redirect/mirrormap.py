"""The map of `?mirrorlist`: the land of the world in dots, and the sites on it. A picture in the page itself, of 3 KB."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Final, NamedTuple

from gslb.model import Location

_CELL: Final = 4  # degrees
_NORTH: Final = 80
# From Natural Earth (public domain), through the dashboard's map: what is land by half, and islands that would drown.
_LAND: Final = (
    "                     #####  ############        # #                   #",
    "              ### # ## ##      #########                          ########      #",
    "    ######  #######  #######   ########           ###       # ######################### #",
    "##  ####################  ###   ####    #       ##########################################",
    "    ##################    #      ##           ###########################################",
    "     ##    ###########    ###              ##  ##  #############################    ##",
    "            ############ ######            ##  #################################    #",
    "             ##################             #####################################",
    "              ###############               ###################################",
    "              #############                ###  #### # ## ####################  #",
    "              ############                 ##     # ####################### #  ##",
    "               ###########                 #####      #####################  ###",
    "                #########                 #################################",
    "                 ####                    ################# ################",
    "                  ###                    ############# #####  ###########",
    "                   ####                  ##################    ###  ####",
    "                      ##                 ################       #    ###",
    "                        # ####           #################      #      #",
    "                          ######          ###############             #   #",
    "                         #######               #########              # ###",
    "                         #########             ########               # ##     #",
    "                         ###########            #######                #       ###",
    "                         ###########            #######",
    "                          #########             #######                      ## #",
    "                           ########             ####### #                  #######",
    "                           ########             ######  #                 #########",
    "                           ######                ####                    ##########",
    "                           ######                ####                     #########",
    "                           #####                  ##                      ##   ####",
    "                           ####                                                 ##      #",
    "                          ###                                                    #      #",
    "                          ##                                                           #",
    "                          ##",
    "                           #",
)

STYLE: Final = (
    "svg{display:block;width:100%;height:auto;background:#f4f6f8;border-radius:.4rem}"
    ".land{fill:none;stroke:#c3cbd3;stroke-width:2.4;stroke-linecap:round;stroke-dasharray:0 4}"
    ".kept{fill:#1f77b4;stroke:#fff;stroke-width:.6}.chosen{fill:#d9480f;stroke:#fff;stroke-width:.6}"
    ".dropped{fill:#fff;stroke:#868e96}.client{fill:none;stroke:#d9480f;stroke-width:1.2}"
)
_RADIUS: Final = {"chosen": 4.0, "kept": 3.0, "dropped": 2.4, "client": 7.0}


class Spot(NamedTuple):
    """One circle: `kind` is chosen, kept, dropped or client."""

    kind: str
    location: Location
    title: str


def draw_map(spots: Iterable[Spot]) -> str:
    """Those that matter most should come last: they lie on top."""
    height = _CELL * len(_LAND)
    circles = "".join(map(_circle, spots))
    land = f'<path class="land" d="{_land()}"/>'
    return f'<svg viewBox="0 0 360 {height}" role="img" aria-label="Where they are">{land}{circles}</svg>'


def _circle(spot: Spot) -> str:
    x, y = spot.location.longitude + 180, min(max(_NORTH - spot.location.latitude, 0), _CELL * len(_LAND))
    title = f"<title>{escape(spot.title)}</title>"
    return f'<circle class="{spot.kind}" cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS[spot.kind]:g}">{title}</circle>'


def _land() -> str:
    """Each run of cells is one line, whose dashes are dots."""
    half = _CELL // 2
    runs = ((row, run) for row, cells in enumerate(_LAND) for run in re.finditer("#+", cells))
    return "".join(f"M{_CELL * run.start() + half} {_CELL * row + half}h{_CELL * (len(run[0]) - 1) + 0.1:g}" for row, run in runs)
