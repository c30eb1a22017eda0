"""What the command says: every sentence in three languages, with the same places. All made."""

from string import Formatter

import pandas as pd

from karaganda_vibe.registers import reconcile, register_checks
from karaganda_vibe.registers.disclosure import words_of
from karaganda_vibe.registers.sentences import load_sentences

SUPPRESSED = {
    "table": "flows", "method": "suppression", "cells": 1281, "zeros": 4, "primary": 208,
    "secondary": 152, "suppressed_share": 0.281, "threshold": 5, "protection": 5,
}  # fmt: skip
PERTURBED = {
    "table": "flows", "method": "cell-key", "cells": 1281, "changed": 900,
    "largest_deviation": 7, "mean_deviation": -0.04,
}  # fmt: skip


def places(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def test_every_sentence_has_the_same_places_in_three_languages():
    for name, texts in load_sentences().items():
        assert places(texts["ru"]) == places(texts["kk"]) == places(texts["en"]), name


def test_checks_are_named_in_every_language():
    found = dict.fromkeys(register_checks.LIMITS, 0.0125)
    for language, line in (
        ("en", "unknown code: 1.250% of the rows (limit 1.0%)"),
        ("ru", "неизвестный код: доля строк 1,250 % (предел 1,0\u00a0%)"),
        ("kk", "белгісіз код: жолдардың үлесі 1,250 % (шегі 1,0\u00a0%)"),
    ):
        said = register_checks.sentences(found, register_checks.LIMITS, language)
        assert len(said) == len(register_checks.LIMITS)
        assert line in said


def test_what_was_suppressed_and_changed_is_said_in_every_language():
    suppressed, perturbed = (pd.DataFrame([row]) for row in (SUPPRESSED, PERTURBED))
    assert words_of(suppressed)[0].startswith("flows: 360 of 1,281 cells suppressed (28.1%), 208")
    assert (
        "скрыто ячеек 360 из 1\u00a0281 (28,1\u00a0%): меньше 5 — 208"
        in words_of(suppressed, "ru")[0]
    )
    assert "жасырылғаны 360" in words_of(suppressed, "kk")[0]
    assert "среднее −0,04; итоги" in words_of(perturbed, "ru")[0]
    assert "өзгертілгені 900; ең үлкен ауытқу 7" in words_of(perturbed, "kk")[0]


def test_the_largest_difference_is_said_in_every_language():
    cells = [("net migration of a region", "KZ-35", None, 2023, -5, 7, -12),
             ("net migration of a region", "KZ-71", None, 2023, 3, 3, 0),
             ("moves between two regions", "KZ-35", "KZ-71", 2022, 9, 5, 4)]  # fmt: skip
    found = pd.DataFrame(cells, columns=reconcile.COLUMNS)
    assert reconcile.sentences(found) == [
        "net migration of a region: 2 compared with published ones, 1 equal; largest difference "
        "−12 (KZ-35, 2023)",
        "moves between two regions: 1 compared with published ones, 0 equal; largest difference "
        "+4 (KZ-35 → KZ-71, 2022)",
    ]
    assert reconcile.sentences(found, "ru")[1].startswith("переезды между двумя регионами: соп")
    assert reconcile.sentences(found.iloc[:0], "kk")[0].startswith("салыстыратын ештеңе жоқ")
