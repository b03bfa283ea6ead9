"""Times as people and programs send them: ISO 8601 with an offset, and nothing that only looks like one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, WithJsonSchema

LONGEST = 40


def moment(text: object) -> datetime:
    """In UTC. A number is no time here: nobody can tell seconds from milliseconds."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) and len(text) <= LONGEST else None
        if found is not None and found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("is no time with its offset; write it as 2027-03-31T18:00:00Z")


Time = Annotated[AwareDatetime, BeforeValidator(moment), WithJsonSchema({"type": "string", "format": "date-time"})]
