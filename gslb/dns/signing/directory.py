"""A directory of key files: read whole and checked, written one file at a time and never half."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from gslb.dns.signing.keyfile import LARGEST, BadKeyFile, file_stem, private_text, public_text, read_private, read_public
from gslb.dns.signing.keys import Key, ZoneKeys
from gslb.dns.signing.roll import NewKey, Plan
from gslb.errors import ConfigurationError, Fault, GslbError

_WHOLE: Final = "(file)"
_PUBLIC, _PRIVATE = ".key", ".private"


def load_zone_keys(zone_name: str, directory: str | os.PathLike[str]) -> ZoneKeys:
    """Every key of the zone there, past ones too. Raises ConfigurationError with the fault of each file that is not sound.

    None where there is no such directory. Files of other zones are left alone, and so is a private part without its `.key`:
    that one is written last.
    """
    keys: list[Key] = []
    faults: list[Fault] = []
    for stem in _stems(zone_name, directory):
        try:
            keys.append(_load(zone_name, stem))
        except _BadFile as error:
            faults.append(Fault(error.file, error.line, error.key, error.message))
    if faults:
        raise ConfigurationError(faults)
    return ZoneKeys(zone_name, tuple(sorted(keys, key=lambda key: (key.tag, key.rdata))))


def key_files(zone_name: str, directory: str | os.PathLike[str]) -> list[str]:
    """Paths of all files that `load_zone_keys` would look at; of none if the directory can't be read."""
    try:
        return [stem + ending for stem in _stems(zone_name, directory) for ending in (_PUBLIC, _PRIVATE)]
    except ConfigurationError:
        return []


class _BadFile(Exception):
    def __init__(self, file: str, line: int, key: str, message: str) -> None:
        super().__init__(message)
        self.file, self.line, self.key, self.message = file, line, key, message


def _stems(zone_name: str, directory: str | os.PathLike[str]) -> list[str]:
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return []
    except OSError as error:
        message = f"the keys of {zone_name} can't be read: {error.strerror}"
        raise ConfigurationError([Fault(os.fspath(directory), 1, _WHOLE, message)]) from None
    start = f"K{zone_name}.+"
    found = (name.removesuffix(_PUBLIC) for name in names if name.endswith(_PUBLIC) and name.startswith(start))
    return sorted(os.path.join(directory, name) for name in found)


def _load(zone_name: str, stem: str) -> Key:
    with _located(stem + _PUBLIC):
        public = read_public(_read(stem + _PUBLIC))
        if public.zone != zone_name:
            raise BadKeyFile(public.line, "DNSKEY", f"is a key of {public.zone or '.'}, in a file named after {zone_name}")
    with _located(stem + _PRIVATE):
        private = read_private(_read(stem + _PRIVATE, secret=True))
        if private.algorithm is not public.algorithm:
            raise BadKeyFile(private.line, "Algorithm", f"is not that of the public part, {public.algorithm.mnemonic}")
        try:
            secret = private.algorithm.load(private.secret)
        except ValueError:
            raise BadKeyFile(private.line, "PrivateKey", "is no key of its algorithm; the file is damaged") from None
        if secret.public != public.public:
            raise BadKeyFile(private.line, "PrivateKey", "does not belong to the public part in the .key file beside it")
    key = Key(zone_name, public.flags, public.algorithm, secret, private.timing, stem, private.extra)
    if os.path.basename(stem) != file_stem(zone_name, key.algorithm.number, key.tag):
        message = f"holds the key {file_stem(zone_name, key.algorithm.number, key.tag)}; name its files so"
        raise _BadFile(stem + _PUBLIC, public.line, "DNSKEY", message)
    return key


@contextlib.contextmanager
def _located(file: str) -> Iterator[None]:
    try:
        yield
    except BadKeyFile as error:
        raise _BadFile(file, error.line, error.key, error.message) from None


def _without_waiting(path: str, flags: int) -> int:
    """A pipe has no end to wait for: whoever looks at keys would never come back, and nothing be signed again."""
    return os.open(path, flags | os.O_NONBLOCK)


def _read(path: str, *, secret: bool = False) -> bytes:
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BadKeyFile(1, _WHOLE, "is no regular file")
            mode = stat.S_IMODE(status.st_mode)
            if secret and mode & 0o027:
                message = f"can be read by others, or written by its group (mode {mode:04o}); run: chmod 600 {path}"
                raise BadKeyFile(1, _WHOLE, message)
            return file.read(LARGEST + 1)
    except OSError as error:
        raise BadKeyFile(1, _WHOLE, f"can't be read: {error.strerror}") from None


# -------------------------------------------------------------------------------------------------- write


def write_key(key: Key, secret: bytes) -> None:
    """Makes both files of a new key: the private part first, as without a `.key` nobody looks at it."""
    for ending, text, mode in ((_PRIVATE, private_text(key, secret), 0o600), (_PUBLIC, public_text(key), 0o644)):
        _replace(Path(key.stem + ending), text, mode)


def make_key(zone_name: str, new: NewKey, directory: str | os.PathLike[str], taken: Collection[int]) -> Key:
    """A new key in the directory, with a tag that none of the zone's has."""
    while True:
        private = new.algorithm.generate()
        key = Key(zone_name, new.flags, new.algorithm, new.algorithm.load(private), new.timing)
        if key.tag not in taken:
            break
    key = replace(key, stem=os.path.join(directory, file_stem(zone_name, new.algorithm.number, key.tag)))
    write_key(key, private)
    return key


def rewrite_times(key: Key) -> None:
    """Writes the times of a key that is there already; its secret is taken from its file."""
    secret = read_private(_read(key.stem + _PRIVATE, secret=True)).secret
    write_key(key, secret)


def _replace(path: Path, text: str, mode: int) -> None:
    """At once or not at all. The file belongs to whom the directory belongs: who runs the command may be root, the node not."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=path.parent)
        try:
            with open(descriptor, "w", encoding="ascii") as file:
                os.fchmod(file.fileno(), mode)
                _give(file.fileno(), path.parent)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
        _sync(path.parent)
    except OSError as error:
        raise GslbError(f"{path}: can't be written: {error.strerror}") from None


def _give(descriptor: int, directory: Path) -> None:
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(directory: str | os.PathLike[str]) -> None:
    """For its owner alone; it belongs to whom the directory above belongs."""
    try:
        os.mkdir(directory, 0o700)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _give(descriptor, Path(directory).parent)
        finally:
            os.close(descriptor)
    except FileExistsError:
        return
    except OSError as error:
        raise GslbError(f"{os.fspath(directory)}: can't be made: {error.strerror}") from None


@contextlib.contextmanager
def locked(directory: str | os.PathLike[str]) -> Iterator[None]:
    """For who changes the keys: one at a time."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise GslbError(f"{os.fspath(directory)}: can't be opened: {error.strerror}") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise GslbError(f"{os.fspath(directory)}: somebody else is changing its keys; try again") from None
        yield
    finally:
        os.close(descriptor)


def carry_out(plan: Plan, keys: ZoneKeys, directory: str | os.PathLike[str]) -> ZoneKeys:
    """Makes and changes what the plan says, and reads all again. Cut short, it leaves more keys than needed, never fewer."""
    for new in plan.new:
        make_key(keys.zone, new, directory, [key.tag for key in keys.keys])
    for key in plan.changed:
        rewrite_times(key)
    return load_zone_keys(keys.zone, directory)
