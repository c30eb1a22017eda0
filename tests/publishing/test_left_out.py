"""Chapters of a study that lacks something: what quotes it goes, one line says why."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from karaganda_vibe.publishing.left_out import Results, left_out

HAS = Results("en", {"net", "rate"}, lambda name: name == "fig-net")


def line(missing: Collection[str], whole: bool) -> str:
    return f"{'NO CHAPTER' if whole else 'PART'}: {', '.join(dict.fromkeys(missing))}"


def var(name: str) -> str:
    return f"{{{{< var en.{name} >}}}}"


def shown(name: str) -> str:
    return f"{{{{< include report/generated/en/_{name}.qmd >}}}}"


def made(**chapters: str) -> dict[str, str]:
    return left_out(chapters, HAS, line)


def test_a_chapter_with_all_its_results_stays_to_the_byte() -> None:
    text = f"# Head {{#sec-a}}\n\n\nNet {var('net')}.\n{shown('fig-net')}\n- one\n\n- two"
    assert made(a=text) == {"a": text}


def test_a_paragraph_that_quotes_what_is_missing_goes_with_one_line() -> None:
    text = f"# Head\n\nNet {var('net')}.\n\nCity {var('city')}, {var('form.city.gen')}.\n\nPlain.\n"
    assert made(a=text)["a"] == f"# Head\n\nNet {var('net')}.\n\nPlain.\n\nPART: city\n"


def test_another_language_and_a_plain_word_are_no_quotation() -> None:
    text = "# Head\n\n{{< var ru.city >}} and var en.city\n"
    assert made(a=text)["a"] == text


def test_a_section_that_lost_all_it_quoted_goes_with_its_prose() -> None:
    text = (
        f"# Head\n\nNet {var('net')}.\n\n## City {{#sec-city}}\n\n{var('city')}\n\nIt grew.\n\n"
        f"### Inside\n\nOld {var('rate')}.\n\n## Part\n\n{shown('fig-part')}\n\nSo it was.\n"
    )
    # "City" keeps its heading, for what stands below it.
    assert made(a=text)["a"] == (
        f"# Head\n\nNet {var('net')}.\n\n## City {{#sec-city}}\n\n### Inside\n\n"
        f"Old {var('rate')}.\n\nPART: city, fig-part\n"
    )


def test_a_chapter_that_keeps_nothing_is_one_line_and_nothing_points_to_it() -> None:
    chapters = {
        "a": f"# Volunteers {{#sec-a}}\n\n{shown('fig-twin')}\n",
        "b": (
            f"# Net {{#sec-b}}\n\nNet {var('net')} (see @sec-a).\n\nAs in @sec-a.\n\n"
            f'Rate {var("rate")} (<a href="annexes.html#fig-twin">twin</a>; {var("net")}).\n\n'
            "Rate (from the *table*).\n"
        ),
        "c": "# Open\n\n| what | why |\n|---|---|\n| [A](#sec-a) | x |\n| [B](#sec-b) | y |\n",
    }
    left = made(**chapters)
    assert left["a"] == "NO CHAPTER: fig-twin\n"
    assert left["b"] == (
        f"# Net {{#sec-b}}\n\nNet {var('net')}.\n\nRate (from the *table*).\n\nPART: fig-twin\n"
    )
    assert left["c"] == (
        "# Open\n\n| what | why |\n|---|---|\n| [B](#sec-b) | y |\n\nPART: fig-twin\n"
    )


@pytest.mark.parametrize(
    ("block", "kept"),
    [
        (f"- {var('net')}\n- {var('city')}\n  and more\n- last", f"- {var('net')}\n- last"),
        (f"| a |\n|---|\n| {var('city')} |\n\n: **Caption** {{#tbl-a}}", ""),
        (
            f"::: {{.cards}}\n::: {{.card}}\n{var('city')}\n\nunder\n:::\n\n::: {{.card}}\n"
            f"{var('net')}\n:::\n:::",
            f"::: {{.cards}}\n::: {{.card}}\n{var('net')}\n:::\n:::",
        ),
        (f"::: {{.note}}\n{var('city')}\n:::", ""),
    ],
)
def test_of_lists_tables_and_divs_only_what_is_missing_goes(block: str, kept: str) -> None:
    text = made(a=f"# Head\n\nNet {var('net')}.\n\n{block}\n")["a"]
    assert text == "\n\n".join(part for part in (f"# Head\n\nNet {var('net')}.", kept) if part) + (
        "\n\nPART: city\n"
    )


def test_an_article_keeps_its_front_matter() -> None:
    text = f'---\ntitle: "{var("net")}"\n---\n\n{var("city")}\n\n{var("net")}\n'
    assert made(a=text)["a"] == f'---\ntitle: "{var("net")}"\n---\n\n{var("net")}\n\nPART: city\n'
