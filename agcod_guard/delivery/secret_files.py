"""Read a secret at the moment it is used, so that a new one needs no restart."""

from __future__ import annotations

from pathlib import Path

_LONGEST_BYTES = 4096


def secret_in(path: Path) -> str:
    """Return what the file holds, without the line end behind it.

    Raises:
        OSError: It cannot be read, or holds no secret.
    """
    try:
        with path.open("rb") as opened:
            text = opened.read(_LONGEST_BYTES + 1).decode().strip("\r\n")
    except UnicodeDecodeError:
        raise OSError(f"{path} holds no text") from None
    if not text or len(text) > _LONGEST_BYTES:
        raise OSError(f"{path} must hold the secret and nothing else")
    return text
