"""Checks a bundle of trailquery anywhere, with Python and `cryptography` alone: python -I check.py BUNDLE.zip [SHA-256]

A line for each part that is not as the manifest says, or not proven: a record stands in its log file, a digest lists the
file's SHA-256, and a key signed the digest. Exit code 1 if there is any. The SHA-256 is that of manifest.json, as it was
noted when the bundle was made. A key is AWS's if the Fingerprint that is told is in `aws cloudtrail list-public-keys`.
Of each part, and of its text, a gibibyte is read: one that is longer is not as the manifest says.
"""
# ruff: noqa: E401, I001, S324, SIM115, T201
# mypy: disable-error-code="arg-type,call-arg,func-returns-value,operator,union-attr,var-annotated"

import contextlib, gzip, hashlib, io, json, sys, zipfile
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def listed(digest: bytes, signature: str, key: bytes) -> set[str]:
    """The SHA-256 of each log file that a digest lists. Raises InvalidSignature and others unless the key signed it."""
    path = f"{(said := json.loads(digest))['digestS3Bucket']}/{said['digestS3Object']}"
    text = "\n".join([said["digestEndTime"], path, sha256(digest), said["previousDigestSignature"] or "null"]).encode()
    serialization.load_der_public_key(key).verify(bytes.fromhex(signature), text, padding.PKCS1v15(), hashes.SHA256())
    return {log["hashValue"] for log in said["logFiles"]}


def records(log: str, end: int = 1) -> set[str]:
    """The records of a log file as they stand there: the objects within the outermost one, none within another."""
    return {log[at : (end := json.JSONDecoder().raw_decode(log, at)[1])] for at in iter(lambda: log.find("{", end), -1)}


def check(bundle: str, noted: str | None = None) -> tuple[list[str], str]:
    """What is wrong or not proven, and how much is proven. There is a first record in every bundle."""
    held = [(p.filename, file.open(p).read(2**30)) for file in [zipfile.ZipFile(bundle)] for p in file.infolist()]
    parts, proven = {"records/000001.json": b""} | dict(held), {"keys/public-keys.json": set()}
    manifest, own = json.loads(parts["manifest.json"]), sha256(parts["manifest.json"])
    told = {e["path"]: e["sha256"] for e in manifest["entries"]} | {"manifest.json": own if noted is None else noted}
    wrong, keys = {f"{n}: changed, added or missing" for n, _ in told.items() ^ {(n, sha256(d)) for n, d in held}}, {}
    for path, by, signature in manifest["proofs"]:
        with contextlib.suppress(Exception):  # whatever it is, the part is not proven
            text = gzip.open(io.BytesIO(parts[path])).read(2**30) if parts[path][:2] == b"\x1f\x8b" else parts[path]
            if path.startswith("digests/"):
                proven[path], keys[hashlib.md5(parts[by]).hexdigest()] = listed(text, signature, parts[by]), by
            elif (text.decode() if path.startswith("records/") else sha256(text)) in proven[by]:
                proven[path] = set() if path.startswith("records/") else records(text.decode())
    wrong |= {f"{p}: not proven" for p in {*parts} - {*proven, *keys.values()} if not p.replace(".", "").isalpha()}
    return sorted(wrong), f"proven by {', '.join(keys)}: {sum('records/' in p for p in proven)} records; manifest {own}"


if __name__ == "__main__":
    failures, told = check(*sys.argv[1:3])
    sys.exit("\n".join(ascii(line)[1:-1] for line in failures) or print(told))
