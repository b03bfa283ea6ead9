"""Which paths of a service are answered here and by no mirror. Any other path that begins with `/~` is a mirror's."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from gslb.model import BootImage, Service


class Kind(StrEnum):
    SHELL = "sh"
    FASTEST = "fastest.sh"
    IPXE = "ipxe"


class Own(NamedTuple):
    """What a path is: a script for an image, or the place to report to, where there is none."""

    image: BootImage | None = None
    kind: Kind = Kind.SHELL


MEASURED: Final = "/~measured"


def names_of(service: Service) -> Mapping[bytes, Own]:
    """By path, as it stands in a request. A service that boots nothing keeps all its paths."""
    if not service.boot:
        return {}
    scripts = {f"/~boot/{image.name}.{kind}".encode(): Own(image, kind) for image in service.boot for kind in Kind}
    return scripts | {MEASURED.encode(): Own()}
