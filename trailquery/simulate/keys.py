"""The key pair that signs the simulated digests, made from a seed.

A simulated trail must come out the same on every machine, so the primes come from a seeded generator. Such
a key protects nothing: whoever knows the seed can sign. Only the public half is written.
"""

import base64
import hashlib
from datetime import datetime
from functools import lru_cache
from math import lcm
from random import Random

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

EXPONENT = 65537
SMALL_PRIMES = tuple(n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2)))


class SigningKey:
    """An RSA-2048 key with its fingerprint as digests name it: the MD5 of the PKCS#1 DER, in hex."""

    def __init__(self, seed: int) -> None:
        self.private = rsa_key(seed)
        self.der = self.private.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
        self.fingerprint = hashlib.md5(self.der, usedforsecurity=False).hexdigest()

    def sign(self, text: bytes) -> str:
        """The signature of `text` in hex: RSA PKCS#1 v1.5 over SHA-256."""
        return self.private.sign(text, PKCS1v15(), SHA256()).hex()

    def listing(self, start: datetime, end: datetime) -> dict[str, object]:
        """The public key as CloudTrail's ListPublicKeys answers, valid over [start, end], naive UTC."""
        key = {
            "Value": base64.b64encode(self.der).decode(),
            "ValidityStartTime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "ValidityEndTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "Fingerprint": self.fingerprint,
        }
        return {"trailquery": "public-keys", "PublicKeyList": [key]}


@lru_cache(maxsize=4)
def rsa_key(seed: int) -> RSAPrivateKey:
    """An RSA-2048 key, the same for the same seed."""
    random = Random(f"signing key {seed}")  # noqa: S311 on purpose, see above
    p, q = probable_prime(random), probable_prime(random)
    d = pow(EXPONENT, -1, lcm(p - 1, q - 1))
    numbers = RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa_crt_dmp1(d, p),
        dmq1=rsa_crt_dmq1(d, q),
        iqmp=rsa_crt_iqmp(p, q),
        public_numbers=RSAPublicNumbers(EXPONENT, p * q),
    )
    return numbers.private_key()


def probable_prime(random: Random) -> int:
    """A prime of 1024 bits whose two highest bits are set, so that a product of two has 2048."""
    while True:
        n = random.getrandbits(1024) | (3 << 1022) | 1
        if n % EXPONENT != 1 and all(n % prime for prime in SMALL_PRIMES) and is_probable_prime(n, random):
            return n


def is_probable_prime(n: int, random: Random, rounds: int = 8) -> bool:
    """Miller-Rabin on an odd `n`; eight rounds on random candidates of this size err below 2^-80."""
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(rounds):
        x = pow(random.randrange(2, n - 1), odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = pow(x, 2, n)
            if x == n - 1:
                break
        else:
            return False
    return True
