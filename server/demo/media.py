"""The demo's media worker keeps one port: started again, it takes its rooms over at once."""

import socket
from dataclasses import replace

from server.settings import Settings


def with_media_port(settings: Settings) -> Settings:
    """The settings with a port for signalling: the one that is set, else a free one."""
    if settings.media_port:
        return settings
    family = socket.AF_INET6 if ":" in settings.media_host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((settings.media_host, 0))
        return replace(settings, media_port=int(probe.getsockname()[1]))
