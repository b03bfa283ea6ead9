"""The same as a script of iPXE.

Names in it are absolute URLs: iPXE resolves others against the URL that a redirect led to. Its language has no quotes, and of
what is written here only the command line may hold what it acts on; there `gslb check` refuses it. A site that is silent is
given up, as long as it is silent and not for being slow: that is what iPXE's --timeout means.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gslb.model.text import commands_of_ipxe
from gslb.redirect.boot.course import Candidate, Course
from gslb.redirect.refusal import Refusal

SILENT_MS: Final = 15_000


def write_ipxe(course: Course) -> str:
    """Raises Refusal for a command line that iPXE would take for commands."""
    return "\n".join(("#!ipxe", *_lines(course), ""))


def _lines(course: Course) -> Iterator[str]:
    for number, candidate in enumerate(course.candidates, 1):
        if not candidate.line.isprintable() or commands_of_ipxe(candidate.line) is not None:
            raise Refusal(500, "The command line of this image can't be written for iPXE.")
        yield f":site{number}"
        yield from _candidate(course, candidate, f"|| goto after{number}")
        yield f":after{number}"
        yield "imgfree"
    yield "echo No site could boot this."
    yield "exit 1"


def _candidate(course: Course, candidate: Candidate, otherwise: str) -> Iterator[str]:
    kernel, *initrds = course.files
    yield f"echo From {candidate.site}"
    yield f"kernel {_fetched(kernel.name)} {candidate.url}{kernel.path} {candidate.line} {otherwise}"
    for file in initrds:
        yield f"initrd {_fetched(file.name)} {candidate.url}{file.path} {otherwise}"
    yield f"boot {otherwise}"


def _fetched(name: str) -> str:
    return f"--name {name} --timeout {SILENT_MS}"
