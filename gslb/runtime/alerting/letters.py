"""A message as a letter. What other people's servers said is in it, so it is made to be one line wherever a header takes it."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

import gslb
from gslb.model import Smtp
from gslb.model.text import printable
from gslb.runtime.alerting.words import headline, paragraphs
from gslb.state.alerts import Notice

SUBJECT_MOST: Final = 180


def letter(notice: Notice, smtp: Smtp, node: str, dashboard: str) -> EmailMessage:
    """The same letter for the same message: its Message-ID is made of the id. All of one incident are a thread."""
    message = EmailMessage(policy=SMTP)
    subject = printable(f"[gslb] {headline(notice, node)}")
    message["Subject"] = subject if len(subject) <= SUBJECT_MOST else f"{subject[: SUBJECT_MOST - 1]}…"
    message["From"] = smtp.sender
    message["To"] = ", ".join(smtp.recipients)
    message["Date"] = format_datetime(notice.at)
    message["Message-ID"] = _message_id(notice.id, notice.channel, smtp)
    if len(notice.incidents) == 1 and not notice.id.endswith("/opened"):
        message["References"] = _message_id(f"{notice.id.rpartition('/')[0]}/opened", notice.channel, smtp)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers
    message["X-Mailer"] = f"gslb/{gslb.__version__}"
    message.set_content("\n\n".join([*paragraphs(notice, dashboard), f"-- \n{node}: {dashboard}"]) + "\n", cte="quoted-printable")
    return message


def _message_id(message_id: str, channel: str, smtp: Smtp) -> str:
    unique = hashlib.sha256(f"{channel} {message_id}".encode()).hexdigest()[:32]
    return f"<{unique}@{smtp.sender.rpartition('@')[2]}>"
