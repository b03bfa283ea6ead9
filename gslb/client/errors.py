"""How a node refuses, and how it is not there. All of these are NodeError or UsageError of gslb too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gslb.errors import GslbError, NodeError, UsageError


@dataclass(frozen=True, slots=True)
class FieldFault:
    field: str  # for_s, changes.0.site
    message: str
    where: str  # body.for_s


@dataclass(frozen=True, slots=True)
class Problem:
    """RFC 9457, as far as a node tells it."""

    status: int
    title: str
    detail: str
    errors: tuple[FieldFault, ...] = ()


class Unreachable(NodeError):
    """Nobody answers, or no gslb node does."""


class Refusal(GslbError):
    """The node refused; `problem` says why."""

    def __init__(self, message: str, problem: Problem) -> None:
        super().__init__(message)
        self.problem = problem

    @property
    def status(self) -> int:
        return self.problem.status


class Refused(Refusal, NodeError):
    """No token for it, no such thing, not now."""


class Unfit(Refusal, UsageError):
    """422: what was asked is not what it should be; `problem.errors` has each field."""


def problem_of(status: int, reason: str, document: Any) -> Problem:
    """Of whatever came as the body: another program may answer at this address."""
    told = document if isinstance(document, dict) else {}
    detail = told.get("detail")
    faults = told.get("errors")
    return Problem(
        status,
        str(told.get("title") or reason),
        detail if isinstance(detail, str) and detail else reason or "it gave no reason",
        tuple(_fault(each) for each in faults if isinstance(each, dict)) if isinstance(faults, list) else (),
    )


def _fault(told: dict[str, Any]) -> FieldFault:
    return FieldFault(*(str(told.get(name, "")) for name in ("field", "message", "where")))
