"""Real accounts, addresses, keys and names -> pseudonyms of the same form, the same for as long as their key file lives.

A pseudonym is made from the value and the key alone, so that every command and format shows the same one. What is replaced:
what has a form (accounts, ARNs, addresses, access keys, ids of resources, e-mail addresses), each name that was learned,
wherever a text holds it as whole words, and what stands in a JSON member, an ARN or an s3:// address where names stand. AWS's
own words stay, and so do ids of events and requests, hashes and times.
"""

import hashlib
import hmac
import json
import os
import re
import secrets
from base64 import b32encode
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from trailquery.atomic import unfinished
from trailquery.errors import UsageError
from trailquery.words import AWS_OWN, FILE_ENDINGS, NAME_KEYS, RESOURCE_TYPES, WORDS

SHORTEST = 3  # letters of a name that is looked for in texts
_REMEMBERED = 100_000  # texts; columns repeat theirs
_PRIVATE = [IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")]
_FORMS = {
    "uuid": r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Za-z])",
    "hash": r"(?<![0-9A-Za-z])[0-9a-f]{32,128}(?![0-9A-Za-z])",
    "arn": r"arn:aws[a-z-]*:[A-Za-z0-9-]*:[A-Za-z0-9-]*:(?:[0-9]{12}|aws|\*)?:",
    "s3": r"s3://",
    "email": r"(?<![\w.+=-])[\w.+=-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
    "key": r"(?<![0-9A-Za-z])A[A-Z]{3}[A-Z0-9]{12,124}(?![0-9A-Za-z])",
    "host": r"(?<![0-9A-Za-z])(?:ip|ec2)(?:-[0-9]{1,3}){4}(?![0-9A-Za-z])",
    "ipv4": r"(?<![0-9A-Za-z.])(?<![A-Za-z]/)(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9A-Za-z]|\.[0-9])",
    "ipv6": r"(?<![0-9A-Za-z:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:[0-9A-Fa-f]{0,4}(?:(?:\.[0-9]{1,3}){3})?(?![0-9A-Za-z:])",
    "account": r"(?<![0-9])(?:[0-9]{12}(?![0-9])|(?<![0-9]-)[0-9]{4}-[0-9]{4}-[0-9]{4}(?!-?[0-9]))",
    "organization": r"(?<![0-9A-Za-z-])(?:o|ou|r)-[0-9a-z]{4,32}(?:-[0-9a-z]{8,32})?(?![0-9A-Za-z])",
    "resource": r"(?<![0-9A-Za-z])[a-z]{1,12}-(?:[0-9a-f]{17}|[0-9a-f]{8})(?![0-9A-Za-z-])",
    "word": r"[^\W_]+",
}
_ANY_FORM = re.compile("|".join(f"(?P<{name}>{form})" for name, form in _FORMS.items()))
_REPLACED = [name for name in _FORMS if name not in ("hash", "arn", "s3", "host", "word")]
_WHOLE = {name: re.compile(_FORMS[name]) for name in _REPLACED}
_IN_SEGMENT = re.compile(r"[^/:()\[\]{}*?\\\s\"'<>|$]")
_SEGMENT = re.compile(r"[^/:()\[\]{}*?\\\s\"'<>|$]+(?: [^/:()\[\]{}*?\\\s\"'<>|$]+)*")
_END_OF_NAMES = re.compile(r"[\s\"'<>]|,(?=arn:)")
_IN_S3 = re.compile("s3:|arn:aws[a-z-]*:s3:")  # where names may hold spaces
_SENTENCE = re.compile(r"\.(?:json|gz)[:;,]? ")  # about a log file, whose place it begins with
_UNBROKEN = re.compile(r"[^\s\"'<>]+")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_MEMBER = re.compile(r'("([^"\\]{1,64})"\s*:\s*")((?:[^"\\]|\\.)*)')
_STANDS_APART = re.compile(r"(?<![^/:])")
_WORD = re.compile(_FORMS["word"])
_BARE = re.compile(r"[^\W_](?:.*[^_=])?", re.DOTALL)  # a name without what would run into a pseudonym beside it


