"""The demo's own secrets, made once and kept, so that a restart signs nobody out."""

from __future__ import annotations

from pathlib import Path

from django.core.management.utils import get_random_secret_key


def demo_secret(folder: Path, name: str = "demo-secret") -> str:
    file = folder / name
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text("demo-" + get_random_secret_key())
    return file.read_text()


def demo_seal_key(folder: Path) -> Path:
    """Return the file of the private key that signs the demo's history."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    file = folder / "demo-seal-key.pem"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        key = Ed25519PrivateKey.generate()
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file
