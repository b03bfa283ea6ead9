"""The script for `iscript=`, which a BusyBox shell runs: data, all of it quoted, before a program that is always the same."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

from gslb.redirect.boot.course import Course, Wanted

_PROGRAM: Final = files("gslb.redirect.boot").joinpath("templates/boot.sh").read_text("utf-8")


def write_shell(course: Course, measure: bool = False, report: str = "") -> str:
    """`measure` the sites first; `report` is the URL to tell the result, but for the result."""
    return "\n".join((*_data(course, measure, report), _PROGRAM))


def quoted(text: str) -> str:
    """One word of a shell, whatever is in it (POSIX, Shell Command Language, 2.2.2)."""
    return "'" + text.replace("'", r"'\''") + "'"


def _data(course: Course, measure: bool, report: str) -> Iterator[str]:
    yield "#!/bin/sh"
    yield f"image={quoted(course.image)}"
    yield f"candidates={quoted(' '.join(str(number) for number, _ in enumerate(course.candidates, 1)))}"
    yield "candidate() {"
    yield "    case $1 in"
    for number, each in enumerate(course.candidates, 1):
        yield f"    {number}) site={quoted(each.site)} url={quoted(each.url)} line={quoted(each.line)} ;;"
    yield "    esac"
    yield "}"
    yield "files() {"
    yield " &&\n".join(f"    file {' '.join(_words(file))}" for file in course.files)
    yield "}"
    yield f"initrds={quoted(' '.join(course.initrds))}"
    yield f"small={quoted(course.small if measure else '')}"
    yield f"report={quoted(report)}"


def _words(file: Wanted) -> Iterator[str]:
    sha256, sha1, size = file.expected
    known = (file.name, file.path, "" if size is None else str(size), sha256 or "", sha1 or "")
    return (quoted(each) for each in known)
