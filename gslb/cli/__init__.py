"""The commands of `gslb`: what people type, and what they read then."""

from gslb.cli.entry import main

__all__ = ["main"]
