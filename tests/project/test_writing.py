"""Files are written whole or not at all."""

import errno
import os

import pandas as pd
import pytest

from karaganda_vibe.project import writing


def test_unchanged_content_keeps_its_date(tmp_path):
    path = tmp_path / "table.csv"
    assert writing.write_table(path, pd.DataFrame({"a": [1.0, None]}))
    os.utime(path, (1, 1))
    assert not writing.write_table(path, pd.DataFrame({"a": [1.0, None]}))
    assert path.stat().st_mtime == 1
    assert path.read_bytes() == b'a\n1.0\n""\n'


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "value.txt"
    writing.write_text(path, "old")

    class FullDisk:
        def __enter__(self):
            return self

        def __exit__(self, *arguments):
            return False

        def write(self, content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def open_full(handle, mode):
        os.close(handle)
        return FullDisk()

    monkeypatch.setattr(writing.os, "fdopen", open_full)
    with pytest.raises(OSError, match="No space left"):
        writing.write_text(path, "new")
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["value.txt"]
