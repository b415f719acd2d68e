"""Checks a bundle of trailquery anywhere, with Python and `cryptography` alone: python -I check.py BUNDLE.zip [SHA-256]

A line for each thing that is wrong or not proven, and exit code 1. The SHA-256 is that of manifest.json, as it was noted when
the bundle was made. Whether the keys are AWS's, `aws cloudtrail list-public-keys` tells.
"""
# ruff: noqa: E401, I001

import base64, hashlib, json, sys, zipfile, zlib
from collections import Counter
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

ROLES = "digest", "source", "record"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def inflate(data: bytes) -> bytes:
    text = b""
    while data[:2] == b"\x1f\x8b":  # each member of a gzip
        member = zlib.decompressobj(31)
        text, data = text + member.decompress(data), member.unused_data
    return text or data


def listed(text: bytes, signature: str, keys: dict[str, bytes]) -> set[str]:
    """The SHA-256 of each log file that a digest lists. Raises InvalidSignature, KeyError or ValueError if it is not signed."""
    said = json.loads(text)
    place, before = f"{said['digestS3Bucket']}/{said['digestS3Object']}", said["previousDigestSignature"] or "null"
    signed = "\n".join([said["digestEndTime"], place, sha256(text), before]).encode()
    key = load_der_public_key(keys[said["digestPublicKeyFingerprint"]])
    key.verify(bytes.fromhex(signature), signed, PKCS1v15(), SHA256())  # type: ignore[union-attr,call-arg,arg-type]
    return {log["hashValue"] for log in said["logFiles"]}


def check(bundle: str, noted: str | None = None) -> tuple[list[str], str]:
    """What is wrong or not proven, and what it holds."""
    with zipfile.ZipFile(bundle) as archive:
        names, held = Counter(archive.namelist()), {name: archive.read(name) for name in archive.namelist()}
    entries = {entry["path"]: entry for entry in json.loads(held["manifest.json"])["entries"]}
    found = {name: sha256(data) for name, data in held.items()}
    wrong = [f"{name}: not in the manifest, or there twice" for name in names - Counter(["manifest.json", *entries])]
    wrong += [f"{name}: missing" for name in entries if name not in held]
    wrong += [f"{name}: changed" for name in entries if name in held and found[name] != entries[name]["sha256"]]
    wrong += ["manifest.json: not the one whose SHA-256 was noted"] * (noted not in (None, found["manifest.json"]))
    if wrong:
        return wrong, ""
    digests, sources, records = ([e for e in entries.values() if e["role"] == role] for role in ROLES)
    known = json.loads(held.get("keys/public-keys.json", b'{"PublicKeyList": []}'))["PublicKeyList"]
    keys = {hashlib.md5(der := base64.b64decode(key["Value"]), usedforsecurity=False).hexdigest(): der for key in known}
    texts, hashes = {name: inflate(data) for name, data in held.items()}, dict[str | None, set[str]]()
    for path, signature in ((e["path"], e["signature"]) for e in digests if e["signature"]):
        try:
            hashes[path] = listed(texts[path], signature, keys)
        except (InvalidSignature, KeyError, ValueError):
            wrong.append(f"{path}: not signed by a key of the bundle")
    proven = {e["path"] for e in sources if sha256(texts[e["path"]]) in hashes.get(e["digest"], ())}
    wrong += [f"{e['path']}: not proven: no digest that is signed lists it" for e in sources if e["path"] not in proven]
    for path, source, start, length in ((e["path"], e["source"], e["offset"], e["length"]) for e in records):
        if source is None or (source in proven and texts[source][start : start + length] != held[path]):
            wrong.append(f"{path}: not proven: does not lie in {source or 'a log file of the bundle'}")
    return wrong, f"{len(records)} records in {len(sources)} log files, manifest {found['manifest.json']}"


if __name__ == "__main__":
    failures, told = check(*sys.argv[1:3])
    for line in failures or [f"proven: {told}"]:
        sys.stdout.write(line.encode("unicode_escape").decode() + "\n")
    sys.exit(bool(failures))
