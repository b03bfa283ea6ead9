"""Whether one file on one site is what it should be.

A small file is read whole and hashed. A larger one is asked for by HEAD, and its first and last 64 KB by Range; these are
compared with what they were in a whole that was good, from whichever site. It is read whole when what the server says of it
(size, ETag, Last-Modified) is not what it was when it was last read whole. HEAD and Range have to work for small files too:
each is tried on one of them in a round.
"""

import hashlib
import re

from probes.content.fetch import Answer, Ask, Span, Sums
from probes.content.memory import Suspect, Validators, Verified
from probes.content.model import Fault, FileFact, Look
from probes.content.session import Session, refusal
from probes.model import Exchange

SUSPECT_AGAIN_S = 300.0
LARGE_AGAIN_S = 30.0
"""Between two large files of one site that rounds read whole: a server whose ETag changes with each answer costs no more."""

_BY_CONTENT = re.compile(r"(?:.*/)?([0-9a-f]{40}|[0-9a-f]{64})")
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)", re.IGNORECASE)
_GLANCE = 512


def wanted(path: str, listed: FileFact | None) -> FileFact:
    """What a file should be: as the manifest says, else as its own name says."""
    named = _BY_CONTENT.fullmatch(path)
    if listed is not None or named is None:
        return listed or FileFact()
    return FileFact(sha256=named[1]) if len(named[1]) == 64 else FileFact(sha1=named[1])


