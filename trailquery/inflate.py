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
    parts, room, text = list[bytes](), limit + 1, Text(data)
    for part in text:
        parts.append(part[:room])
        room -= len(parts[-1])
        if not room:
            return b"".join(parts), None
    return b"".join(parts), text.problem


class Text:
    """The text of a file, of all its members where it is a gzip, at most a mebibyte at a time.

    As far as it was read: its SHA-256 and size, how much of the file the first member takes; in the end, what is wrong.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.sha256, self.size_bytes, self.first_member_bytes = hashlib.sha256(), 0, 0
        self.problem: str | None = None

    def __iter__(self) -> Iterator[bytes]:
        for part in self._inflated() if self._data[:2] == GZIP_MAGIC else self._slices():
            self.sha256.update(part)
            self.size_bytes += len(part)
            yield part

    def _slices(self) -> Iterator[bytes]:
        return (self._data[at : at + _PART_BYTES] for at in range(0, len(self._data), _PART_BYTES))

    def _inflated(self) -> Iterator[bytes]:
        data, at, fault = self._data, 0, None
        while at < len(data) and not fault:
            if data[at : at + 2] == GZIP_MAGIC:
                used, fault = yield from _inflating_member(memoryview(data)[at:])
                at += used
                self.first_member_bytes = self.first_member_bytes or used
            elif data[at:].strip(b"\0"):
                fault = "other data follows the gzip"
            else:
                break  # zeros, as tape and block devices pad with
        self.problem = f"{fault} at byte {at} of {len(data)}" if fault else None


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
