"""How two of our processes talk through a pipe: pickled messages, each after its length.

A message goes as a whole: a thread that writes or reads asks for Python's lock each time, and waits for it.
"""

import fcntl
import pickle
from contextlib import suppress
from typing import IO, Any

_LENGTH = 8  # bytes
_WIDE = 1024 * 1024  # bytes; the most that Linux lets anybody have


def packed(message: object) -> bytes:
    """A message as it goes through a pipe."""
    pickled = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return len(pickled).to_bytes(_LENGTH) + pickled


def send(pipe: IO[bytes], message: bytes) -> None:
    """Write a message that is packed. Raises OSError where nobody reads."""
    pipe.write(message)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:  # noqa: ANN401 - whatever it says
    """Read a message. Raises EOFError where no whole one comes any more."""
    length = int.from_bytes(_exactly(pipe, _LENGTH))
    return pickle.loads(_exactly(pipe, length))  # noqa: S301 - of our own process at the other end


def widen(*pipes: IO[bytes]) -> None:
    """Let pipes hold about one batch, so that one process writes while the other works; where that is refused, less."""
    for pipe in pipes:
        with suppress(OSError, AttributeError):  # more than a user may have; a system that has fixed pipes
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _WIDE)


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    read = pipe.read(count)
    if len(read) < count:
        raise EOFError
    return read
