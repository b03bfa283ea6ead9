"""What operators order over the API: overrides, maintenance, and a what-if that is to come true."""

from gslb.admin.orders import applying, maintenance, overrides
from gslb.admin.orders.undoing import install_undoers

ROUTERS = (overrides.router, maintenance.router, applying.router)

__all__ = ["ROUTERS", "install_undoers"]
