"""What is wrong with a request, as RFC 9457 has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response

MEDIA_TYPE = "application/problem+json"


class FieldFault(BaseModel):
    where: str = Field(description="As in the request: body.reason, query.limit.")
    field: str = Field(description="The same without the part of the request: reason, limit; changes.0.site in a list.")
    message: str


class Problem(BaseModel):
    """RFC 9457. `type` is always about:blank: the status says what kind it is."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[FieldFault] | None = None


class ProblemResponse(JSONResponse):
    media_type = MEDIA_TYPE


def refusal(status: int, detail: str, **headers: str) -> HTTPException:
    """To raise. Underscores in the names of headers become hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HTTPException(status, detail, headers=named or None)


def answer(status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return ProblemResponse(body, status, headers=dict(headers or {}))


class Unfit(HTTPException):
    """To raise: 422, of the field that `where` names (body.for_s), or of several."""

    def __init__(self, where: str, message: str, *more: tuple[str, str]) -> None:
        self.errors = [_named(*each) for each in ((where, message), *more)]
        super().__init__(422, _sentence(self.errors))


def unfit_answer(where: str, message: str) -> Response:
    """The same as an answer, for where nobody catches what is raised."""
    return _unfit(Unfit(where, message).errors)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For `responses=`: what OpenAPI says of these statuses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _DESCRIPTIONS[status], "content": content} for status in statuses}


def install(app: FastAPI, allowed: Callable[[str], str] = lambda _: "") -> None:
    """Every refusal of `app` is a problem document, those of the framework too. `allowed` gives the methods of a path."""

    async def refused(request: Request, error: Any) -> Response:
        if isinstance(error, Unfit):
            return _unfit(error.errors)
        headers = dict(error.headers or {})
        if error.status_code == 405 and (allow := allowed(request.url.path)):
            headers = {name: value for name, value in headers.items() if name.lower() != "allow"} | {"Allow": allow}
        return answer(error.status_code, _detail(error), headers)

    async def invalid(_: Request, error: Any) -> Response:
        return _unfit([_fault(each) for each in error.errors()])

    async def broken(_: Request, error: Exception) -> Response:
        return answer(500, "this is a fault of the node's; its log has more")

    async def gone(_: Request, error: Exception) -> Response:
        return answer(400, "the rest of the body did not come")  # to nobody; without it, it were a fault of ours in the log

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, broken)


def _detail(error: HTTPException) -> str:
    """The words of whoever refused; the framework often has none but those of the status."""
    if error.detail != HTTPStatus(error.status_code).phrase:
        return error.detail
    return _DESCRIPTIONS.get(error.status_code, error.detail)


def _fault(error: Mapping[str, Any]) -> dict[str, str]:
    where: Sequence[object] = error["loc"]
    own = error.get("ctx", {}).get("error") if error["type"] == "value_error" else None  # without pydantic's "Value error, "
    return _named(".".join(str(part) for part in where), str(own or error["msg"]))


def _named(where: str, message: str) -> dict[str, str]:
    part, _, field = where.partition(".")
    return {"where": where, "field": field or part, "message": message}


def _unfit(faults: Sequence[Mapping[str, str]]) -> Response:
    return answer(422, _sentence(faults), errors=faults)


def _sentence(faults: Sequence[Mapping[str, str]]) -> str:
    return "; ".join(f"{each['where']}: {each['message']}" for each in faults[:5])


_DESCRIPTIONS = {
    400: "The request could not be read.",
    401: "No token, or one that is nobody's.",
    403: "The role of this user is too small, or the request came from another site's page.",
    404: "There is no such thing.",
    304: "The reader has this answer already (If-None-Match).",
    405: "This can't be done with this method.",
    409: "There is nothing to do it with.",
    413: "The body is too long.",
    422: "A parameter or the body is not what it should be.",
    429: "Too many different wrong tokens came from there, or too many watch from there.",
    503: "Not now.",
}
