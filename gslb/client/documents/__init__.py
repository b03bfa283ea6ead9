"""What the API answers, as types; every answer is a plain dictionary."""

from gslb.client.documents.people import *  # noqa: F403
from gslb.client.documents.record import *  # noqa: F403
from gslb.client.documents.sites import *  # noqa: F403
from gslb.client.documents.steering import *  # noqa: F403
