"""What is pasted into Explain, as static/paste.js reads it; by node, without a browser."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from gslb.admin.app import STATIC
from gslb.admin.asked import parse

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Debian's nodejs")

PASTED = {
    "133.11.0.1": {"address": "133.11.0.1"},
    "  133.11.0.0/16 ": {"address": "133.11.0.0/16"},
    "2001:200::1": {"address": "2001:200::1"},
    "2001:db8::/32": {"address": "2001:db8::/32"},
    "AS2500": {"address": "AS2500"},
    "as 2500": {"address": "AS2500"},
    "8.8.8.8 133.11.0.0/24": {"address": "133.11.0.0/24", "resolver": "8.8.8.8"},
    "dig @127.0.0.1 -p 5300 knoppix.inetboot.net +subnet=18.0.0.0/16": {"address": "18.0.0.0/16"},
    "http://knoppix.inetboot.net/a/b?c 133.11.0.1": {
        "address": "133.11.0.1", "service": "knoppix.inetboot.net", "path": "/a/b?c",
    },
    '133.11.0.1 - - [28/Nov/2026:13:00:00 +0000] "GET /a HTTP/1.1" 302 0': {"address": "133.11.0.1"},
}  # fmt: skip
NONSENSE = [
    "",
    " ",
    "tokyo",
    "999.1.1.1",
    "::::",
    "AS",
    "/",
    "http://",
    "http://[",
    "@",
    "+subnet=",
    "1.2.3",
    "\u0000",
    "a" * 100_000,
]


def read(texts: list[str]) -> list[dict[str, Any]]:
    script = f"""
        import {{ read }} from {json.dumps((STATIC / "paste.js").as_uri())};
        import {{ readFileSync }} from "node:fs";
        console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(read)));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", script],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_what_is_pasted_is_read_and_the_node_understands_it():
    for found, (text, wanted) in zip(read(list(PASTED)), PASTED.items(), strict=True):
        assert {name: value for name, value in found.items() if value is not None} == wanted, text
        parse(found["address"])


def test_nonsense_stays_as_it_is_for_the_node_to_refuse():
    for text, found in zip(NONSENSE, read(NONSENSE), strict=True):
        assert isinstance(found["address"], str), text
        with pytest.raises(ValueError, match=r"client|AS"):
            parse(found["address"])
