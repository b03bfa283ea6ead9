"""A node of gslb, for programs in Python.

from gslb.client import Client

with Client("http://127.0.0.1:8053") as node:
    print([site["id"] for site in node.sites() if site["condition"] != "up"])
"""

from gslb.client.client import Client
from gslb.client.errors import FieldFault, Problem, Refusal, Refused, Unfit, Unreachable
from gslb.client.following import Following, Message

__all__ = ["Client", "FieldFault", "Following", "Message", "Problem", "Refusal", "Refused", "Unfit", "Unreachable"]
