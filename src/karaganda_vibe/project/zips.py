"""Zips that are the same, byte for byte, for the same files."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

# The earliest time that a zip can carry.
SAME_TIME = (1980, 1, 1, 0, 0, 0)


def zipped(files: Mapping[str, bytes], level: int = 9) -> bytes:
    """A zip of `files` (name → content), sorted, without times and owners."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, SAME_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[name], compresslevel=level)
    return stream.getvalue()
