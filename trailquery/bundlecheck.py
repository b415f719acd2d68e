"""Checks a bundle of trailquery anywhere, with Python and `cryptography` alone: python -I check.py BUNDLE.zip [SHA-256]

A line for each thing that is wrong, and exit code 1. The SHA-256 is that of manifest.json, as it was written down when the
bundle was made; without it, what is proven is what the digests prove. Keys are AWS's if `list-public-keys` tells the same.
"""
# ruff: noqa: E401, I001

import base64, collections, hashlib, json, sys, zipfile, zlib
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from typing import Any


def inflate(data: bytes) -> bytes:
    text = b""
    while data[:2] == b"\x1f\x8b":  # each member of a gzip
        member = zlib.decompressobj(31)
        text, data = text + member.decompress(data), member.unused_data
    return text or data


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_signed(text: bytes, digest: dict[str, Any], signature: str, der: bytes) -> bool:
    place = f"{digest['digestS3Bucket']}/{digest['digestS3Object']}"
    lines = [digest["digestEndTime"], place, sha256(text), digest["previousDigestSignature"] or "null"]
    try:
        load_der_public_key(der).verify(bytes.fromhex(signature), "\n".join(lines).encode(), PKCS1v15(), SHA256())  # type: ignore[union-attr,call-arg,arg-type]
    except (InvalidSignature, ValueError):
        return False
    return bool(hashlib.md5(der, usedforsecurity=False).hexdigest() == digest["digestPublicKeyFingerprint"])


def check(bundle: Any, noted: str | None = None) -> tuple[list[str], str]:
    """What is wrong with a bundle, a path or a file, and what it holds."""
    with zipfile.ZipFile(bundle) as archive:
        names, held = archive.namelist(), {name: archive.read(name) for name in archive.namelist()}
    manifest = held.pop("manifest.json")
    entries = {entry["path"]: entry for entry in json.loads(manifest)["entries"]}
    wrong = [f"{name}: stands there twice" for name, count in collections.Counter(names).items() if count > 1]
    wrong += [f"{name}: not in the manifest" for name in held if name not in entries]
    wrong += [f"{name}: missing" for name in entries if name not in held]
    wrong += [f"{name}: changed" for name in entries if name in held and sha256(held[name]) != entries[name]["sha256"]]
    wrong += ["manifest.json: not the one whose SHA-256 was noted"] * (noted not in (None, sha256(manifest)))
    if wrong:
        return wrong, ""
    texts = {name: inflate(data) for name, data in held.items()}
    of_role = {role: [e for e in entries.values() if e["role"] == role] for role in ("record", "source", "digest")}
    keys = json.loads(held.get("keys/public-keys.json", b'{"PublicKeyList": []}'))["PublicKeyList"]
    ders = {key["Fingerprint"]: base64.b64decode(key["Value"]) for key in keys}
    hashed, signed = {}, 0
    for path, signature in ((e["path"], e["signature"]) for e in of_role["digest"]):
        digest = json.loads(texts[path])
        hashed[path] = {log["hashValue"] for log in digest["logFiles"]}
        if signature and (der := ders.get(digest["digestPublicKeyFingerprint"])):
            signed += 1
            if not is_signed(texts[path], digest, signature, der):
                wrong.append(f"{path}: not signed by the key that it names")
    listed = {e["path"]: e["digest"] for e in of_role["source"] if e["digest"]}
    wrong += [f"{path}: not as {by} lists it" for path, by in listed.items() if sha256(texts[path]) not in hashed[by]]
    placed = [e for e in of_role["record"] if e["source"]]
    for path, source, start, length in ((e["path"], e["source"], e["offset"], e["length"]) for e in placed):
        part = texts[source][start : start + length]
        if part != held[path] and (part[:1] != b'"' or held[path] not in json.loads(part).encode()):  # "": JSON in JSON
            wrong.append(f"{path}: not at byte {start} of {source}")
    records, sources, digests = map(len, of_role.values())
    found = f"{len(placed)} of {records} records lie in {sources} log files, {len(listed)} listed by a digest"
    return wrong, f"{found}; {signed} of {digests} digests signed; manifest {sha256(manifest)}"


if __name__ == "__main__":
    failures, told = check(*sys.argv[1:3])
    for line in failures or [f"whole: {told}"]:
        sys.stdout.write(line.encode("unicode_escape").decode() + "\n")
    sys.exit(bool(failures))
