"""`gslb scan`: what nginx has of its release sets, file by file, with nothing but a configuration."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gslb.cli.entry import run
from gslb.runtime.demo.sites import SITES
from tests.ports import free_port
from tests.probes.content.rsync import await_listener
from tests.scenarios.node import RunningNode, document, site

FILES = {"kernel": b"k" * 3_000_000, "miniroot.gz": b"m" * 5000, "blocks/" + "0a" * 20: b"not what its name says"}
PREFIX = "/pub/v1/"
TOKEN = "of-an-operator"


@dataclass
class Nginx:
    port: int
    release: Path
    config: Path
    configuration: dict

    def write_sums(self) -> None:
        sums = (f"{hashlib.sha256((self.release / name).read_bytes()).hexdigest()}  {name}\n" for name in FILES)
        (self.release / "SHA256SUMS").write_text("".join(sums))


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    port, release = free_port(), tmp_path / "www" / PREFIX.strip("/")
    for name, content in FILES.items():
        (release / name).parent.mkdir(parents=True, exist_ok=True)
        (release / name).write_bytes(content)
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;\nevents {{ }}\n"
        f"http {{ access_log off; server {{ listen 127.0.0.1:{port}; root {tmp_path}/www; }} }}\n"
    )
    sets = [{"name": "v1", "prefix": PREFIX, "manifest": "SHA256SUMS", "sentinels": ["kernel"], "lock": "LOCK"}]
    known = site(SITES[0], port) | {"addresses": ["127.0.0.1"], "url": f"http://127.0.0.1:{port}/"}
    service = {"content": sets, "check": {"type": "http", "port": port, "path": f"{PREFIX}SHA256SUMS"}}
    users = [{"name": "ops", "role": "operator", "token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest()}]
    configuration = document([known], tmp_path / "state", service=service, admin={"users": users})
    (tmp_path / "gslb.yaml").write_text(json.dumps(configuration))
    found = Nginx(port, release, tmp_path / "gslb.yaml", configuration)
    found.write_sums()
    process = subprocess.Popen(["/usr/sbin/nginx", "-p", str(tmp_path), "-c", "nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        await_listener("127.0.0.1", port)
        yield found
    finally:
        process.terminate()
        process.wait()


def test_a_site_that_has_everything_is_told_in_a_table_and_in_a_document(nginx, capsys):
    assert run(["scan", SITES[0].id, "--config", str(nginx.config)]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[:5] == ["set", "door", "address", "state", "generation"]
    assert [row.split()[:4] for row in rows] == [["v1", door, "127.0.0.1", "good"] for door in ("dns", "http")]
    assert "3 of 3 files looked at, 3 read whole" in rows[0]
    assert run(["scan", SITES[0].id, "--config", str(nginx.config), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(place["look"], place["files"], place["missing"], place["wrong"]) for place in told["places"]] == [
        ("good", 3, 0, 0),
        ("good", 3, 0, 0),
    ]
    assert len({place["generation"] for place in told["places"]}) == 1


def test_every_file_that_is_missing_or_wrong_is_told_with_the_line_that_shows_it(nginx, capsys):
    (nginx.release / "miniroot.gz").unlink()
    content = bytearray(FILES["kernel"])
    content[1_500_000] ^= 1
    (nginx.release / "kernel").write_bytes(content)
    assert run(["scan", SITES[0].id, "--config", str(nginx.config)]) == 1
    said = capsys.readouterr().out
    lines = said.splitlines()
    assert lines[1].split()[3] == "wrong"
    assert "  v1: lacks miniroot.gz (404)" in lines
    assert sum(line.startswith("  v1: the SHA-256 of kernel is ") for line in lines) == 1
    shown = next(line for line in lines if line.startswith("  curl "))
    told = subprocess.run(shown, shell=True, capture_output=True, text=True, check=True).stdout
    assert told.split()[0] == hashlib.sha256(content).hexdigest()


def test_a_site_that_is_being_changed_is_told_as_that(nginx, capsys):
    (nginx.release / "LOCK").touch()
    assert run(["scan", SITES[0].id, "--config", str(nginx.config)]) == 1
    assert "is being changed (LOCK is there)" in capsys.readouterr().out


def test_of_two_services_each_is_named(nginx, capsys):
    (nginx.release / "miniroot.gz").unlink()
    first = nginx.configuration["services"][0]
    second = first | {"host": f"two.{first['host']}", "http_hosts": []}
    nginx.config.write_text(json.dumps(nginx.configuration | {"services": [first, second]}))
    assert run(["scan", SITES[0].id, "--config", str(nginx.config)]) == 1
    said = capsys.readouterr().out.splitlines()
    for service in (first, second):
        assert f"  v1 of {service['host']}: lacks miniroot.gz (404)" in said


def test_a_site_that_is_not_in_the_file_is_wrong_usage(nginx, capsys):
    assert run(["scan", "jp-nowhere", "--config", str(nginx.config)]) == 2
    assert f"has no site 'jp-nowhere'; it has {SITES[0].id}" in capsys.readouterr().err


def test_a_node_that_is_asked_scans_and_goes_by_what_it_finds(nginx, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GSLB_TOKEN", TOKEN)
    folder = tmp_path / "node"
    folder.mkdir()
    with RunningNode(nginx.configuration, folder, workers=0) as node:
        assert run(["scan", SITES[0].id, "--admin", node.admin]) == 0
        said = capsys.readouterr().out.splitlines()
        assert [row.split()[:4] for row in said[1:]] == [["v1", door, "127.0.0.1", "good"] for door in ("dns", "http")]
        assert "3 of 3 files looked at, 3 read whole" in said[1]
        (nginx.release / "miniroot.gz").write_bytes(b"M" * 5000)
        assert run(["scan", SITES[0].id, "--admin", node.admin, "--json"]) == 1
        places = json.loads(capsys.readouterr().out)["places"]
        assert [(place["look"], place["files"], place["wrong"]) for place in places] == [("wrong", 3, 1)] * 2
        assert {place["hold"] for place in node.site(SITES[0].id)["content"]} == {"wrong"}
        assert run(["scan", "jp-nowhere", "--admin", node.admin]) == 1
        assert "there is no site jp-nowhere" in capsys.readouterr().err


def test_without_a_node_and_without_a_configuration_it_says_what_to_give(capsys):
    assert run(["scan", SITES[0].id, "--admin", f"127.0.0.1:{free_port()}"]) == 1
    assert "no node answers" in capsys.readouterr().err
    assert run(["scan", SITES[0].id, "--within", "soon"]) == 2
    assert "--within: " in capsys.readouterr().err
