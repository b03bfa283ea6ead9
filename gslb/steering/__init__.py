"""Which site should this client use now? Pure: a World and a client in, a Decision out."""

from gslb.steering.classes import ClientClass, Group
from gslb.steering.client import Lookup, locate
from gslb.steering.compare import Comparison, Side, compare
from gslb.steering.decide import decide
from gslb.steering.explain import WHY
from gslb.steering.filters import FILTERS
from gslb.steering.locator import Located, Locator
from gslb.steering.map import SteeringMap
from gslb.steering.overlay import overlaid
from gslb.steering.sample import Sample
from gslb.steering.scopes import Scopes, ScopeTree
from gslb.steering.table import Memo, Outcome, Table, compile_table

__all__ = [
    "FILTERS",
    "WHY",
    "ClientClass",
    "Comparison",
    "Group",
    "Located",
    "Locator",
    "Lookup",
    "Memo",
    "Outcome",
    "Sample",
    "ScopeTree",
    "Scopes",
    "Side",
    "SteeringMap",
    "Table",
    "compare",
    "compile_table",
    "decide",
    "locate",
    "overlaid",
]
