"""Keys: made once, closed to others, named by themselves."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from kernel.chain.signing import (
    KEY_FILE,
    PUBLIC_FILE,
    KeyUnusable,
    Signer,
    public_pem,
    read_public_keys,
    signature_holds,
)


def test_the_key_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    first, again = Signer.load_or_create(tmp_path), Signer.load_or_create(tmp_path)
    assert first.public == again.public
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in sorted(tmp_path.iterdir())] == [KEY_FILE, PUBLIC_FILE]


def test_the_public_key_comes_back_when_its_file_was_lost(tmp_path: Path) -> None:
    signer = Signer.load_or_create(tmp_path)
    (tmp_path / PUBLIC_FILE).unlink()
    Signer.load_or_create(tmp_path)
    assert read_public_keys(tmp_path / PUBLIC_FILE) == {signer.key_id: signer.public}


def test_old_keys_stay_trusted_in_one_file(tmp_path: Path) -> None:
    old, new = Signer.load_or_create(tmp_path / "old"), Signer.load_or_create(tmp_path / "new")
    path = tmp_path / "all.pub"
    path.write_bytes(public_pem(old.public) + public_pem(new.public))
    assert set(read_public_keys(path)) == {old.key_id, new.key_id}


def test_a_signature_holds_for_its_message_and_key_only(tmp_path: Path) -> None:
    signer, other = Signer.load_or_create(tmp_path), Signer.load_or_create(tmp_path / "other")
    signature = signer.sign(b"root")
    assert signature_holds(signer.public, b"root", signature)
    assert not signature_holds(signer.public, b"root2", signature)
    assert not signature_holds(other.public, b"root", signature)
    assert not signature_holds(b"short", b"root", signature)


def test_files_without_such_a_key_are_refused(tmp_path: Path) -> None:
    curve = generate_private_key(SECP256R1())
    private = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = curve.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for content in (b"nonsense", private):
        (tmp_path / KEY_FILE).write_bytes(content)
        with pytest.raises(KeyUnusable):
            Signer.load_or_create(tmp_path)
    for content in (b"", b"nonsense", public):
        (tmp_path / PUBLIC_FILE).write_bytes(content)
        with pytest.raises(KeyUnusable):
            read_public_keys(tmp_path / PUBLIC_FILE)
