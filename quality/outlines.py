"""Outlines of regions, for the map of an indicator: GeoJSON files found by the regions' codes."""

from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

FOLDER: Final = Path(__file__).parent / "maps"

Ring = list[tuple[float, float]]
"""Longitude and latitude, degrees; the last point is the first."""


class _Code(msgspec.Struct, frozen=True):
    code: str


class _Polygon(msgspec.Struct, frozen=True, tag="Polygon"):
    coordinates: list[Ring]


class _Feature(msgspec.Struct, frozen=True, tag="Feature"):
    properties: _Code
    geometry: _Polygon


class _Sheet(msgspec.Struct, frozen=True, tag="FeatureCollection"):
    features: list[_Feature]


@lru_cache
def outlines(folder: Path = FOLDER) -> dict[str, list[Ring]]:
    """The rings of every region that has an outline, by its code."""
    return {
        one.properties.code: one.geometry.coordinates
        for path in sorted(folder.glob("*.geojson"))
        for one in msgspec.json.decode(path.read_bytes(), type=_Sheet).features
    }
