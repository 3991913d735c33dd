"""The key that the heads of the audit are signed with: Ed25519, in the data folder or in a file that is given."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from bizaiops_bot.domain.errors import Permanent

KEY_FILE = "audit.key"


@dataclass(frozen=True)
class HeadKey:
    """A private key. public: 64 hexadecimal digits, which anyone may know."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        return self.private.public_key().public_bytes_raw().hex()

    @property
    def id(self) -> str:
        return key_id(self.public)

    def sign(self, text: str) -> str:
        """128 hexadecimal digits."""
        return self.private.sign(text.encode()).hex()


def key_id(public: str) -> str:
    """The fingerprint people compare: the first 16 hexadecimal digits of the public key's SHA-256."""
    return hashlib.sha256(public.encode()).hexdigest()[:16]


def is_signed(public: str, text: str, signature: str) -> bool:
    """Whether the owner of the key signed exactly this text. Anything that is no key or signature is False."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), text.encode())
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def load(folder: Path, given: Path | None = None) -> HeadKey | None:
    """The folder's key, None when it has none yet; that of the file `given`, which has to be there. Raises Permanent
    when the file is no such key.
    """
    file = given or folder / KEY_FILE
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except FileNotFoundError:
        if given is None:
            return None
        raise Permanent(
            f"The key of the audit, {str(given)!r}, is not there.",
            "BIZAIOPS_AUDIT_KEY names that file.",
            "Make one with `openssl genpkey -algorithm ed25519`, or take the variable away.",
        ) from None
    except (OSError, ValueError, TypeError) as exc:
        raise Permanent(
            f"The key of the audit, {str(file)!r}, cannot be used.",
            f"{exc}.".replace("\n", " "),
            "Put the right file back. If it is lost, delete it: a new key is made at the next start, and "
            "`bizaiops audit verify --key ID` still accepts the old one.",
        ) from exc
    if not isinstance(key, Ed25519PrivateKey):
        raise Permanent(f"The key of the audit, {str(file)!r}, is no Ed25519 key.", do="Put the right file back.")
    return HeadKey(key)


def load_or_make(folder: Path, given: Path | None = None) -> HeadKey:
    """The folder's key, made at the first start; one that is given is never made. Raises Permanent as `load`, or when
    it cannot be written.
    """
    found = load(folder, given)
    if found is not None:
        return found
    made = Ed25519PrivateKey.generate()
    text = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    unfinished = folder / f"{KEY_FILE}.{os.getpid()}"
    try:
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        # A link never overwrites: of two that start together, one key wins.
        os.link(unfinished, folder / KEY_FILE)
    except FileExistsError:
        return load_or_make(folder)
    except OSError as exc:
        raise Permanent(
            f"The key of the audit cannot be written to {str(folder)!r}.", f"{exc.strerror}.", "Make room there."
        ) from exc
    finally:
        unfinished.unlink(missing_ok=True)
    return HeadKey(made)
