"""A Janus of the tests' own: only its VideoRoom, on the loopback, with a directory of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

ADMIN_KEY: Final = "tests-make-rooms"
LIBRARIES: Final = (Path("/usr/lib"), Path("/usr/local/lib"), Path("/opt/janus/lib"))
CORE: Final = """
general: {{ configs_folder = "{here}", plugins_folder = "{janus}/plugins",
  transports_folder = "{janus}/transports", events_folder = "{here}", loggers_folder = "{here}" }}
nat: {{ }}
plugins: {{ disable = "{plugins}" }}
transports: {{ disable = "{transports}" }}
"""
VIDEOROOM: Final = 'general: {{ string_ids = true, admin_key = "{key}" }}\n'
WEBSOCKETS: Final = 'general: {{ ws = true, ws_port = {port}, ws_ip = "127.0.0.1" }}\n'


def spawn(place: Path, port: int) -> subprocess.Popen[bytes]:
    """Start it; its log is in `place`. Whoever starts it ends it."""
    place.mkdir(parents=True, exist_ok=True)
    janus = next(found for at in LIBRARIES for found in at.glob("**/janus") if found.is_dir())
    core = CORE.format(
        here=place,
        janus=janus,
        plugins=_others(janus / "plugins", "libjanus_videoroom.so"),
        transports=_others(janus / "transports", "libjanus_websockets.so"),
    )
    (place / "janus.jcfg").write_text(core)
    (place / "janus.plugin.videoroom.jcfg").write_text(VIDEOROOM.format(key=ADMIN_KEY))
    (place / "janus.transport.websockets.jcfg").write_text(WEBSOCKETS.format(port=port))
    with (place / "janus.log").open("wb") as log:
        command = ["janus", "--configs-folder", str(place), "--disable-colors"]
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)


def _others(folder: Path, wanted: str) -> str:
    return ",".join(found.name for found in folder.glob("*.so") if found.name != wanted)
