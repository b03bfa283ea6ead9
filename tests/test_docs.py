"""What the documentation shows is true: commands run against a demo, configurations are valid, links lead somewhere."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gslb import config
from tests.ports import free_ports
from tests.scenarios.demo import Demo

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
RUNNABLE = ("gslb", "curl", "dig")
BASE = ROOT / "config/examples/minimal.yaml"
OF_OTHERS = ("scrape_configs",)  # root keys of other programs' files


def blocks(language: str, *pages: Path) -> Iterator[Any]:
    """Those in a list too, where they are indented."""
    fence = re.compile(rf"^( *)```{language}\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
    for page in pages or PAGES:
        for number, (_, text) in enumerate(fence.findall(page.read_text()), 1):
            yield pytest.param(textwrap.dedent(text), id=f"{page.name}-{number}")


def commands() -> Iterator[Any]:
    """Each line once: several pages begin with the same."""
    seen: set[str] = set()
    for block in blocks("sh"):
        whole = block.values[0].replace("\\\n", " ")
        for line in whole.splitlines():
            if line.split() and line.split()[0] in RUNNABLE and line not in seen:
                seen.add(line)
                yield pytest.param(line, id=f"{block.id}-{' '.join(line.split())[:60]}")


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder))
        demo.wait_for("^Dashboard ", 60)
        yield demo
        demo.process.send_signal(signal.SIGTERM)
        assert demo.end() == 0


def on(demo: Demo, line: str) -> str:
    """The same command, said to the demo of this test."""
    port = demo.dns.rpartition(":")[2]
    for shown, own in {"127.0.0.1:8080": demo.http, "127.0.0.1:8053": demo.admin, "-p 5300": f"-p {port}"}.items():
        line = line.replace(shown, own)
    line = re.sub(r"^gslb demo tell", f"gslb demo tell --admin {demo.admin}", line)
    return re.sub(r"^gslb", f"{shlex.quote(sys.executable)} -m gslb", line)


@pytest.mark.parametrize("line", list(commands()))
def test_a_command_of_the_documentation_does_what_it_says(demo, line):
    if line.startswith("gslb serve"):
        serve(line)
        return
    token = re.search(r"^Token +(\S+)", demo.text, re.MULTILINE)
    assert token
    environment = {**os.environ, "GSLB_TOKEN": token[1], "GSLB_ADMIN": f"http://{demo.admin}"}
    said = subprocess.run(
        on(demo, line), shell=True, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False, env=environment
    )
    cut_off = 28 if "--max-time" in line else 0  # curl's word for a stream that goes on
    assert (said.returncode, said.stderr) == (cut_off, "")
    assert said.stdout or line.startswith("gslb check")
    assert "HTTP/1.1 4" not in said.stdout
    assert '"status":4' not in said.stdout
    if line.startswith("dig"):
        assert "127.83." in said.stdout


def serve(line: str) -> None:
    """It starts, on ports of its own, and stops."""
    file = ROOT / line.split("--config ")[1]
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / file.name
        text = file.read_text()
        for shown, port in zip(("5300", "8080", "8053"), free_ports(3), strict=True):
            text = text.replace(f"1:{shown}", f"1:{port}").replace(f"[::1]:{shown}", f"[::1]:{port}")
        own.write_text(f"state_dir: {folder}/state\n{text}")
        with subprocess.Popen(
            [sys.executable, "-m", "gslb", "serve", "--config", str(own)], cwd=ROOT, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stderr
            for told in process.stderr:
                assert json.loads(told)["level"] != "error" or json.loads(told)["kind"] == "all-down", told
                if json.loads(told)["kind"] == "start":
                    break
            time.sleep(0.1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0


@pytest.mark.parametrize("text", list(blocks("yaml")))
def test_a_configuration_of_the_documentation_is_valid(text):
    """A part is one of the smallest configuration: its keys take the place of those there."""
    shown = YAML(typ="safe", pure=True).load(text)
    if set(shown) & set(OF_OTHERS):
        return
    if "node" not in shown:
        keys = "|".join(shown)
        whole = re.sub(rf"^({keys}):.*?(?=^\S|\Z)", "", BASE.read_text(), flags=re.MULTILINE | re.DOTALL)
        text = f"{whole}\n{text}"
    config.parse(text, str(BASE))


def test_the_readme_shows_the_smallest_configuration_as_it_is():
    (shown,) = (block.values[0] for block in blocks("yaml", ROOT / "README.md"))
    told, kept = config.parse(shown, str(BASE)), config.load(BASE)
    assert (told.sites, told.services) == (kept.sites, kept.services)
    assert (told.listen, told.zones[0].name) == (kept.listen, kept.zones[0].name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_into_a_page_lead_to_a_heading_of_it(page):
    links = re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", page.read_text())
    targets = [(page.parent / link if link else page, anchor) for link, anchor in links]
    assert [f"{target.name}#{anchor}" for target, anchor in targets if anchor not in anchors(target)] == []


def test_every_command_is_in_the_documentation():
    from gslb.cli.commands import app

    text = "".join(page.read_text() for page in PAGES)
    names = [command.name for command in app.registered_commands] + [group.name for group in app.registered_groups]
    assert [name for name in names if f"gslb {name}" not in text] == []


@pytest.mark.parametrize("text", list(blocks("console")))
def test_output_of_the_documentation_is_what_is_printed(text, tmp_path):
    """Without a node and its state. A line `…` stands for any lines."""
    command, *shown = text.splitlines()
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    words = [sys.executable, "-m", *shlex.split(command.removeprefix("$ "))]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False, env=environment)
    assert (said.returncode, said.stderr) == (0, "")
    printed = "\n".join(line.rstrip() for line in said.stdout.splitlines())
    assert re.fullmatch("\n".join("(?s:.*)" if line == "…" else re.escape(line) for line in shown), printed), printed


def test_every_command_that_is_named_exists():
    from gslb.cli.commands import app

    names = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    named = re.compile(r"(?:^|`)gslb ([a-z]+)", re.MULTILINE)
    assert {name for page in PAGES for name in named.findall(page.read_text())} - names == set()


def test_pictures_are_small():
    pictures = list((ROOT / "docs/pictures").iterdir())
    assert pictures
    assert [picture.name for picture in pictures if picture.stat().st_size > 300_000] == []
