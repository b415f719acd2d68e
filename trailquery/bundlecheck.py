"""Checks a bundle of trailquery anywhere, with Python and `cryptography` alone: python -I check.py BUNDLE.zip [SHA-256]

A line for each thing that is wrong, and exit code 1. The SHA-256 is that of manifest.json, as it was written down when the
bundle was made; without it, what is proven is what the digests prove. Keys are AWS's if `list-public-keys` tells the same.
"""
# ruff: noqa: E401, I001

import base64, hashlib, json, sys, zipfile, zlib
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from typing import Any


def inflate(data: bytes) -> bytes:
    parts = []
    while data[:2] == b"\x1f\x8b":  # each member of a gzip
        member = zlib.decompressobj(31)
        parts.append(member.decompress(data))
        data = member.unused_data
    return b"".join(parts) or data


def is_signed(text: bytes, said: dict[str, Any], signature: str, der: bytes) -> bool:
    place = f"{said['digestS3Bucket']}/{said['digestS3Object']}"
    sha256, before = hashlib.sha256(text).hexdigest(), said["previousDigestSignature"] or "null"
    signed = f"{said['digestEndTime']}\n{place}\n{sha256}\n{before}".encode()
    try:
        load_der_public_key(der).verify(bytes.fromhex(signature), signed, PKCS1v15(), SHA256())  # type: ignore[union-attr,call-arg,arg-type]
    except (InvalidSignature, ValueError):
        return False
    return bool(hashlib.md5(der, usedforsecurity=False).hexdigest() == said["digestPublicKeyFingerprint"])


def check(bundle: Any, noted: str | None = None) -> tuple[list[str], str]:
    """What is wrong with a bundle, a path or a file, and what it holds."""
    with zipfile.ZipFile(bundle) as archive:
        names, held = archive.namelist(), {name: archive.read(name) for name in archive.namelist()}
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in held.items()}
    entries = {entry["path"]: entry for entry in json.loads(held["manifest.json"])["entries"]}
    wrong = [f"{name}: not in the manifest" for name in names if name not in {*entries, "manifest.json"}]
    wrong += [f"{name}: stands there twice" for name in held if names.count(name) > 1]
    wrong += [f"{name}: missing" for name in entries if name not in held]
    wrong += [f"{name}: changed" for name, entry in entries.items() if name in held and sums[name] != entry["sha256"]]
    wrong += ["manifest.json: not the one whose SHA-256 was noted"] * (noted not in (None, sums["manifest.json"]))
    records, sources, digests = (
        [e for e in entries.values() if e["role"] == r] for r in ("record", "source", "digest")
    )
    if wrong:
        return wrong, ""
    texts = {entry["path"]: inflate(held[entry["path"]]) for entry in [*sources, *digests]}
    keys = json.loads(held["keys/public-keys.json"])["PublicKeyList"] if "keys/public-keys.json" in held else []
    ders = {key["Fingerprint"]: base64.b64decode(key["Value"]) for key in keys}
    said = {entry["path"]: json.loads(texts[entry["path"]]) for entry in digests}
    signed = [e for e in digests if e["signature"] and said[e["path"]]["digestPublicKeyFingerprint"] in ders]
    for path, signature in ((entry["path"], entry["signature"]) for entry in signed):
        der = ders[said[path]["digestPublicKeyFingerprint"]]
        if not is_signed(texts[path], said[path], signature, der):
            wrong.append(f"{path}: not signed by the key that it names")
    for path, digest in ((entry["path"], entry["digest"]) for entry in sources if entry["digest"]):
        if hashlib.sha256(texts[path]).hexdigest() not in [log["hashValue"] for log in said[digest]["logFiles"]]:
            wrong.append(f"{path}: not as {digest} lists it")
    placed = [entry for entry in records if entry["source"]]
    for record in placed:
        whole = held[record["path"]]
        part = texts[record["source"]][record["offset"] : record["offset"] + record["length"]]
        if part != whole and (part[:1] != b'"' or whole not in json.loads(part).encode()):  # "": JSON in JSON
            wrong.append(f"{record['path']}: not at byte {record['offset']} of {record['source']}")
    listed = sum(entry["digest"] is not None for entry in sources)
    held_there = f"{len(placed)} of {len(records)} records lie in {len(sources)} log files, {listed} listed by a digest"
    return wrong, f"{held_there}; {len(signed)} of {len(digests)} digests signed; manifest {sums['manifest.json']}"


if __name__ == "__main__":
    failures, told = check(*sys.argv[1:3])
    sys.stdout.write("".join(f"{failure}\n" for failure in failures or [f"whole: {told}"]))
    sys.exit(bool(failures))
