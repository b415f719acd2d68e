"""Gzip of any number of members -> its text and what is wrong with it. Pure: no I/O."""

import hashlib
import zlib
from collections.abc import Generator, Iterator

from isal import isal_zlib
from isal.igzip_lib import IsalError

GZIP_MAGIC = b"\x1f\x8b"
_PART_BYTES = 1 << 20


def inflate(data: bytes, limit: int) -> tuple[bytes, str | None]:
    """The text of all gzip members and what is wrong with them; of more than `limit` bytes, one more."""
    whole = inflate_sound(data, limit)
    if whole is not None:
        return whole, None
    parts, room, members = list[bytes](), limit + 1, inflating(data)
    while room > 0:
        try:
            parts.append(next(members)[:room])
        except StopIteration as end:
            return b"".join(parts), end.value
        room -= len(parts[-1])
    return b"".join(parts), None


def inflating(data: bytes) -> Generator[bytes, None, str | None]:
    """The text of all gzip members, at most a mebibyte at a time; in the end, what is wrong with them."""
    at, fault = 0, None
    while at < len(data) and not fault:
        if data[at : at + 2] == GZIP_MAGIC:
            used, fault = yield from _inflating_member(memoryview(data)[at:])
            at += used
        elif data[at:].strip(b"\0"):
            fault = "other data follows the gzip"
        else:
            break  # zeros, as tape and block devices pad with
    return f"{fault} at byte {at} of {len(data)}" if fault else None


class Text:
    """The text of a file, packed or not, at most a mebibyte at a time; SHA-256 and size of what was read of it, and in
    the end what is wrong with the gzip."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.sha256, self.size_bytes = hashlib.sha256(), 0
        self.problem: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        for part in self._parts():
            self.sha256.update(part)
            self.size_bytes += len(part)
            yield part

    def _parts(self) -> Iterator[bytes]:
        if self._data[:2] == GZIP_MAGIC:
            self.problem = yield from inflating(self._data)
        else:
            yield from (self._data[at : at + _PART_BYTES] for at in range(0, len(self._data), _PART_BYTES))


def inflate_sound(data: bytes, limit: int) -> bytes | None:
    """The text of a gzip of one sound member and nothing else, twice as fast as zlib; None of any other."""
    inflater = isal_zlib.decompressobj(31)
    try:
        text = inflater.decompress(data, limit + 1)
    except IsalError:  # type: ignore[misc] # its stub says instance, it is a class
        return None
    return text if inflater.eof and not inflater.unused_data else None


def _inflating_member(member: memoryview) -> Generator[bytes, None, tuple[int, str | None]]:
    """The text of the first gzip member; in the end, how far it was read and what is wrong there.

    Read in steps that grow, so that a million tiny members are not copied over and over, and at an error
    shrink, so that every byte before it counts.
    """
    inflater, part, at, step, fault = zlib.decompressobj(31), b"", 0, 4096, None
    while not inflater.eof and step and (at < len(member) or part):
        before = inflater.copy()
        try:
            part = inflater.decompress(member[at : at + step], _PART_BYTES)
        except zlib.error as error:
            inflater, step = before, step // 2
            fault = f"gzip is damaged ({str(error).rpartition(': ')[2]})"
        else:
            at = min(at + step, len(member)) - len(inflater.unconsumed_tail)
            step = step if fault else min(step * 2, _PART_BYTES)
            yield part
    fault = None if inflater.eof else fault or "gzip ends early"
    return at - len(inflater.unused_data), fault
