"""Whatever is configured, a shell reads the words that were meant, and so does iPXE; and nothing of a request is among them."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gslb.model import BootImage, ManifestFile
from gslb.model.text import commands_of_ipxe
from gslb.redirect.boot.commandline import LONGEST, command_line
from gslb.redirect.boot.course import Candidate, Course, Wanted
from gslb.redirect.boot.ipxe import write_ipxe
from gslb.redirect.boot.shell import write_shell
from gslb.redirect.refusal import Refusal
from tests.redirect.boot.island import needs_busybox

NASTY = [
    "'",
    "''",
    '"',
    "$(reboot)",
    "`reboot`",
    "\\",
    "\\'",
    ";",
    "&",
    "|",
    "\n",
    "\r",
    "#",
    "*",
    "~",
    "${IFS}",
    "-e",
    "é",
    "esac",
    " ",
]
HOSTILE = st.lists(
    st.one_of(st.sampled_from(NASTY), st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
).map("".join)
COURSES = st.builds(
    Course,
    HOSTILE,
    HOSTILE,
    st.lists(
        st.builds(Wanted, HOSTILE, HOSTILE, st.builds(ManifestFile, HOSTILE, HOSTILE, st.integers(0))), min_size=1, max_size=3
    ).map(tuple),
    st.lists(st.builds(Candidate, HOSTILE, HOSTILE, HOSTILE), min_size=1, max_size=3).map(tuple),
    HOSTILE,
)
# In place of the program: what it would be given, each word with a NUL behind it.
PRINT = """
tell() { printf '%s\\0' "$@"; }
file() { tell "$@"; }
tell "$image" "$candidates"
for number in $candidates; do candidate "$number"; tell "$site" "$url" "$line"; done
files
tell "$initrds" "$small" "$report"
"""


@needs_busybox
@settings(max_examples=50)
@given(COURSES, HOSTILE)
@example(Course("", "'; reboot; '", (Wanted("a'", "b", ManifestFile()),), (Candidate("\n", "'\"'", "\\"),), "x"), "'")
def test_a_shell_reads_the_words_that_were_meant(course: Course, report: str) -> None:
    script = write_shell(course, True, report)
    data = script[: script.index("# What comes before this is data")]
    syntax = subprocess.run(["busybox", "ash", "-n"], input=script.encode(), capture_output=True, check=False)
    assert (syntax.returncode, syntax.stderr) == (0, b"")
    read = subprocess.run(["busybox", "ash", "-s"], input=(data + PRINT).encode(), capture_output=True, check=True, env={})
    numbers = " ".join(str(number) for number, _ in enumerate(course.candidates, 1))
    meant = [course.image, numbers]
    meant += [word for each in course.candidates for word in (each.site, each.url, each.line)]
    meant += [word for file in course.files for word in _words(file)]
    meant += [" ".join(course.initrds), course.small, report]
    assert (read.stdout.decode().split("\0")[:-1], read.stderr) == (meant, b"")


def _words(file: Wanted) -> tuple[str, ...]:
    return (
        file.name,
        file.path,
        "" if file.expected.size is None else str(file.expected.size),
        file.expected.sha256 or "",
        file.expected.sha1 or "",
    )


PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
URLS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=60).map(
    lambda path: f"/{path}"
)


@given(PRINTABLE, URLS, st.lists(URLS, max_size=5))
def test_ipxe_reads_the_words_that_were_meant_or_there_is_no_script(append: str, fuse: str, others: list[str]) -> None:
    image = BootImage("knoppix", "/kernel", httpfuse=fuse, append=append)
    line = command_line(image, ["initrd=initrd.1"], "http://a.example", [f"http://b.example{path}" for path in others])
    files = (Wanted("kernel", "/kernel"), Wanted("initrd.1", "/miniroot.gz"))
    course = Course("h", "knoppix", files, (Candidate("a", "http://a.example", line),), "/small")
    if commands_of_ipxe(append) is not None:
        with pytest.raises(Refusal):
            write_ipxe(course)
        return
    lines = write_ipxe(course).splitlines()
    assert "${" not in "".join(lines)
    assert lines[3].split(" ")[0] == "kernel"
    words = lines[3].split()
    assert words[5:] == ["http://a.example/kernel", *line.split(), "||", "goto", "after1"]
    assert not [word for word in words[:-3] if word in ("||", "&&", ";") or word.startswith("#")]


@given(PRINTABLE, URLS, URLS, st.lists(URLS, max_size=5))
def test_a_command_line_names_the_site_and_those_that_follow_it(append: str, fuse: str, url: str, others: list[str]) -> None:
    line = command_line(BootImage("x", "/k", httpfuse=fuse, append=append), [], url, others)
    told = [word for word in line.split(" ") if word.startswith("httpfuse")][-2:]
    following = [word.removeprefix("httpfuse_next=").split(",") for word in told if word.startswith("httpfuse_next=")]
    assert any(word.startswith("httpfuse=") for word in told)
    assert len(following) == bool(others)
    assert len(following[0] if following else []) == len(others)
    assert len(line) <= LONGEST
    assert '"' not in line[len(append) :]


def test_of_a_command_line_without_room_the_last_sites_go() -> None:
    image = BootImage("x", "/k", httpfuse="/" + "f" * 500 + "/", append="a" * 700)
    line = command_line(image, [], "http://a.example", [f"http://{name}.example" for name in "bcde"])
    assert line.endswith("/")
    assert [url[7] for url in line.partition("httpfuse_next=")[2].split(",")] == ["b"]
    assert len(line) <= LONGEST


def test_without_blocks_a_command_line_is_what_is_configured() -> None:
    assert command_line(BootImage("x", "/k", append="ro quiet"), ["initrd=a"], "http://a.example", ["http://b.example"]) == (
        "initrd=a ro quiet"
    )
