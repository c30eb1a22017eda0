"""The benchmark of made registers, at a small size: three ways, one count, ratios and aims."""

from __future__ import annotations

from benchmarks.registers import aims, as_text, measure

GIB = 2**30


def test_three_ways_count_the_same_rows(tmp_path):
    found = measure([3000], tmp_path)
    assert [row["engine"] for row in found] == ["ours", "polars", "pandas"]
    assert {row["rows"] for row in found} == {3000}
    text = as_text(found)
    assert "time : Polars" in text
    assert "The registers are made." in text
    assert list(tmp_path.iterdir()) == []


def test_the_aims_follow_the_figures():
    def row(engine, rows, seconds, memory=GIB):
        return {
            "engine": engine, "rows": rows, "seconds": seconds, "processor": 2 * seconds,
            "memory": memory,
        }  # fmt: skip

    fast = [row("ours", 100, 2.0), row("polars", 100, 2.0), row("ours", 1000, 20.0, 3 * GIB)]
    assert aims(fast) == [
        "At 100 rows at most 1.5 of Polars' time: 1.00, met.",
        "At 1,000 rows under 4 GiB: 3.00 GiB, met.",
        "Ten times the rows take at most 13 times as long: 10.0, met.",
    ]
    slow = [row("ours", 100, 4.0), row("polars", 100, 2.0), row("ours", 1000, 60.0, 5 * GIB)]
    assert [line.endswith("NOT met.") for line in aims(slow)] == [True] * 3
    # A way that was not measured at a size has no ratio there.
    assert as_text(slow).splitlines()[4].split()[-2:] == ["–", "–"]
