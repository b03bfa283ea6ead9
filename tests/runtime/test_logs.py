"""Log lines on standard error, in processes of their own."""

import json
import subprocess
import sys

from gslb.runtime import logs

LOG = """
import sys, structlog
from gslb.runtime import logs
logs.set_up(**eval(sys.argv[1]))
log = structlog.get_logger("gslb")
log.debug("detail")
log.info("started", kind="start", subject="tokyo-1")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("broken")
print(logs.as_set_up())
"""


def run(setting: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-W", "error", "-c", LOG, setting], capture_output=True, text=True, check=True)


def test_machines_get_a_json_object_a_line():
    done = run("{}")
    first, second = (json.loads(line) for line in done.stderr.splitlines())
    assert (first["event"], first["kind"], first["subject"], first["level"]) == ("started", "start", "tokyo-1", "info")
    assert first["timestamp"].endswith("Z")
    assert "ZeroDivisionError" in second["exception"]
    assert done.stdout == "{'debug': False, 'json': True}\n"


def test_people_get_text_and_on_demand_all_of_it():
    done = run("{'json': False, 'debug': True}")
    assert "detail" in done.stderr
    assert "start" in done.stderr
    assert "ZeroDivisionError" in done.stderr
    assert not done.stderr.startswith("{")


def test_a_process_that_we_start_logs_as_we_do():
    assert logs.as_set_up().keys() <= {"debug", "json"}
