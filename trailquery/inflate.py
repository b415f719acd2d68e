"""Gzip of any number of members -> its text and what is wrong with it. Pure: no I/O."""

import zlib

from isal import isal_zlib
from isal.igzip_lib import IsalError

GZIP_MAGIC = b"\x1f\x8b"


def inflate(data: bytes, limit: int) -> tuple[bytes, str | None]:
    """The text of all gzip members and what is wrong with them; of more than `limit` bytes, one more."""
    whole = _inflate_sound(data, limit)
    if whole is not None:
        return whole, None
    members, at, room, fault = list[bytes](), 0, limit + 1, None
    while at < len(data) and room > 0 and not fault:
        if data[at : at + 2] == GZIP_MAGIC:
            member, used, fault = _inflate_member(memoryview(data)[at:], room)
            members.append(member)
            at, room = at + used, room - len(member)
        elif data[at:].strip(b"\0"):
            fault = "other data follows the gzip"
        else:
            break  # zeros, as tape and block devices pad with
    return b"".join(members), f"{fault} at byte {at} of {len(data)}" if fault else None


def _inflate_sound(data: bytes, limit: int) -> bytes | None:
    """The text of a gzip of one sound member and nothing else, twice as fast as zlib; None of any other."""
    inflater = isal_zlib.decompressobj(31)
    try:
        text = inflater.decompress(data, limit + 1)
    except IsalError:  # type: ignore[misc] # its stub says instance, it is a class
        return None
    return text if inflater.eof and not inflater.unused_data else None


def _inflate_member(member: memoryview, room: int) -> tuple[bytes, int, str | None]:
    """The text of the first gzip member, at most `room` bytes; how far it was read; what is wrong there.

    Read in steps that grow, so that a million tiny members are not copied over and over, and at an error
    shrink, so that every byte before it counts.
    """
    inflater, parts = zlib.decompressobj(31), list[bytes]()
    at, step, fault = 0, 4096, None
    while at < len(member) and room > 0 and not inflater.eof and step:
        before = inflater.copy()
        try:
            parts.append(inflater.decompress(member[at : at + step], room))
        except zlib.error as error:
            inflater, step = before, step // 2
            fault = f"gzip is damaged ({str(error).rpartition(': ')[2]})"
        else:
            at, room = min(at + step, len(member)), room - len(parts[-1])
            step *= 1 if fault else 2
    fault = None if inflater.eof or room <= 0 else fault or "gzip ends early"
    return b"".join(parts), at - len(inflater.unused_data), fault
