"""What one file yields: itself, or the members of the archive it is, read in memory and never extracted.

Archives are told by content: zip, tar in any compression that the standard library knows, and a file that was packed by
bzip2, xz, zstd, or by gzip once more, whose only member it is. The names of members are text in `place` and nothing else.
"""

import bz2
import gzip
import io
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO

import pyarrow as pa

from trailquery.cells import record_cells
from trailquery.containers import MAX_INFLATED_BYTES
from trailquery.inflate import GZIP_MAGIC
from trailquery.sources.found import LeftAlone, LogFile

HEAD_BYTES = 4096  # enough to tell every format here
LOG_NAMES = (".json", ".jsonl", ".ndjson", ".gz")
_LOG_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*+(?:[{\[]|"\{\\"|\d{4}-\d\d-\d\dT[\d:.]++Z \{)|\xff\xfe[{\[]\0')
_APPLE_DOUBLE = b"\0\x05\x16\x07"  # what macOS puts beside each file, under the same ending
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_Unpack = Callable[[BinaryIO], Any]
_Members = Callable[[str, BinaryIO, int], Iterator[LogFile | LeftAlone]]
_PACKED: dict[bytes, _Unpack] = {  # how a packed file begins, and what unpacks it
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
    b"(\xb5/\xfd": lambda file: pa.CompressedInputStream(file, "zstd"),
}
_UNKNOWN = {b"7z\xbc\xaf\x27\x1c": "a 7z archive", b"Rar!\x1a\x07": "a rar archive"}  # how what is not opened begins
_MAX_NESTED = 3  # archives within archives
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    ValueError,
)


def storable(place: str) -> str:
    """`place` in text that can be stored: names that are not UTF-8 keep their bytes as escapes."""
    return place.encode("utf-8", "backslashreplace").decode()


def unreadable(place: str, problem: str) -> LogFile:
    return LogFile(storable(place), None, problem)


def left_alone(place: str, reason: str) -> LeftAlone:
    return LeftAlone(storable(place), reason)


def contents_of(place: str, file: BinaryIO, named: bool = False, nested: int = 0) -> Iterator[LogFile | LeftAlone]:
    """The log files that a seekable file holds; one `named` by the user is read whatever else it looks like."""
    head = file.read(HEAD_BYTES)
    file.seek(0)
    members = _members_of(head)
    if members:
        if nested == _MAX_NESTED:
            yield unreadable(place, f"an archive {_MAX_NESTED} archives deep is not opened")
        else:
            yield from members(place, file, nested)
    elif unknown := next((what for start, what in _UNKNOWN.items() if head.startswith(start)), None):
        yield left_alone(place, f"{unknown} is not opened; unpack it first")
    elif named or (_is_log(place, head) and not head.startswith(_APPLE_DOUBLE)):
        yield LogFile(storable(place), file.read(), None)
    else:
        yield left_alone(place, "no log file by its name or its first bytes")


def _is_log(place: str, head: bytes) -> bool:
    is_named = place.lower().endswith(LOG_NAMES) or head.startswith(GZIP_MAGIC)
    return is_named or bool(_LOG_START.match(head)) or record_cells(head) is not None


def _members_of(head: bytes) -> _Members | None:
    """What reads the members of the archive that begins with `head`; None where it is none."""
    if head.startswith(_ZIP_MAGICS):
        return _zip_members
    block = _first_block(head)
    if block[257:262] == b"ustar":  # the mark of POSIX and GNU tar
        return _tar_members
    unpack = next((unpack for start, unpack in _PACKED.items() if head.startswith(start)), None)
    if head.startswith(GZIP_MAGIC) and block.startswith(GZIP_MAGIC):
        unpack = gzip.open
    return partial(_packed_member, unpack) if unpack else None


def _first_block(head: bytes) -> bytes:
    """The first 512 bytes of what begins with `head`, unpacked where that is easy."""
    try:
        if head.startswith(GZIP_MAGIC):
            return zlib.decompressobj(31).decompress(head, 512)
        if head.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(head, 512)
        if head.startswith(b"\xfd7zXZ\0"):
            return lzma.LZMADecompressor().decompress(head, 512)
    except (zlib.error, lzma.LZMAError, OSError):
        return b""
    return head


def _packed_member(unpack: _Unpack, place: str, file: BinaryIO, nested: int) -> Iterator[LogFile | LeftAlone]:
    """The file that was packed, named as the packed one without its ending."""
    name = re.split("[/!]", place)[-1]
    member = f"{place}!{name.rpartition('.')[0] or name}"
    try:
        data = unpack(file).read(MAX_INFLATED_BYTES + 1)
    except _DAMAGED as error:
        yield unreadable(member, f"member is damaged: {error}")
    else:
        yield from _member(member, data, nested)


def _zip_members(place: str, file: BinaryIO, nested: int) -> Iterator[LogFile | LeftAlone]:
    """The members of a zip archive, sorted by name."""
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGED as error:
        yield unreadable(place, f"zip archive is damaged: {error}")
        return
    with archive:
        for info in sorted(archive.infolist(), key=lambda info: (info.filename, info.header_offset)):
            member = f"{place}!{info.filename}"
            if info.filename.endswith("/"):
                continue
            if info.flag_bits & 1:
                yield unreadable(member, "member is encrypted; unpack it with its password first")
                continue
            try:
                with archive.open(info) as content:
                    data = content.read(MAX_INFLATED_BYTES + 1)
            except _DAMAGED as error:
                yield unreadable(member, f"member is damaged: {error}")
            else:
                yield from _member(member, data, nested)


def _tar_members(place: str, file: BinaryIO, nested: int) -> Iterator[LogFile | LeftAlone]:
    """The members of a tar archive in its own order: a packed one can only be read from front to back."""
    at = 0
    try:
        with tarfile.open(fileobj=file, mode="r:*") as archive:
            while info := archive.next():
                if archive.offset <= at:  # it would go round for ever
                    raise tarfile.ReadError(f"what follows byte {at}, unpacked, is said to lie before it")
                at = archive.offset
                member = f"{place}!{info.name}"
                content = archive.extractfile(info) if info.isreg() else None
                if content is not None:
                    yield from _member(member, content.read(MAX_INFLATED_BYTES + 1), nested)
                elif not info.isdir():
                    yield left_alone(member, "a link or device, not a file")
                archive.members = []  # type: ignore[attr-defined]  # tarfile would keep every header
            yield from _unread_tail(place, archive)
    except _DAMAGED as error:
        yield unreadable(place, f"tar archive is damaged: {error}")


def _unread_tail(place: str, archive: tarfile.TarFile) -> Iterator[LogFile]:
    """A problem unless the archive ends in zeros: tarfile takes a broken header for the end, in silence."""
    if archive.fileobj is not None:
        archive.fileobj.seek(archive.offset)
        block = archive.fileobj.read(tarfile.BLOCKSIZE)
        if block != bytes(tarfile.BLOCKSIZE):
            yield unreadable(place, f"tar archive ends early or is damaged at byte {archive.offset}, unpacked")


def _member(member: str, data: bytes, nested: int) -> Iterator[LogFile | LeftAlone]:
    if len(data) > MAX_INFLATED_BYTES:
        yield unreadable(member, f"member is larger than {MAX_INFLATED_BYTES} bytes")
    else:
        yield from contents_of(member, io.BytesIO(data), nested=nested + 1)
