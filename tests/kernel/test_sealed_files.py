"""Sealed files that grow: read whole, read cut, refused when touched."""

import os
from pathlib import Path
from uuid import UUID

import pytest

from kernel.sealed_files import HEADER, SealedReader, SealedWriter
from kernel.sealing import SealBroken

MASTER = b"k" * 32
ID = UUID(int=7)
CHUNKS = [b"first", b"", b"x" * 70_000, b"end"]
WHOLE = b"".join(CHUNKS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with four chunks, ended."""
    place = tmp_path / "deep" / "file"
    writer = SealedWriter(place, MASTER, ID)
    for chunk in CHUNKS[:-1]:
        writer.append(chunk)
    writer.close(CHUNKS[-1])
    return place


def test_what_was_written_is_read_from_any_place(path: Path) -> None:
    with SealedReader(path, MASTER) as reader:
        assert (reader.size, reader.whole, reader.file_id) == (len(WHOLE), True, ID)
        assert reader.read() == WHOLE
        for start, stop in ((0, 3), (3, 9), (5, 5), (4, 70_007), (70_006, 999_999)):
            assert b"".join(reader.parts(start, stop)) == WHOLE[start:stop]
        assert reader.seek(-3, os.SEEK_END) == 70_005
        assert (reader.read(2), reader.tell()) == (b"en", 70_007)
    assert WHOLE[:5] not in path.read_bytes()


def test_only_new_files_are_written_and_each_is_ones_own(path: Path) -> None:
    with pytest.raises(FileExistsError):
        SealedWriter(path, MASTER, ID)
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("cut", [1, 20, 30, 69_000])
def test_a_file_that_was_cut_off_is_read_to_its_last_whole_chunk(path: Path, cut: int) -> None:
    os.truncate(path, path.stat().st_size - cut)
    with SealedReader(path, MASTER) as reader:
        assert not reader.whole
        assert WHOLE.startswith(reader.read())
        assert reader.size in (5, 5 + 70_000)


def test_a_file_without_an_end_is_not_whole(tmp_path: Path) -> None:
    writer = SealedWriter(tmp_path / "file", MASTER, ID)
    writer.append(b"all")
    writer.abandon()
    with SealedReader(tmp_path / "file", MASTER) as reader:
        assert (reader.read(), reader.whole) == (b"all", False)


@pytest.mark.parametrize("place", [5, HEADER + 5, -1])
def test_a_touched_file_is_refused(path: Path, place: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.write_bytes(raw)
    with SealedReader(path, MASTER) as reader, pytest.raises(SealBroken):
        reader.read()


def test_another_key_a_missing_chunk_and_strange_bytes_are_refused(path: Path) -> None:
    with SealedReader(path, b"o" * 32) as reader, pytest.raises(SealBroken):
        reader.read()
    raw = path.read_bytes()
    first = 4 + 5 + 16
    path.write_bytes(raw[:HEADER] + raw[HEADER + first :])
    with SealedReader(path, MASTER) as reader, pytest.raises(SealBroken):
        reader.read()
    path.write_bytes(b"not ours")
    with pytest.raises(SealBroken):
        SealedReader(path, MASTER)
