"""Files of lake/cache that are named by their content: none whose bytes were changed is believed."""

import uuid
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path

UNUSED_S = 3600  # other processes may still answer from a file that was used within this time


def content_of(file: Path) -> str:
    """The SHA-256 of its bytes, hex."""
    with file.open("rb") as opened:
        return file_digest(opened, "sha256").hexdigest()


def put(folder: Path, name: str, write: Callable[[Path], object]) -> Path:
    """The new file that `write` fills, `{}` in its name being its content; other processes see all of it or none.

    Raises OSError, and what `write` raises.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{uuid.uuid4()}.unfinished"
    try:
        write(unfinished)
        return unfinished.replace(folder / name.format(content_of(unfinished)))
    finally:
        unfinished.unlink(missing_ok=True)
