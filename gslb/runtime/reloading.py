"""The files that a node was configured by, while it runs: a good one swaps in, a bad one is refused, and the old one stays."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from gslb import config
from gslb.admin.node import Reload
from gslb.config.checks.listen import unfit
from gslb.config.sections import listen
from gslb.dns.keyring import Keyring
from gslb.errors import ConfigurationError, GeoError, GslbError
from gslb.geo import GeoIndex
from gslb.model import Configuration, Severity
from gslb.runtime.alerting.secrets import secret_files
from gslb.runtime.files import WatchedFile
from gslb.runtime.journal import Journal
from gslb.runtime.materials import Materials, load_materials
from gslb.runtime.notify import notify, reloading

LOOK_EVERY_S = 0.5

Take = Callable[[Configuration, GeoIndex, Materials, Reload], None]


class Reloading:
    """`take` gets what was accepted, `refused` what was not; the same configuration again with other databases is no reload."""

    def __init__(
        self,
        configuration: Configuration,
        geo: GeoIndex,
        journal: Journal,
        keyring: Keyring,
        *,
        take: Take,
        take_geo: Callable[[GeoIndex], None],
        refused: Callable[[Reload], None],
        renewed: Callable[[], None],
    ) -> None:
        self._configuration, self._geo, self._journal, self._keyring = configuration, geo, journal, keyring
        self._take, self._take_geo, self._refused, self._renewed = take, take_geo, refused, renewed
        self._wanted = asyncio.Event()
        self._files = _files(configuration)
        self._certificates = _certificates(configuration)
        self._lacking = False  # the configuration on disk is one that was refused

    def soon(self) -> None:
        """Read the configuration again (SIGHUP)."""
        self._wanted.set()

    async def run(self) -> None:
        """Looks at the files until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):  # wait_for can lose a cancel (gh-86296)
                    await self._wanted.wait()
            changed = [file for file in self._files if file.changed()]
            if self._wanted.is_set() or changed:
                self._wanted.clear()
                for file in self._files:
                    file.seen()
                await self._read_again()
            if await asyncio.to_thread(self._geo.changed):
                await self._reopen_geo()
            if [file for file in self._certificates if file.changed()]:
                self._renew()

    def _renew(self) -> None:
        """The certificate and its key are two files: one may be there before the other."""
        tls = self._configuration.tls
        found = None if tls is None else unfit(tls.certificate, tls.key)
        if tls is not None and found is not None:
            file, message = tls.key if found[0] is listen.KEY else tls.certificate, found[1]
            self._journal.tell(
                "tls-refused", Severity.ERROR, "tls", f"a new certificate was refused, the old one stays: {file} {message}"
            )
            return
        self._journal.tell("tls-renewed", Severity.INFO, "tls", "the certificate was renewed")
        self._renewed()
        if self._lacking:
            self.soon()

    async def _read_again(self) -> None:
        reloading()
        new: Configuration | None = None
        try:
            new = await asyncio.to_thread(config.load, self._configuration.file)
            materials = await asyncio.to_thread(load_materials, new)
            same = new.geo == self._configuration.geo
            geo = self._geo if same else await asyncio.to_thread(GeoIndex.open, new.geo)
        except GslbError as error:
            self._refuse(error, () if new is None else _key_directories(new))
        else:
            self._accept(new, geo, materials)
        notify("READY=1")

    def _refuse(self, error: GslbError, directories: Sequence[str]) -> None:
        """Whatever may mend it is looked at from now on: files with a fault, and directories that may lack a key."""
        self._lacking = True
        faults = error.faults if isinstance(error, ConfigurationError) else ()
        watched, mending = {file.path for file in self._files}, [fault.file for fault in faults] + [*directories]
        self._files += [WatchedFile(path) for path in dict.fromkeys(mending) if path not in watched]
        lines = str(error).splitlines()
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        message = f"the configuration was refused, the old one keeps running: {lines[0]}{more}"
        self._journal.tell("reload-refused", Severity.ERROR, self._configuration.file, message)
        self._refused(Reload(datetime.now(UTC), False, faults))

    def _accept(self, new: Configuration, geo: GeoIndex, materials: Materials) -> None:
        changes = [*config.describe_change(self._configuration, new)]
        if materials.keyring != self._keyring:
            changes.append("secrets of cookies or TSIG changed")
        new = _without_restart(self._configuration, new)
        self._configuration, self._geo, self._keyring, self._lacking = new, geo, materials.keyring, False
        self._files, self._certificates = _files(new), _certificates(new)
        self._take(new, geo, materials, Reload(datetime.now(UTC), True, (), tuple(changes)))
        message = f"the configuration was read again: {'; '.join(changes) or 'no change'}"
        self._journal.tell("reload", Severity.INFO, new.file, message)

    async def _reopen_geo(self) -> None:
        try:
            index = await asyncio.to_thread(self._geo.reopen)
        except GeoError as error:
            self._journal.tell("geo-refused", Severity.ERROR, "geo", f"a new database was refused, the old one stays: {error}")
            return
        self._geo = index
        self._take_geo(index)
        self._journal.tell("geo-replaced", Severity.INFO, "geo", "the GeoIP databases were read again")


def _without_restart(old: Configuration, new: Configuration) -> Configuration:
    """What a running node can become: its name, its sockets, its user and its directory stay until it is started again."""
    listen = replace(old.listen, trusted_proxies=new.listen.trusted_proxies)
    return replace(new, node=old.node, state_dir=old.state_dir, user=old.user, listen=listen)


def _files(configuration: Configuration) -> list[WatchedFile]:
    """The configuration and the zone files, as they were read, and the files with secrets."""
    read = configuration.files or ((configuration.file, configuration.digest),)
    cookies = configuration.cookies.secrets_file
    secrets = {key.secret_file for key in configuration.tsig_keys} | ({cookies} if cookies else set())
    secrets |= set(secret_files(configuration))
    return [WatchedFile(path, digest) for path, digest in read] + [WatchedFile(path) for path in sorted(secrets)]


def _key_directories(configuration: Configuration) -> list[str]:
    return sorted({zone.dnssec.keys for zone in configuration.zones if zone.dnssec is not None})


def _certificates(configuration: Configuration) -> list[WatchedFile]:
    tls = configuration.tls
    return [] if tls is None else [WatchedFile(tls.certificate), WatchedFile(tls.key)]
