"""Which site should this client use now? Pure: a World and a client in, a Decision out."""

from gslb.steering.classes import ClientClass, Group
from gslb.steering.client import Lookup, locate
from gslb.steering.decide import decide
from gslb.steering.filters import FILTERS
from gslb.steering.map import SteeringMap

__all__ = ["FILTERS", "ClientClass", "Group", "Lookup", "SteeringMap", "decide", "locate"]
