"""Pages for people, as the server draws them: whole without JavaScript, and what the dashboard begins with."""

from gslb.admin.pages.frame import footer, page
from gslb.admin.pages.log_in import login_page

__all__ = ["footer", "login_page", "page"]
