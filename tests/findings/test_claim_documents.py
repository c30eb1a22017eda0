"""The register of documents: which one said a figure first. Rows are made for the test."""

from __future__ import annotations

import datetime

import pandas as pd

from karaganda_vibe.findings.claim_documents import first_dated


def made(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["publisher", "date", "indicator", "region", "year"])


def test_the_earliest_dated_document_of_the_figure_is_named() -> None:
    documents = made(
        ("Made late", "2025-03-09", "net", "KZ-90", "2024"),
        ("Made undated", "", "net", "KZ-90", "2024"),
        ("Made first", "2025-02-17", "net", "KZ-90", "2024"),
        ("Made of another region", "2025-01-02", "net", "KZ-91", "2024"),
        ("Made of another year", "2024-01-02", "net", "KZ-90", "2023"),
        ("Made of another figure", "2025-01-03", "births", "KZ-90", "2024"),
    )
    found = first_dated(documents, "net", "KZ-90", 2024)
    assert found == ("Made first", datetime.date(2025, 2, 17))


def test_a_figure_that_no_dated_document_says_has_none() -> None:
    documents = made(("Made undated", "", "net", "KZ-90", "2024"))
    assert first_dated(documents, "net", "KZ-90", 2024) is None
    assert first_dated(documents, "net", "KZ-90", 2025) is None
