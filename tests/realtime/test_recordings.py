"""Recorded tracings map to frames and back without losing a bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from realtime import frames
from realtime.recordings import fhrma, wfdb
from realtime.recordings.series import NotReadable, read_series

HEADER = "r1 2 4 {n}\nr1.dat 16 100(0)/bpm 12 0 1 2 0 FHR\nr1.dat 16 100/nd 12 0 1 2 0 UC\n"


def write_wfdb(folder: Path, rate: list[int], toco: list[int], header: str = HEADER) -> Path:
    (folder / "r1.hea").write_text(header.format(n=len(rate)) + "#pH 7.2\n")
    raw = np.array([rate, toco], dtype="<i2").T
    (folder / "r1.dat").write_bytes(raw.tobytes())
    return folder / "r1.dat"


def test_wfdb_values_arrive_in_the_protocols_units(tmp_path: Path) -> None:
    series = read_series(
        write_wfdb(tmp_path, [14025, 0, 12000, 12025, 13000], [700, 0, 50, 100, 0])
    )
    assert series.samples["fhr1"].tolist() == [561, 0, 480, 481, 520]
    assert series.samples["toco"].tolist() == [14, 255, 1, 2, 255]
    assert (series.samples["marks"] & 3).tolist() == [3, 0, 3, 3, 3]
    assert series.seconds == 2
    assert series.whole_seconds()["toco"][5:].tolist() == [255, 255, 255]


def test_wfdb_goes_back_to_the_same_bytes(tmp_path: Path) -> None:
    path = write_wfdb(tmp_path, [14025, 0, 12000, 24000], [700, 0, 12700, 50])
    assert wfdb.to_source(read_series(path.with_suffix(".hea"))) == path.read_bytes()


def test_a_sensor_at_its_stop_is_127_and_counted(tmp_path: Path) -> None:
    series = read_series(write_wfdb(tmp_path, [14000] * 4, [12700, 12750, 12750, 50]))
    assert series.samples["toco"].tolist() == [254, 254, 254, 1]
    assert series.saturated == 2


@pytest.mark.parametrize(
    ("rate", "toco", "header"),
    [
        ([14010], [100], HEADER),
        ([-25], [100], HEADER),
        ([14000], [101], HEADER),
        ([14000], [12800], HEADER),
        ([14000], [-50], HEADER),
        ([14000], [100], HEADER.replace("2 4 {n}", "2 250 {n}")),
        ([14000], [100], HEADER.replace(" 16 100(0)", " 212 100(0)")),
        ([14000], [100], HEADER.replace("100(0)", "200(0)")),
        ([14000], [100], HEADER.replace("UC", "MHR")),
        ([14000], [100], HEADER.replace("{n}", "7")),
        ([14000], [100], "nonsense"),
    ],
)
def test_what_would_lose_something_is_not_read(
    tmp_path: Path, rate: list[int], toco: list[int], header: str
) -> None:
    path = write_wfdb(tmp_path, rate, toco, header)
    with pytest.raises(NotReadable):
        read_series(path)


@pytest.mark.parametrize("suffix", [".fhr", ".fhrm"])
def test_fhrma_goes_back_to_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    layout = fhrma.LAYOUTS[suffix]
    rows = np.zeros(9, dtype=layout)
    rows["fhr1"] = np.arange(9) * 60
    rows["toco"] = [0, 1, 254, 3, 4, 5, 6, 7, 8]
    path = tmp_path / f"train{suffix}"
    path.write_bytes((1_400_000_000).to_bytes(4, "little") + rows.tobytes())
    series = read_series(path)
    assert fhrma.to_source(series, layout) == path.read_bytes()
    assert series.started_at is not None
    assert series.started_at.year == 2014
    assert series.channels == ("fhr1", "toco")


def test_fhrma_quality_bits_are_used_where_the_file_has_them() -> None:
    rows = np.zeros(3, dtype=fhrma.LAYOUTS[".fhrm"])
    rows["fhr1"], rows["fhr2"], rows["mhr"] = 560, 564, 320
    rows["quality"] = [0b101, 0b001, 0b000]
    marks = fhrma.from_source("x", bytes(4) + rows.tobytes(), rows.dtype).samples["marks"]
    assert [(int(m) & 3, int(m) >> 2 & 3) for m in marks] == [(3, 3), (3, 2), (2, 2)]
    assert (marks & frames.MARK_MHR_PRESENT).all()


@pytest.mark.parametrize("name", ["a.edf", "a.fhr"])
def test_other_files_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"12345")
    with pytest.raises(NotReadable):
        read_series(tmp_path / name)
