"""The page of all regions: side by side, in every language, each led to its own edition."""

from __future__ import annotations

from karaganda_vibe.publishing.studies_page import Told, studies_page


def told(region: str, name: str, title: str) -> Told:
    words = {code: f"{name}-{code}" for code in ("en", "ru", "kk")}
    return Told(region, words, {code: f"{title} {code}" for code in words}, 1.0)


def test_each_region_stands_by_name_with_its_answer() -> None:
    heading = {"en": "All", "ru": "Все", "kk": "Бәрі"}
    page = studies_page([told("KZ-61", "B", "a < b"), told("KZ-55", "A", "two")], heading)
    assert page.index("A-en") < page.index("B-en") < page.index("A-ru") < page.index("B-kk")
    assert '<a href="KZ-61/ru/index-ru.html">B-ru</a>: a &lt; b ru' in page
    assert '<section lang="kk">\n<h2>Бәрі</h2>' in page
