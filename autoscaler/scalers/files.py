"""Reading a credential from a file, only below one folder (S5)."""

import os
import stat
from pathlib import Path

import msgspec

from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.text import Secret, plain

_LARGEST = 65536
_decoder = msgspec.json.Decoder(dict[str, str])


def read_parameters(root: Path | None, path: str) -> dict[str, Secret] | Missing:
    """Read a file of JSON texts below ``root``; anything but a regular, small file inside it is refused.

    Source: KEDA scale_resolvers.go, readAuthParamsFromFile.
    """
    shown = f'filePath "{plain(path, 80)}"'
    if root is None:
        return _refused(f"{shown} needs --auth-root")
    if path.startswith("/") or ".." in Path(path).parts:
        return _refused(f"{shown} must be relative and hold no ..")
    content = _read_below(root, path, shown)
    if isinstance(content, Missing):
        return content
    try:
        found = _decoder.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Missing(reason=MissingReason.UNRESOLVED, detail=f"{shown} holds no JSON object of texts")
    return {name: Secret(text) for name, text in found.items()}


def _read_below(root: Path, path: str, shown: str) -> bytes | Missing:
    """Open without waiting and look at what was opened, so that no link or FIFO can step in between."""
    try:
        top = root.resolve(strict=True)
        real = (top / path).resolve(strict=True)
        if not real.is_relative_to(top):
            return _refused(f"{shown} leads out of --auth-root")
        handle = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (OSError, RuntimeError, ValueError):
        return Missing(reason=MissingReason.UNRESOLVED, detail=f"{shown} cannot be opened below --auth-root")
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return _refused(f"{shown} is no regular file")
        content = os.read(handle, _LARGEST + 1)
    except OSError:
        return Missing(reason=MissingReason.UNRESOLVED, detail=f"{shown} cannot be read")
    finally:
        os.close(handle)
    return content if len(content) <= _LARGEST else _refused(f"{shown} is larger than {_LARGEST // 1024} KiB")


def _refused(detail: str) -> Missing:
    return Missing(reason=MissingReason.REFUSED, detail=detail)
