"""The part of dnstap's schema that an authoritative server writes: names and numbers of dnstap.proto, which is in the public
domain (CC0). Written down here instead of generated, so that no code of another release of the library comes with it.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

AUTH_QUERY: Final = 1
AUTH_RESPONSE: Final = 2
MESSAGE: Final = 1
INET: Final = 1
INET6: Final = 2
PROTOCOLS: Final = {"udp": 1, "tcp": 2, "dot": 3}

_Field = tuple[int, "FieldDescriptorProto.Type.ValueType", str]
_F = FieldDescriptorProto

_DNSTAP: Final[dict[str, _Field]] = {
    "identity": (1, _F.TYPE_BYTES, ""),
    "version": (2, _F.TYPE_BYTES, ""),
    "message": (14, _F.TYPE_MESSAGE, ".dnstap.Message"),
    "type": (15, _F.TYPE_ENUM, ".dnstap.Dnstap.Type"),
}
_MESSAGE: Final[dict[str, _Field]] = {
    "type": (1, _F.TYPE_ENUM, ".dnstap.Message.Type"),
    "socket_family": (2, _F.TYPE_ENUM, ".dnstap.SocketFamily"),
    "socket_protocol": (3, _F.TYPE_ENUM, ".dnstap.SocketProtocol"),
    "query_address": (4, _F.TYPE_BYTES, ""),
    "response_address": (5, _F.TYPE_BYTES, ""),
    "query_port": (6, _F.TYPE_UINT32, ""),
    "response_port": (7, _F.TYPE_UINT32, ""),
    "query_time_sec": (8, _F.TYPE_UINT64, ""),
    "query_time_nsec": (9, _F.TYPE_FIXED32, ""),
    "query_message": (10, _F.TYPE_BYTES, ""),
    "query_zone": (11, _F.TYPE_BYTES, ""),
    "response_time_sec": (12, _F.TYPE_UINT64, ""),
    "response_time_nsec": (13, _F.TYPE_FIXED32, ""),
    "response_message": (14, _F.TYPE_BYTES, ""),
}
_REQUIRED: Final = frozenset({"type"})


def _fields(message: DescriptorProto, fields: dict[str, _Field]) -> None:
    for name, (number, kind, of) in fields.items():
        label = _F.LABEL_REQUIRED if name in _REQUIRED else _F.LABEL_OPTIONAL
        message.field.add(name=name, number=number, type=kind, label=label, type_name=of or None)


def _file() -> FileDescriptorProto:
    file = FileDescriptorProto(name="dnstap.proto", package="dnstap", syntax="proto2")
    dnstap = file.message_type.add(name="Dnstap")
    dnstap.enum_type.add(name="Type").value.add(name="MESSAGE", number=MESSAGE)
    _fields(dnstap, _DNSTAP)
    message = file.message_type.add(name="Message")
    kinds = message.enum_type.add(name="Type")
    kinds.value.add(name="AUTH_QUERY", number=AUTH_QUERY)
    kinds.value.add(name="AUTH_RESPONSE", number=AUTH_RESPONSE)
    _fields(message, _MESSAGE)
    families = file.enum_type.add(name="SocketFamily")
    families.value.add(name="INET", number=INET)
    families.value.add(name="INET6", number=INET6)
    protocols = file.enum_type.add(name="SocketProtocol")
    for name, number in PROTOCOLS.items():
        protocols.value.add(name=name.upper(), number=number)
    return file


def _class() -> Any:
    """In a pool of its own: another module of the process may know another dnstap.proto."""
    pool = DescriptorPool()
    pool.Add(_file())  # type: ignore[no-untyped-call, unused-ignore]
    return GetMessageClass(pool.FindMessageTypeByName("dnstap.Dnstap"))


Dnstap: Final = _class()  # its attributes are made by the library, so no type checker knows them
