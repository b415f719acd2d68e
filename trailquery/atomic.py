"""Files that others see whole or not at all."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO

UNUSED_S = 3600  # other processes may still answer from a file of lake/cache that was used within this time


@contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """A path in the folder where nothing lies yet, to write to and to rename; what still lies there in the end is removed."""
    part = folder / f".{os.urandom(8).hex()}.part"
    try:
        yield part
    finally:
        if part.exists():
            part.unlink()


@contextmanager
def replaced(file: Path) -> Iterator[BinaryIO]:
    """A stream whose bytes become `file` once they are all written; only the owner may read it. Raises OSError."""
    with unfinished(file.parent) as part:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as stream:
            yield stream
        part.replace(file)


def content_of(file: Path) -> str:
    """The SHA-256 of its bytes, hex."""
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def put(folder: Path, name: str, write: Callable[[Path], object]) -> Path:
    """The new file that `write` fills, `{}` in its name being its content: none whose bytes were changed is believed.

    Raises OSError, and what `write` raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with unfinished(folder) as part:
        write(part)
        return part.replace(folder / name.format(content_of(part)))
