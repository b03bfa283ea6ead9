"""Global server load balancer: one decision engine, two front doors."""

__version__ = "0.1.0"
