"""Probes of sites, and the vantage agent. Needs nothing of the load balancer, and runs alone."""

__version__ = "0.1"
