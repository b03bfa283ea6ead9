"""`gslb explain`: where would this client land, and why."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Annotated, Literal, cast

import typer

from gslb.cli.options import File, Json
from gslb.cli.output import show, show_json
from gslb.errors import UsageError


def explain(
    file: File,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Of a client, or its network.", show_default=False)],
    service: Annotated[str | None, typer.Option(metavar="HOST", help="May be left out where there is one.")] = None,
    path: Annotated[str | None, typer.Option(metavar="PATH", help="What is asked for; DNS sees none.")] = None,
    via: Annotated[Literal["dns", "http"], typer.Option(help="Which door the client comes to.")] = "dns",
    family: Annotated[
        Literal["4", "6"] | None, typer.Option(help="Of the address asked for. Default: that of the client.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell where a client would land and why: every site, kept or dropped, with the reason.

    It asks the node at `listen.admin` if that runs FILE; else it goes by the last state in `state_dir`; else every site is taken
    as unknown. The first line says which.
    """
    from gslb import config
    from gslb.cli.knowledge import Question, answer
    from gslb.cli.render import explanation
    from gslb.model import Family

    if path is not None and not path.startswith("/"):
        raise UsageError(f"{path!r} is no path: it starts with a slash")
    wanted = None if family is None else cast(Family, int(family))
    question = Question(client_address(address), service, path, via, wanted)
    source, told = answer(config.load(file), question)
    if as_json:
        at = source.at.isoformat() if source.at else None
        show_json({"source": {"kind": source.kind, "text": source.text, "at": at}, **told})
    else:
        show(f"{source.text}\n", *explanation(told))


def client_address(text: str) -> IPv4Address | IPv6Address:
    """A network stands for its first address: that is how both doors place it."""
    try:
        return ip_network(text.strip("[]"), strict=False).network_address if "/" in text else ip_network(text.strip("[]"))[0]
    except ValueError:
        raise UsageError(
            f"{text!r} is neither an address nor a network; write 133.11.0.1, 133.11.0.0/16 or 2001:200::/32"
        ) from None
