"""One letter to a mail server."""

from __future__ import annotations

import asyncio
import ssl
from email.message import EmailMessage
from typing import Final

import aiosmtplib

from gslb.model import Smtp
from gslb.model.text import printable
from gslb.runtime.alerting.patience import Outcome, Result
from gslb.runtime.alerting.posting import SHOWN_MOST

WITHIN_S: Final = 20.0


async def mail(
    message: EmailMessage, smtp: Smtp, password: str | None, trust: ssl.SSLContext, within_s: float = WITHIN_S
) -> Outcome:
    """Raises nothing. Taken for one of several recipients is sent: the server tells the sender of the others."""
    try:
        async with asyncio.timeout(within_s):
            refused, _ = await aiosmtplib.send(
                message,
                sender=smtp.sender,
                recipients=list(smtp.recipients),
                hostname=smtp.host,
                port=smtp.port,
                username=smtp.user,
                password=password,
                timeout=within_s,
                use_tls=smtp.tls,
                start_tls=smtp.starttls and not smtp.tls,
                tls_context=trust,
            )
    except TimeoutError:
        return Outcome(Result.LATER, f"did not take the letter within {within_s:g} s")
    except aiosmtplib.SMTPRecipientsRefused as error:
        codes = [each.code for each in error.recipients]
        later = any(code < 500 for code in codes)
        return Outcome(Result.LATER if later else Result.REFUSED, _said(f"refused every recipient ({codes[0]})"))
    except aiosmtplib.SMTPResponseException as error:
        kind = Result.REFUSED if 500 <= error.code < 600 else Result.LATER
        return Outcome(kind, _said(f"answered {error.code}: {error.message}"))
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        return Outcome(Result.LATER, _said(f"can't be used: {str(error) or type(error).__name__}"))
    return Outcome(Result.SENT, _said(f"took it but for {', '.join(refused)}") if refused else "")


def _said(text: str) -> str:
    return printable(" ".join(text.split()))[:SHOWN_MOST]
