"""A configuration as the changes of operators make it: what a World is made of, and what a simulation asks about."""

from gslb.model.overlay import overlaid

__all__ = ["overlaid"]