class Inspection:
    """Of one file, in one look. `thorough`: HEAD and Range are tried on a small one too. `defining`: its hash names the
    generation, so it has to be known whatever that takes. `size` is what it seems to have.
    """

    def __init__(
        self,
        session: Session,
        path: str,
        listed: FileFact | None,
        *,
        thorough: bool = False,
        defining: bool = False,
        size: int | None = None,
    ) -> None:
        self.session = session
        self.path = path
        self.want = wanted(path, listed)
        self.size = size if self.want.size is None else self.want.size
        self.longer = False  # than it seemed
        self.thorough = thorough or path in session.site.suspects
        self.defining = defining
        self.validators: Validators | None = None
        self.found: FileFact | None = None  # once it was read whole
        self.exchange = Exchange()  # the last of this file
        self.deferred = False  # for want of octets it was not read whole
        self._key = (session.target.exchange, path)
        self._last = session.memory.verified.get(self._key)
        if self.size is None and self._last is not None:
            self.size = self._last.validators.size
        self._suspect = session.site.suspects.get(path)

    async def run(self) -> Fault | None:
        """Look at the file, as closely as the octets of this look allow."""
        fault = await self._examined()
        if fault is None:
            self.session.site.suspects.pop(self.path, None)
        elif fault.look is not Look.UNKNOWN and (self._suspect is None or self.found is not None):
            large = self.found is not None and (self.found.size or 0) > self.session.setting.round_octets
            again_s = self.session.now_s() + SUSPECT_AGAIN_S if large else 0.0
            self.session.site.suspect(self.path, Suspect(fault, self.validators or Validators(), again_s))
        return fault

    def fact(self) -> FileFact | None:
        """What the file is, where it was read whole now or is as it was then."""
        if self.found is None and self._last is not None and self.validators is not None and self.validators.size is not None:
            same = self.validators.same(self._last.validators)
            return FileFact(self._last.sha256, self._last.sha1, self.validators.size) if same else None
        return self.found

    async def _examined(self) -> Fault | None:
        if not self._blindly():
            fault = await self.head()
            if fault is not None:
                return fault
        fault = await self._read()
        if not self.longer:
            return fault
        self.longer = False
        return await self.head() or await self._read()

    def _blindly(self) -> bool:
        """Whether to read the file without HEAD before, for what it seems to have or up to the size of a small one."""
        if self.thorough or self.defining:
            return False
        small = self.session.setting.round_octets
        return self.session.full and self.session.affords(small) if self.size is None else self.size <= small

    async def _read(self) -> Fault | None:
        if self.validators is not None and self.validators.size is not None:
            self.size = self.validators.size
        size, small = self.size, self.session.setting.round_octets
        if size is not None and size > small and not self._owed(size):
            return self._held() or await self._parts(size)
        self.deferred = not self._affords(size)
        if self.deferred:
            return self._convicted() or (await self.head() if self.validators is None else None)
        return await self.whole(size)

    def _affords(self, size: int | None) -> bool:
        return self.defining or self.session.affords(self.session.setting.round_octets if size is None else size)

    def _convicted(self) -> Fault | None:
        """What was found wrong in the whole file stays so until it is read whole again."""
        return self._suspect.fault if self._suspect is not None and self._suspect.fault.look is Look.WRONG else None

    def _held(self) -> Fault | None:
        """The same of a large file, which is not read whole in every round."""
        return self._convicted() if self._suspect is not None and self._suspect.again_s > 0 else None

    def _owed(self, size: int) -> bool:
        """Whether a larger file is to be read whole now: it changed since it was, or has to be for another reason."""
        session, now_s = self.session, self.session.now_s()
        if size > session.setting.file_octets:
            return False
        if session.full or (self.defining and self.fact() is None) or self._outdated():
            return True
        validators, last, suspect = self.validators or Validators(), self._last, self._suspect
        owed = last is not None and validators.differ(last.validators)
        if suspect is not None and suspect.again_s > 0:
            owed |= now_s >= suspect.again_s or not suspect.validators.same(validators)
        owed &= now_s >= session.site.large_again_s
        if owed:
            session.site.large_again_s = now_s + LARGE_AGAIN_S
        return owed

    def _outdated(self) -> bool:
        """Whether what was read whole last, and not found wrong, is not what the manifest lists now."""
        last, want = self._last, self.want
        if last is None or self._suspect is not None:
            return False
        return want.sha256 not in (None, last.sha256) or want.sha1 not in (None, last.sha1)

    def _of(self, answer: Answer) -> Answer:
        self.exchange = answer.exchange
        return answer

    async def head(self) -> Fault | None:
        """Whether it is there, with the size that it should have. Sets `validators`."""
        answer = self._of(await self.session.ask(Ask(self.path, "HEAD")))
        fault = refusal(answer, self.path)
        if fault is None:
            self.validators = answer.validators
        return fault or self._size_fault(answer.validators.size)

    def _size_fault(self, size: int | None) -> Fault | None:
        if size is None or self.want.size in (None, size):
            return None
        return self._wrong(f"{self.path} has {size} octets, not {self.want.size}")

    def _wrong(self, reason: str) -> Fault:
        return Fault(self.path, Look.WRONG, reason)

    async def whole(self, size: int | None) -> Fault | None:
        """Read all of it and compare; `size` is what it is thought to have."""
        setting = self.session.setting
        blind = self.validators is None or not (self.session.full or self.defining)
        limit = size if size is not None else setting.round_octets if blind else setting.file_octets
        span = self._glance(size) if self.thorough else None
        sums = Sums(setting.part_octets, span)
        answer = self._of(await self.session.whole(self.path, limit, sums))
        fault = refusal(answer, self.path) or self._cut_short(answer, sums, limit)
        if fault is not None or self.longer:
            return fault
        self.found = FileFact(sums.sha256, sums.sha1, sums.length)
        self.validators = answer.validators
        fault = self._size_fault(sums.length) or self._hash_fault(answer, self.found)
        if fault is None:
            self._verified(sums)
        if fault is None and span is not None:
            fault = await self._part(span, sums.length, hashlib.sha256(sums.kept).hexdigest())
        return fault

    def _glance(self, size: int | None) -> Span | None:
        """Some octets from the middle."""
        return Span(size // 2, min(size - 1, size // 2 + _GLANCE - 1)) if size else None

    def _cut_short(self, answer: Answer, sums: Sums, limit: int) -> Fault | None:
        if answer.ended:
            return None
        if self.want.size is not None:
            return self._wrong(f"{self.path} has more than {self.want.size} octets")
        if self.validators is None:
            self.longer = True
            return None
        return Fault(self.path, Look.UNKNOWN, f"{self.path} has more than {limit} octets, and was not read to its end")

    def _hash_fault(self, answer: Answer, found: FileFact) -> Fault | None:
        pairs = (("SHA-256", found.sha256, self.want.sha256), ("SHA-1", found.sha1, self.want.sha1))
        for name, have, want in pairs:
            if want is not None and have != want:
                return self._wrong(f"the {name} of {self.path} is {_brief(have)}, not {_brief(want)}{answer.coded}")
        return None

    def _verified(self, sums: Sums) -> None:
        memory = self.session.memory
        memory.verified.put(self._key, Verified(self.validators or Validators(), sums.sha256, sums.sha1))
        for digest in (sums.sha256, sums.sha1):
            memory.ends.put(digest, sums.ends)

    async def _parts(self, size: int) -> Fault | None:
        """The beginning and the end of a larger file."""
        part = min(self.session.setting.part_octets, size)
        fact = self.fact()
        known = self.want.sha256 or self.want.sha1 or (fact.sha256 if fact is not None else None)
        ends = self.session.memory.ends.get(known or "")
        first = await self._part(Span(0, part - 1), size, ends and ends.first)
        return first or await self._part(Span(size - part, size - 1), size, ends and ends.last)

    async def _part(self, span: Span, size: int, sha256: str | None) -> Fault | None:
        """Whether a Range is answered with that part and no other; its hash is compared where it is known."""
        sums = Sums(self.session.setting.part_octets)
        answer = self._of(await self.session.ask(Ask(self.path, span=span, limit=span.length), sums.take))
        fault = refusal(answer, self.path)
        if fault is not None:
            return fault
        told = ((answer.head and answer.head.get("content-range")) or "").strip()
        match = _CONTENT_RANGE.fullmatch(told)
        if match is None or (int(match[1]), int(match[2])) != span or match[3] not in ("*", str(size)):
            return self._wrong(f"{self.path}: asked for octets {span} of {size}, answered Content-Range {told[:100]!r}")
        if not answer.ended or sums.length != span.length:
            return self._wrong(f"{self.path}: octets {span} came as {sums.length}{'' if answer.ended else ' and more'}")
        if sha256 is not None and sums.sha256 != sha256:
            return self._wrong(f"{self.path}: octets {span} are others than in the whole file")
        return None


def _brief(digest: str | None) -> str:
    return f"{digest[:16]}…" if digest else "unknown"
