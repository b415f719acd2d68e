"""The log files in a folder: every file of the tree, in the order of their places.

Nothing is followed or opened that could lead out of the tree or hang: links, pipes, sockets and devices are
named and left alone. A link that points into the tree loses nothing: its target is read where it lies.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from trailquery.sources.archive import contents_of, left_alone, log_file
from trailquery.sources.found import LeftAlone, LogFile

# O_NONBLOCK: a pipe put in place of a file after it was listed must not hang the reader.
_OPEN = sum(getattr(os, flag, 0) for flag in ("O_RDONLY", "O_NONBLOCK", "O_NOFOLLOW", "O_BINARY", "O_CLOEXEC"))
_NO_FILE = "a pipe, socket or device, not a file"


def files_below(folder: Path) -> Iterator[LogFile | LeftAlone]:
    """What lies in `folder` and below, sorted by place; what cannot be read has the reason as its problem."""
    root = folder.resolve()
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        try:
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode) or path == folder:
                waiting += sorted(path.iterdir(), key=_place_order, reverse=True)
            elif stat.S_ISLNK(mode):
                yield left_alone(path.as_posix(), _where_it_leads(path, root))
            elif stat.S_ISREG(mode):
                yield from _files_in(path)
            else:
                yield left_alone(path.as_posix(), _NO_FILE)
        except OSError as error:
            yield log_file(path.as_posix(), f"cannot be read: {error.strerror or error}")


def _place_order(path: Path) -> str:
    """A key that makes a walk, folder by folder, come out sorted by whole places."""
    return f"{path.name}/" if path.is_dir() and not path.is_symlink() else path.name


def _where_it_leads(link: Path, root: Path) -> str:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a loop, up to Python 3.12
        return "a link that leads nowhere or to itself"
    if link.parent.resolve().is_relative_to(target):
        return "a link that loops back to a folder above it"
    if target.is_relative_to(root):
        return "a link; its target is read where it lies"
    return "a link that leads out of the source"


def _files_in(path: Path) -> Iterator[LogFile | LeftAlone]:
    """What the file at `path` holds. Raises OSError when it cannot be opened or read."""
    with os.fdopen(os.open(path, _OPEN), "rb") as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            yield from contents_of(path.as_posix(), file)
        else:
            yield left_alone(path.as_posix(), _NO_FILE)
