"""Files of text that people write: bounded, UTF-8, or a sentence with the line where it goes wrong."""

from __future__ import annotations

from gslb.config.tree import Unreadable


def read_text(path: str, largest: int, too_large: str) -> str:
    """Raises Unreadable. `largest` is in octets; `too_large` says what to do about more."""
    try:
        with open(path, "rb") as opened:
            raw = opened.read(largest + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Unreadable(1, f"can't be read: {reason}") from None
    if len(raw) > largest:
        raise Unreadable(1, f"is larger than {largest >> 20} MB; {too_large}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"is not UTF-8: byte 0x{raw[error.start]:02x} at offset {error.start}; save it as UTF-8"
        raise Unreadable(line, message) from None
