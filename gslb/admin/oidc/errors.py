"""What goes wrong with an identity provider."""

from gslb.errors import GslbError


class ProviderError(GslbError):
    """What is wrong with the provider, or with what it said; in words for people."""
