"""The command as a user runs it: in a pipe, on a terminal, or its main() with the streams taken."""

import io
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from trailquery.cli import main

PROGRAM = [sys.executable, "-m", "trailquery"]


class Said(NamedTuple):
    code: int
    out: str
    err: str


def run(folder: Path, *arguments: str, stdin: str = "") -> Said:
    """The real command in its own process, in a pipe."""
    done = subprocess.run([*PROGRAM, *arguments], cwd=folder, input=stdin.encode(), capture_output=True, timeout=120)
    return Said(done.returncode, done.stdout.decode(), without_footer(done.stderr.decode()))


def without_footer(text: str) -> str:
    """What is said of a question, but for what stands below every answer."""
    return "".join(line for line in text.splitlines(True) if not line.startswith(("integrity: ", "0 rows; ")))


def on_terminal(folder: Path, *arguments: str, interrupt_after: str | None = None) -> Said:
    """The real command on a terminal of 80 columns; `out` is everything that the terminal got."""
    leader, follower = pty.openpty()
    environment = os.environ | {"COLUMNS": "80", "LINES": "24", "TERM": "xterm"}
    with subprocess.Popen(
        [*PROGRAM, *arguments], cwd=folder, stdin=follower, stdout=follower, stderr=follower, env=environment,
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(follower)
        got, interrupted = b"", False
        while True:
            if not select.select([leader], [], [], 20 if interrupted else 60)[0]:
                if not interrupted:
                    break
                process.send_signal(signal.SIGINT)  # a user would press again
                continue
            try:
                part = os.read(leader, 65536)
            except OSError:  # Linux says so when the last process has closed the terminal
                break
            if not part:
                break
            got += part
            if interrupt_after and interrupt_after.encode() in got:
                process.send_signal(signal.SIGINT)
                interrupt_after, interrupted = None, True
    os.close(leader)
    return Said(process.returncode, without_footer(got.decode().replace("\r\n", "\n")), "")


Ask = Callable[..., Said]


@pytest.fixture
def ask(home: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Ask:
    """The command's own main() with its streams taken, in the folder `home` of the module: quicker than a process."""
    monkeypatch.chdir(home)

    def in_process(*arguments: str, stdin: bytes = b"") -> Said:
        monkeypatch.setattr(sys, "argv", ["trailquery", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Said(int(ended.value.code or 0), out.decode(), without_footer(err.decode()))

    return in_process
