"""Becoming somebody with fewer rights, once the sockets are open."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

from gslb.errors import UsageError


def known_user(name: str) -> pwd.struct_passwd:
    """A UsageError if there is no such user, or we can't become it."""
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise UsageError(f"user {name!r} does not exist on this machine: create it, or leave `user` out") from None
    if os.geteuid() not in (0, user.pw_uid):
        raise UsageError(f"only root can become user {name!r}: start as root, or leave `user` out")
    return user


def become(name: str, directories: tuple[Path, ...]) -> None:
    """Gives `directories` to user `name` and becomes that user for good; its primary group is the only one kept."""
    user = known_user(name)
    if os.geteuid() == user.pw_uid:
        return
    for directory in directories:
        _give(directory, user.pw_uid, user.pw_gid)
    os.setgroups([user.pw_gid])
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)


def _give(directory: Path, uid: int, gid: int) -> None:
    os.chown(directory, uid, gid)
    for entry in directory.iterdir():
        if not entry.is_symlink():
            os.chown(entry, uid, gid)


def names() -> tuple[str, str]:
    """User and group this process runs as, for the log."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    except KeyError:
        return str(os.geteuid()), str(os.getegid())
