"""A long file -> pieces read one at a time, cut between two values, so that memory does not grow with the file.

Each piece is made a document of its own: the start of the list, some of its values, its end. A file of one long value that
is no list of records is read whole, up to MAX_INFLATED_BYTES.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import replace

from trailquery.cells import end_of_rows, record_cells
from trailquery.containers import LINE_HEAD, Contents, Reject, contents_of, read_contents
from trailquery.inflate import GZIP_MAGIC, Text, inflate
from trailquery.stretches import read_value

LONG_BYTES = 64 << 20
PIECE_BYTES = 16 << 20
MAX_TEXT_BYTES = 8 << 30  # a gzip bomb stops here
_MOST_BROKEN = 16  # pieces in a row without any record: what follows is not read
_LIST = re.compile(rb"\s*+(\{\s*+\"(?:Records|Events|events|records|results)\"\s*+:\s*+)?+\[")
_COMMA = re.compile(rb"\s*+,?\s*+")


def read_pieces(data: bytes, long_bytes: int = LONG_BYTES, piece_bytes: int = PIECE_BYTES) -> Iterator[Contents]:
    """What a file holds, in pieces when it inflates to more than `long_bytes`. Raises nothing.

    Positions count through the file; hash, size and problem of the last piece are those of the whole.
    """
    start, problem = inflate(data, long_bytes) if data[:2] == GZIP_MAGIC else (data, None)
    if len(start) <= long_bytes:
        yield contents_of(data, start, problem)
        return
    del start
    text, position, broken, unread = Text(data), 0, 0, ""
    for document in _documents(_bounded(text), piece_bytes):
        contents = contents_of(document, document, None)
        problem = problem or text.problem or contents.problem
        yield replace(
            contents,
            positions=[position + place for place in contents.positions],
            rejects=[reject._replace(position=position + reject.position) for reject in contents.rejects],
        )
        position += len(contents.records) + len(contents.rejects)
        broken = 0 if contents.records else broken + 1
        if broken == _MOST_BROKEN:
            unread = f"{_MOST_BROKEN} pieces in a row hold no record"
            break
    if not position:
        yield read_contents(data)
        return
    if text.size_bytes > MAX_TEXT_BYTES:
        unread = unread or f"the gzip inflates to more than {MAX_TEXT_BYTES} bytes"
    rejects, digest = list[Reject](), text.sha256.hexdigest()
    if unread:
        problem = f"{unread}; what follows the first {text.size_bytes} bytes of its text was not read"
        rejects, digest = [Reject(position, b"", problem)], ""
    yield Contents("log", [], [], rejects, digest, text.size_bytes, problem)


def _bounded(text: Text) -> Iterator[bytes]:
    for part in text:
        yield part
        if text.size_bytes > MAX_TEXT_BYTES:
            return


def _documents(parts: Iterator[bytes], piece_bytes: int) -> Iterator[bytes]:
    """The text as documents of about `piece_bytes`; none when it starts with a longer value that is no list."""
    text = _gathered(parts, piece_bytes).removeprefix(codecs.BOM_UTF8)
    is_lines = bool(LINE_HEAD.match(text))
    head = tail = b""
    is_csv = record_cells(text) is not None
    if is_csv:
        head = text[: text.find(b"\n") + 1]
        text = text[len(head) :]
    elif not _end_of_values(text, is_lines):
        start = _LIST.match(text)
        if start is None:
            return
        head, tail = start[0], b"]}" if start[1] else b"]"
        text = text[len(head) :].lstrip()
    while more := _gathered(parts, piece_bytes):
        end = end_of_rows(text) if is_csv else _end_of_values(text, is_lines)
        if end:
            yield head + text[:end] + tail
        elif not text:
            end = 0
        elif head and text.startswith(b"]"):  # the list is over, and much follows
            end = len(text)
            yield head + text
            head = tail = b""
        else:  # broken here: what looks like the start of a record is left for the next
            end = max(text.rfind(b'{"eventVersion"'), 0) or len(text)
            yield (head or b"\n") + text[:end]
        text = text[end:] + more if is_csv else _COMMA.sub(b"", text[end:] + more, count=1)
    if head or text:
        yield head + text


def _gathered(parts: Iterator[bytes], size: int) -> bytes:
    """The next `size` bytes or some more; fewer at the end."""
    gathered, left = list[bytes](), size
    while left > 0 and (part := next(parts, None)) is not None:
        gathered.append(part)
        left -= len(part)
    return b"".join(gathered)


def _end_of_values(text: bytes, is_lines: bool) -> int:
    """Where the last whole value of `text` ends, of those that follow one another from its start."""
    if is_lines:
        return text.rfind(b"\n") + 1
    end = at = 0
    while match := _COMMA.match(text, at):
        at = match.end()
        if text[at : at + 1] not in (b"{", b"[", b'"', b"n"):
            return end
        at, value, _ = read_value(text, at)
        if value is None:
            return end
        end = at
    return end
