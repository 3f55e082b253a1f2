from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from blackstart.faults.process.programs.skewed import command
from blackstart.faults.process.under import PROGRAMS

PROGRAM = PROGRAMS / "skewed.py"

SERVER = """
import json, sys, time, calendar, datetime
from datetime import date
from email.utils import formatdate, parsedate_to_datetime
real = lambda: time.clock_gettime(time.CLOCK_REALTIME)
utc = datetime.timezone.utc
reads = {
    "time": time.time,
    "time_ns": lambda: time.time_ns() / 1e9,
    "gmtime": lambda: calendar.timegm(time.gmtime()),
    "localtime": lambda: time.mktime(time.localtime()),
    "now": lambda: datetime.datetime.now().timestamp(),
    "now in UTC": lambda: datetime.datetime.now(utc).timestamp(),
    "today": lambda: datetime.datetime.today().timestamp(),
    "utcnow": lambda: datetime.datetime.utcnow().replace(tzinfo=utc).timestamp(),
    "an HTTP date": lambda: parsedate_to_datetime(formatdate(usegmt=True)).timestamp(),
}
seen = {name: [real(), read(), real()] for name, read in reads.items()}
of_one = [time.gmtime(0).tm_year, time.ctime(0)[-4:], datetime.datetime.fromtimestamp(0, utc).year]
later = datetime.datetime.now() - datetime.datetime.now()
print(json.dumps({"seen": seen, "of one": of_one, "argv": sys.argv, "path": sys.path[0],
                  "day": date.today() == datetime.datetime.now().date(), "later": later.total_seconds() <= 0}))
"""


def run(tmp_path: Path, by: str) -> dict[str, Any]:
    script = tmp_path / "server.py"
    script.write_text(SERVER, "utf-8")
    argv = [
        sys.executable,
        "-I",
        "-S",
        str(PROGRAM),
        by,
        sys.executable,
        "-s",
        "-S",
        str(script),
        "--port",
        "1",
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"TZ": "UTC"})
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize("by_s", [3600.0, -86400.0, 12.5])
def test_every_way_to_read_the_clock_is_off_by_as_much(tmp_path: Path, by_s: float) -> None:
    told = run(tmp_path, f"{by_s:g}")
    for name, (before, read, after) in told["seen"].items():
        whole = name in ("gmtime", "localtime", "an HTTP date")
        least = before + by_s if not whole else int(before + by_s)
        assert least - 0.000_002 <= read <= after + by_s + 0.000_002, f"{name}: datetime has microseconds"
    assert told["day"]
    assert told["later"]


def test_a_time_that_is_given_stays_what_it_is(tmp_path: Path) -> None:
    assert run(tmp_path, "3600")["of one"] == [1970, "1970", 1970]


def test_the_server_cannot_tell_that_it_was_not_started_plainly(tmp_path: Path) -> None:
    told = run(tmp_path, "3600")
    assert told["argv"] == [str(tmp_path / "server.py"), "--port", "1"]
    assert told["path"] == str(tmp_path)


def test_it_goes_before_the_script() -> None:
    assert command("60", ["python", "-s", "-S", "server.py", "-c", "file"]) == [
        "python",
        "-s",
        "-S",
        str(PROGRAM),
        "--run",
        "60",
        "server.py",
        "-c",
        "file",
    ]