class Pseudonyms:
    """The pseudonyms of one key file, which is made, for its owner alone, where there is none. Raises UsageError."""

    def __init__(self, file: Path) -> None:
        self._file = file
        _make(file)
        self._key, self._names = _read(file)
        self._reals = {made: real for real, made in self._names.items()}
        self._known = _Known([*(name for name in self._names if not _is_small(name)), *self._reals])
        self._own: set[str] = set(WORDS)
        self._small: set[str] = set()  # names that are replaced only between slashes and colons
        self._texts: dict[str, str] = {}
        self._met = 0  # names that stood in an ARN or a path, and had not been learned

    def keep(self, words: Iterable[str | None]) -> None:
        """These words are AWS's own, and stay."""
        self._own.update(word for word in words if word)

    def learn(self, values: Iterable[str | None]) -> None:
        """What these values are, or what names stand in them as ARNs and paths, is replaced in every text from now on."""
        learned, rest = list(filter(None, values)), list[str]()
        for value in learned:
            head = _ANY_FORM.match(value)
            bare = value[head.end() :] if head and head.lastgroup in ("arn", "s3") else value
            rest += bare.split("/") if _IN_S3.match(value) else [bare]  # a bucket, and what lies in it, are names apart
            if head and head[0].endswith(":aws:"):  # a policy of AWS
                self.keep(_SEGMENT.findall(rest.pop()))
        for value in rest:
            names = (value, *re.split(r"[/:]", value))
            self._known.add(name for name in names if self._is_name(name) and not _is_small(name))
            self._small.update(name for name in names if self._is_name(name) and _is_small(name))
        self._texts = {}

    def text(self, text: str) -> str:
        """`text` with pseudonyms in it; JSON stays JSON."""
        if text not in self._texts:
            if len(self._texts) >= _REMEMBERED:
                self._texts.clear()
            known, made = -1, ""
            while known < self._met:  # a name that is met may stand before that, too
                known, made = self._met, self._replaced(text)
            self._texts[text] = made
        return self._texts[text]

    def real(self, text: str) -> str:
        """`text` with what the pseudonyms in it stand for."""
        made, found, at = _Known(self._reals), list[str](), 0
        while word := _WORD.search(text, at):
            name = made.at(text, word.start())
            found += [text[at : word.start()], self._reals.get(name, name) if name else word[0]]
            at = word.start() + len(name or word[0])
        return "".join([*found, text[at:]])

    def of(self, value: str) -> str:
        """The pseudonym of one account, address, key or name; of a pseudonym itself."""
        if value in self._reals:
            return value
        if value not in self._names:
            form = next((name for name in _REPLACED if _WHOLE[name].fullmatch(value)), "name")
            if form == "account" and "-" in value:  # as the console shows it
                made = self.of(value.replace("-", ""))
                return self._note(value, f"{made[:4]}-{made[4:8]}-{made[8:]}")
            bare = _BARE.search(value) if form == "name" else None
            if bare and bare[0] != value:
                return value[: bare.start()] + self.of(bare[0]) + value[bare.end() :]
            for attempt in count():
                digest = hmac.digest(self._key, f"{attempt} {value}".encode("utf-8", "surrogatepass"), "sha256")
                made = _MADE[form](value, digest, attempt)
                if made == value or not (made in self._reals or made in self._known):
                    break
            if made == value:  # an address that is everyone's
                return value
            if form == "name" and value not in self._known:
                self._met += 1
                self._texts.clear()
            self._note(value, made)
        return self._names[value]

    def _note(self, real: str, made: str) -> str:
        self._names[real], self._reals[made] = made, real
        self._known.add([made] if _is_small(real) else [real, made])
        return made

    def items(self) -> list[tuple[str, str]]:
        """(real, pseudonym), sorted by pseudonym."""
        return sorted(self._names.items(), key=lambda pair: pair[1])

    def save(self) -> None:
        """Write the key file, with what others have added to it since it was read."""
        others = _read(self._file)[1] if self._file.exists() else {}
        if names := self._names.keys() - others.keys():
            with unfinished(self._file.parent) as part:
                _write(part, self._key, others | {name: self._names[name] for name in names})
                part.replace(self._file)

    # --- what is replaced

    def _replaced(self, text: str) -> str:
        if text[:1] in ("{", "["):
            with suppress(ValueError, RecursionError):
                return json.dumps(self._json(json.loads(text)), ensure_ascii=False, separators=(",", ":"))
        if '":' in text:
            text = _MEMBER.sub(self._member, text)
        if "%" in text:
            text = _UNBROKEN.sub(self._decoded, text)
        return self._scanned(text)

    def _json(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {self.text(name): self._json(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._json(inner, key) for inner in value]
        if isinstance(value, str):
            return self._scanned(value, len(value)) if NAME_KEYS.search(key) and value[:1] != "{" else self.text(value)
        is_account = type(value) is int and len(str(value)) == 12
        return int(self.of(str(value))) if is_account else value

    def _member(self, member: re.Match[str]) -> str:
        """A member of broken JSON, or of JSON in a text."""
        start, key, value = member.groups()
        return start + (self._scanned(value, len(value)) if NAME_KEYS.search(key) else value)

    def _decoded(self, encoded: re.Match[str]) -> str:
        """What holds URL encoding, encoded again where something in it was replaced; anything else as it is."""
        if not _ENCODED.search(encoded[0]):
            return encoded[0]
        text = unquote(encoded[0])
        replaced = self._replaced(text) if "%" not in text else self._scanned(text)
        literal = re.sub(r"[A-Za-z0-9%]", "", encoded[0])
        return encoded[0] if replaced == text else quote(replaced, safe=literal)

    def _scanned(self, text: str, names_until: int = 0) -> str:
        """`text` from left to right; up to `names_until`, and behind ARNs and s3://, what is unknown is a name, too."""
        parts, at, segment_end = list[str](), 0, 0
        while found := (at < names_until and _IN_SEGMENT.search(text, at, names_until)) or _ANY_FORM.search(text, at):
            start, form = found.start(), found.lastgroup
            if form is None and (head := _ANY_FORM.match(text, start)) and head.lastgroup in ("arn", "s3", "ipv6"):
                found, form = head, head.lastgroup
            if form is None and start >= segment_end:  # a long one is met again behind each name in it
                segment_end = _SEGMENT.match(text, start, names_until).end()  # type: ignore[union-attr]
            end = segment_end if form is None else found.end()
            parts.append(text[at:start])
            word = None if form in ("arn", "s3", "hash") else _WORD.search(text, start, end)
            name = word and self._known.at(text, word.start())
            if word and name and (name in self._known or self._is_name(name)):
                parts += [text[start : word.start()], self.of(name)]
                at = word.start() + len(name)
                if start < names_until < at:  # the name holds a space
                    names_until = _end_of_names(text, at)
                continue
            at = end
            if form in ("arn", "s3"):
                is_whole = not start and _IN_S3.match(found[0]) and not _SENTENCE.search(text)
                if is_whole or at > names_until:
                    names_until = len(text) if is_whole else _end_of_names(text, at)
                at, said = self._arn(found[0], text, at) if form == "arn" else (at, found[0])
                parts.append(said)
                if found[0].endswith(":aws:"):
                    parts.append(text[at:names_until])
                    at = names_until
            elif form is None:
                parts.append(self._segment(text[start:end]))
            else:
                is_small = (
                    found[0] in self._small and _STANDS_APART.match(text, start) and text[at : at + 1] in ("", "/", ":")
                )
                parts.append(self.of(found[0]) if is_small else self._form(form, found[0]))
        return "".join([*parts, text[at:]])

    def _arn(self, head: str, text: str, at: int) -> tuple[int, str]:
        """The start of an ARN, with the word that tells what kind of resource it is; and where the names begin."""
        account = re.search("[0-9]{12}", head)
        said = head.replace(account[0], self.of(account[0])) if account else head
        kind = re.compile(r"([a-z-]+)(?=[/:])").match(text, at)
        is_kind = kind and kind[1] in RESOURCE_TYPES and not head.startswith(("arn:aws:s3:", "arn:aws:sns:"))
        return (kind.end(), said + kind[1]) if kind and is_kind else (at, said)

    def _segment(self, segment: str) -> str:
        """A part of a path or an ARN that is a name unless AWS chose it."""
        if not self._is_name(segment) or "_CloudTrail" in segment:
            return self._scanned(segment)
        stripped = segment.rstrip(".,;!")
        return self.of(stripped) + segment[len(stripped) :] if stripped else segment

    def _form(self, form: str, text: str) -> str:
        """What has the form of a thing that is replaced."""
        if form in ("word", "uuid", "hash"):
            return text
        if form == "email" and text.endswith(".amazonaws.com"):
            return text
        if form == "host" and text not in self._reals:
            prefix, _, address = text.partition("-")
            return self._note(text, f"{prefix}-{self.of(address.replace('-', '.')).replace('.', '-')}")
        if form in ("ipv4", "ipv6"):
            try:
                text = str(ip_address(text))
            except ValueError:
                return text
        return self.of(text)

    def _is_name(self, text: str) -> bool:
        is_number = text.isdecimal() and len(text) < 5
        return bool(_WORD.search(text)) and not (is_number or text in self._own or AWS_OWN.search(text))


class _Known:
    """Names by their first word and their length, so that a text of any length is searched in one go, in any capitals."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._small_letters: set[str] = set()
        self._lengths: defaultdict[str, list[int]] = defaultdict(list)
        self.add(names)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def add(self, names: Iterable[str]) -> None:
        for name in names:
            word = _WORD.search(name)
            if word and name not in self._names:
                name = name[word.start() :]
                self._names.add(name)
                self._small_letters.add(name.lower())
                lengths = self._lengths[word[0].lower()]
                if len(name) not in lengths:
                    lengths.append(len(name))
                    lengths.sort(reverse=True)

    def at(self, text: str, start: int) -> str | None:
        """The longest name that stands at `start`, where a word begins, and ends where one does."""
        word = _WORD.match(text, start)
        for length in self._lengths.get(word[0].lower(), ()) if word else ():
            name = text[start : start + length]
            if name.lower() in self._small_letters and not (
                _WORD.match(name[-1]) and _WORD.match(text, start + length)
            ):
                return name
        return None


def _end_of_names(text: str, at: int) -> int:
    end = _END_OF_NAMES.search(text, at)
    return end.start() if end else len(text)


def _is_small(name: str) -> bool:
    """Too short to be told from other words."""
    return len(name) < SHORTEST or (name.isdecimal() and len(name) < 5)


def _make(file: Path) -> None:
    """A new key file, unless there is one: of two that make it at once, one key stays."""
    try:
        _write(file, secrets.token_bytes(32), {})
    except FileExistsError:
        return
    except OSError as error:
        raise UsageError(f"--pseudonyms {file}: {error.strerror}; name a file that can be written") from None


def _write(file: Path, key: bytes, names: dict[str, str]) -> None:
    said = {"trailquery": "pseudonyms", "key": key.hex(), "names": names}
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
        json.dump(said, opened, indent=0, sort_keys=True)


def _read(file: Path) -> tuple[bytes, dict[str, str]]:
    try:
        said = json.loads(file.read_bytes())
        return bytes.fromhex(said["key"]), dict(said["names"])
    except OSError as error:
        raise UsageError(
            f"--pseudonyms {file}: {error.strerror}; name a file of yours, or one that is not there"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(
            f"--pseudonyms {file}: no key file; name one that trailquery made, or that is not there"
        ) from None


def _letters(digest: bytes, length: int) -> str:
    more = hashlib.shake_128(digest).digest(length)
    return b32encode(more).decode()[:length]


def _hex(digest: bytes, like: str) -> str:
    """Hexadecimal in the form of `like`."""
    digits = iter(hashlib.shake_128(digest).hexdigest(len(like)))
    return "".join(char if char == "-" else next(digits) for char in like)


def _name(value: str, digest: bytes, _attempt: int) -> str:
    ending = value.rpartition(".")[2].lower()
    return f"name-{_letters(digest, 6).lower()}" + (f".{ending}" if ending in FILE_ENDINGS else "")


def _ipv4(value: str, digest: bytes, attempt: int) -> str:
    address, number = IPv4Address(value), int.from_bytes(digest[:4])
    if address.is_loopback or address.is_link_local or address.is_multicast or value.startswith(("0.", "255.")):
        return value
    if any(address in network for network in _PRIVATE):
        return str(IPv4Address((10 << 24) + number % (1 << 24)))
    start, bits = ("198.18.0.0", 17) if attempt < 16 else ("240.0.0.0", 28)  # a case may know more than 131,072
    return str(IPv4Address(int(IPv4Address(start)) + number % (1 << bits)))


def _ipv6(value: str, digest: bytes, _attempt: int) -> str:
    address = IPv6Address(value)
    if address.is_loopback or address.is_unspecified:
        return value
    return str(IPv6Address((0x20010DB8 << 96) + int.from_bytes(digest[:8])))


def _after_hyphen(value: str, digest: bytes, _attempt: int) -> str:
    prefix, _, rest = value.partition("-")
    return f"{prefix}-{_hex(digest, rest)}"


_MADE: dict[str, Callable[[str, bytes, int], str]] = {
    "name": _name,
    "uuid": lambda value, digest, _: _hex(digest, value),
    "email": lambda _value, digest, _: f"name-{_letters(digest, 6).lower()}@example.com",
    "key": lambda value, digest, _: value[:4] + _letters(digest, len(value) - 4),
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "account": lambda _value, digest, _: str(
        10**11 + int.from_bytes(digest[:8]) % (9 * 10**11)
    ),  # JSON may hold it as a number
    "organization": _after_hyphen,
    "resource": _after_hyphen,
}
