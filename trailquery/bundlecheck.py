"""Checks a bundle of trailquery anywhere, with Python and `cryptography` alone: python -I check.py BUNDLE.zip [SHA-256]

A line for each part that is not as the manifest says, or not proven: a record stands in its log file, a digest lists the
file's SHA-256, and a key signed the digest. Exit code 1 if there is any. The SHA-256 is that of manifest.json, as it was
noted when the bundle was made. A key is AWS's if its MD5 is a Fingerprint in `aws cloudtrail list-public-keys`.
"""
# ruff: noqa: E401, I001, T201
# mypy: disable-error-code="arg-type,call-arg,func-returns-value,operator,union-attr"

import contextlib, gzip, hashlib, json, sys, zipfile, zlib
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def listed(digest: bytes, signature: str, key: bytes) -> set[str]:
    """The SHA-256 of each log file that a digest lists. Raises InvalidSignature and others unless the key signed it."""
    said = json.loads(digest)
    place, before = f"{said['digestS3Bucket']}/{said['digestS3Object']}", said["previousDigestSignature"] or "null"
    signed = "\n".join([said["digestEndTime"], place, sha256(digest), before]).encode()
    serialization.load_der_public_key(key).verify(bytes.fromhex(signature), signed, padding.PKCS1v15(), hashes.SHA256())
    return {log["hashValue"] for log in said["logFiles"]}


def check(bundle: str, noted: str | None = None) -> tuple[list[str], str]:
    """What is wrong or not proven, and how much is proven."""
    with zipfile.ZipFile(bundle) as archive:
        held = [(part.filename, archive.read(part)) for part in archive.infolist()]
    parts, found, proven = dict(held), {(name, sha256(data)) for name, data in held}, dict[str, bytes | set[str]]()
    manifest, manifest_sum = json.loads(parts["manifest.json"]), sha256(parts["manifest.json"])
    told = {(e["path"], e["sha256"]) for e in manifest["entries"]} | {("manifest.json", noted or manifest_sum)}
    wrong = {f"{name}: changed, added or missing" for name, _ in told ^ found}
    for path, by, signature in manifest["proofs"]:
        with contextlib.suppress(InvalidSignature, KeyError, TypeError, ValueError, OSError, EOFError, zlib.error):
            text = gzip.decompress(parts[path]) if parts[path][:2] == b"\x1f\x8b" else parts[path]
            if signature or (text if path.startswith("records/") else sha256(text)) in proven[by]:
                proven[path] = listed(text, signature, parts[by]) if signature else text
    wrong |= {f"{path}: not proven" for path in parts.keys() - proven.keys() if "/" in path and path[:5] != "keys/"}
    keys = ", ".join(sorted({by for path, by, signature in manifest["proofs"] if signature and path in proven}))
    return sorted(wrong), f"proven by {keys}: {sum('records/' in p for p in proven)} records; manifest {manifest_sum}"


if __name__ == "__main__":
    failures, told = check(*sys.argv[1:3])
    sys.exit("\n".join(ascii(line)[1:-1] for line in failures) or print(told))
