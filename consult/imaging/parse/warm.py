"""A process that has loaded the decoders and forks one confined child per file.

Started by `Box` as `python -m consult.imaging.parse.warm FD`; speaks over that socket. It never
reads the bytes itself: two file descriptors come with each question (the file, and where to put the
answer) and go to the child. It holds no secret, has an empty environment, and ends with its parent.
"""

import os
import signal
import socket
import sys
import time

import msgspec

from consult.imaging.parse.limits import WALL_S, confine
from consult.imaging.parse.summary import Ended
from consult.imaging.parse.work import Question, answer

QUESTION_BYTES = 4096


def main() -> None:
    """Answer until the other side is gone."""
    _load()
    line = socket.socket(fileno=int(sys.argv[1]))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    line.send(b"ready")
    while True:
        data, fds, _flags, _address = socket.recv_fds(line, QUESTION_BYTES, 2)
        if not data:
            return
        try:
            ended = _in_child(line, data, *fds)
        finally:
            for fd in fds:
                os.close(fd)
        line.send(msgspec.json.encode(ended))


def _load() -> None:
    """Everything that a child would have to import once it is confined."""
    # Decoders that are named in `codecs`, and no other that happens to be installed.
    sys.modules["PIL"] = None  # type: ignore[assignment]
    import av  # noqa: F401
    import gdcm  # noqa: F401
    import numpy as np
    import openjpeg  # noqa: F401
    import pydicom.pixels.decoders.gdcm
    import pydicom.pixels.decoders.pylibjpeg
    import pydicom.pixels.decoders.rle  # noqa: F401

    np.zeros(1)


def _in_child(line: socket.socket, data: bytes, source: int, target: int) -> Ended:
    pid = os.fork()
    if pid == 0:
        _child(line, data, source, target)
    return _waited(pid)


def _child(line: socket.socket, data: bytes, source: int, target: int) -> None:
    code = 1
    try:
        line.close()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        confine()
        question = msgspec.msgpack.decode(data, type=Question)
        with os.fdopen(source, "rb", closefd=False) as file:
            answer(question, file, lambda part: _write(target, part))
        code = 0
    finally:
        os._exit(code)


def _write(target: int, part: bytes) -> None:
    view = memoryview(part)
    while view:
        view = view[os.write(target, view) :]


def _waited(pid: int) -> Ended:
    until = time.monotonic() + WALL_S
    late = False
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
            return Ended(os.WEXITSTATUS(status) if not killed else 0, killed, late)
        left = until - time.monotonic()
        if left <= 0:
            late = True
            os.kill(pid, signal.SIGKILL)
            left = 1.0
        signal.sigtimedwait({signal.SIGCHLD}, left)


if __name__ == "__main__":
    main()
