"""Logging in by OpenID Connect (OpenID Connect Core 1.0), through Authlib: the extra `gslb[oidc]`."""
