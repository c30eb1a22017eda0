"""Numbers and names in their forms: endings, cases, words; what prints is the tables."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.words import kazakh, russian
from karaganda_vibe.words.counted import Counted
from karaganda_vibe.words.forms import in_form, load_nouns
from karaganda_vibe.words.kazakh import Stem, has_back_vowels, stem_of
from karaganda_vibe.words.languages import NO_BREAK_HYPHEN, NO_BREAK_SPACE, format_number
from karaganda_vibe.words.place_forms import (
    KAZAKH_NAME_FORMS,
    RUSSIAN_NAME_FORMS,
    load_kazakh_stems,
    load_russian_names,
)


def plain(text: str) -> str:
    return text.replace(NO_BREAK_SPACE, " ").replace(NO_BREAK_HYPHEN, "-")


def rows(name: str) -> list[dict[str, str]]:
    with (METADATA / "places" / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


# Endings of all numbers to a hundred, by the lists of the editor's review and a grammar, not by
# rule: the number is 10 × ten + unit, and its last word is that of the unit, or of the ten.
ENDINGS = {
    "dat": {
        "ге": (0, 1, 2, 7, 8, 50, 80, 100),
        "ке": (3, 4, 5, 70),
        "ға": (6, 9, 10, 20, 30, 90),
        "қа": (40, 60),
    },
    "abl": {
        "ден": (0, 1, 2, 7, 8, 50, 100),
        "тен": (3, 4, 5, 70),
        "нен": (80,),
        "дан": (6, 9, 20, 30),
        "тан": (40, 60),
        "нан": (10, 90),
    },
    "loc": {
        "де": (0, 1, 2, 7, 8, 50, 80, 100),
        "те": (3, 4, 5, 70),
        "да": (6, 9, 10, 20, 30, 90),
        "та": (40, 60),
    },
    "gen": {
        "дің": (0, 1, 8, 50, 100),
        "нің": (2, 7, 80),
        "тің": (3, 4, 5, 70),
        "ның": (6, 10, 20, 90),
        "дың": (9, 30),
        "тың": (40, 60),
    },
    "acc": {
        "ді": (0, 1, 8, 50, 80, 100),
        "ні": (2, 7),
        "ті": (3, 4, 5, 70),
        "ны": (6, 20),
        "ды": (9, 10, 30, 90),
        "ты": (40, 60),
    },
    "ins": {
        "мен": (0, 1, 2, 6, 7, 10, 20, 50, 80, 90),
        "бен": (8, 9, 30, 100),
        "пен": (3, 4, 5, 40, 60, 70),
    },
    "poss": {
        "і": (0, 1, 3, 4, 5, 8, 50, 70, 80, 100),
        "сі": (2, 7),
        "ы": (9, 10, 30, 40, 60, 90),
        "сы": (6, 20),
    },
}


@pytest.mark.parametrize("form", ENDINGS)
def test_a_kazakh_ending_is_that_of_the_last_spoken_word_to_a_hundred(form: str) -> None:
    by_word = {number: ending for ending, group in ENDINGS[form].items() for number in group}
    assert sorted(by_word) == [*range(10), *range(10, 101, 10)]
    for number in range(101):
        last = number % 10 if number % 10 or number == 0 else number
        expected = f"{number}-{by_word[last]}"
        if form == "poss" and 1 <= number <= 7:
            expected = COLLECTIVE[number - 1]
        assert plain(in_form(str(number), form, "kk")) == expected


COLLECTIVE = ("біреуі", "екеуі", "үшеуі", "төртеуі", "бесеуі", "алтауы", "жетеуі")

HARD = [
    # (number as written, form, expected)
    ("5\u00a0697", "dat", "5 697-ге"),
    ("58\u00a0577", "dat", "58 577-ге"),
    ("30\u00a0958", "abl", "30 958-ден"),
    ("2\u00a0059", "abl", "2 059-дан"),
    ("76\u00a0728", "dat", "76 728-ге"),
    ("−6\u00a0181", "dat", "−6 181-ге"),
    ("+3\u00a0190", "dat", "+3 190-ға"),
    ("7,8\u00a0%", "dat", "7,8 %-ға"),
    ("2\u00a0%", "abl", "2 %-дан"),
    ("4,2\u00a0%", "poss", "4,2 %-ы"),
    ("80\u00a0%", "poss_loc", "80 %-ында"),
    ("90\u00a0%", "poss_acc", "90 %-ын"),
    ("10,4", "abl", "10,4-тен"),
    ("6,3", "abl", "6,3-тен"),
    ("1,30", "dat", "1,30-ға"),
    ("1,05", "dat", "1,05-ке"),
    ("−0,9", "abl", "−0,9-дан"),
    ("1\u00a0000", "dat", "1 000-ға"),
    ("1\u00a0000", "abl", "1 000-нан"),
    ("12\u00a0000\u00a0000", "abl", "12 000 000-нан"),
    ("1\u00a0100", "dat", "1 100-ге"),
    ("111,6\u00a0мың", "dat", "111,6 мың-ға"),
    ("20,1\u00a0млн", "abl", "20,1 млн-нан"),
    ("2024", "loc", "2024-те"),
    ("2025", "dat", "2025-ке"),
    ("2000", "abl", "2000-нан"),
    ("15", "poss_loc", "15-інде"),
    ("23", "poss_loc", "23-інде"),
    ("10", "poss_loc", "10-ында"),
    ("20", "poss_loc", "20-сында"),
    ("26", "poss_dat", "26-сына"),
    ("12", "poss_abl", "12-сінен"),
    ("18", "poss_acc", "18-ін"),
    ("9", "poss_gen", "9-ының"),
    ("2", "poss_loc", "екеуінде"),
    ("6", "poss_abl", "алтауынан"),
    ("5", "word", "бес"),
    ("10", "word", "он"),
    ("11", "word", "11"),
    ("11\u2011орын", "loc", "11-орында"),
    ("69\u2011орын", "abl", "69-орыннан"),
]


@pytest.mark.parametrize(("number", "form", "expected"), HARD)
def test_a_kazakh_number_in_a_form(number: str, form: str, expected: str) -> None:
    assert plain(in_form(number, form, "kk")) == expected


@given(
    st.floats(-(10**10), 10**10),
    st.sampled_from(["persons", "signed_persons", "per_1000", "percent", "signed_per_1000_2"]),
    st.sampled_from(kazakh.NUMBER_FORMS[1:]),
)
def test_a_kazakh_form_keeps_the_number_and_its_parts_do_not_part(
    size: float, kind: str, form: str
) -> None:
    written = format_number(size, kind, "kk")
    formed = in_form(written, form, "kk")
    if form.startswith("poss") and written in list("1234567"):
        assert formed.isalpha()
    else:
        number, _, ending = formed.rpartition(NO_BREAK_HYPHEN)
        assert number == written
        assert ending.isalpha()
    assert " " not in formed


@given(st.integers(1, 10**7))
def test_thousands_and_what_follows_them_end_as_their_last_word(number: int) -> None:
    """As if the ending were that of what is left when the spoken words before it are dropped."""
    rest = next((number % size for size in (10, 100, 1000, 10**6) if number % size), 0)
    word = {1000: "мың", 10**6: "миллион"}
    expected = (
        kazakh.last_spoken_word(str(rest))
        if rest and rest < 1000
        else word[1000 if number % 10**6 else 10**6]
    )
    assert kazakh.last_spoken_word(format_number(number, "persons", "kk")) == expected


@pytest.mark.parametrize(
    ("number", "case", "gender", "expected"),
    [
        ("2", "nom", "f", "две"),
        ("2", "acc", "f", "две"),
        ("2", "gen", "f", "двух"),
        ("1", "acc", "f", "одну"),
        ("1", "prep", "m", "одном"),
        ("1", "nom", "n", "одно"),
        ("3", "dat", "m", "трём"),
        ("4", "ins", "m", "четырьмя"),
        ("5", "prep", "m", "пяти"),
        ("8", "ins", "m", "восемью"),
        ("8", "gen", "m", "восьми"),
        ("10", "gen", "m", "десяти"),
        ("11", "gen", "m", "11"),
        ("0", "gen", "m", "0"),
        ("5,0", "gen", "m", "5,0"),
        ("−5", "gen", "m", "−5"),
        ("5\u00a0%", "gen", "m", "5 %"),
        ("11\u2011е", "prep", "m", "11-м"),
        ("3\u2011е", "gen", "m", "3-го"),
        ("11\u2011е", "acc", "m", "11-е"),
    ],
)
def test_a_russian_number_in_its_case(number: str, case: str, gender: str, expected: str) -> None:
    form = case if gender == "m" else f"{case}_{gender}"
    assert plain(in_form(number, form, "ru")) == expected


@pytest.mark.parametrize(
    ("number", "form", "expected"),
    [
        ("1", "nom_region", "один регион"),
        ("2", "nom_table", "две таблицы"),
        ("5", "nom_region", "пять регионов"),
        ("21", "nom_region", "21 регион"),
        ("12", "nom_place", "12 городов и районов"),
        ("155", "gen_table", "155 таблиц"),
        ("1\u00a0170", "prep_cell", "1 170 ячейках"),
        ("1\u00a0171", "prep_cell", "1 171 ячейке"),
        ("111", "prep_cell", "111 ячейках"),
        ("2", "acc_measure", "две меры"),
        ("22", "acc_measure", "22 меры"),
        ("2", "acc_teenager", "двух подростков"),
        ("1", "acc_teenager", "одного подростка"),
        ("22", "acc_teenager", "22 подростка"),
        ("5", "acc_mentor", "пять наставников"),
        ("3", "acc_month", "три месяца"),
        ("3", "dat_indicator", "трём показателям"),
        ("3", "count_year", "3 года"),
        ("7,8", "count_year", "7,8 года"),
        ("5", "gen:года|лет", "пяти лет"),
        ("1", "gen_f:области|областей", "одной области"),
        ("4", "nom:район|района|районов", "четыре района"),
        ("2022", "ord_prep", "2022-м"),
        ("3", "ord", "3-й"),
    ],
)
def test_a_russian_number_with_its_noun(number: str, form: str, expected: str) -> None:
    assert plain(in_form(number, form, "ru")) == expected


@given(st.integers(0, 10**9), st.sampled_from(russian.CASES))
def test_a_russian_noun_agrees_with_the_last_digits(number: int, case: str) -> None:
    written = format_number(number, "persons", "ru")
    noun = plain(in_form(written, f"{case}_region", "ru")).rpartition(" ")[2]
    forms = load_nouns()["region"].cases[case].split("|")
    one = number % 10 == 1 and number % 100 != 11
    few = number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14)
    if one:
        assert noun == forms[0]
    elif few and case in ("nom", "acc"):
        assert noun == forms[1]
    else:
        assert noun == forms[-1]


@pytest.mark.parametrize(
    ("text", "form", "language", "expected"),
    [
        ("5", "word", "en", "five"),
        ("11", "word", "en", "11"),
        ("1", "word_region", "en", "one region"),
        ("1,170", "count_cell", "en", "1,170 cells"),
    ],
)
def test_an_english_number_in_words(text: str, form: str, language: str, expected: str) -> None:
    assert plain(in_form(text, form, language)) == expected


NAMES_HARD = [
    ("г. Караганда", "in", "ru", "в Караганде"),
    ("г. Караганда", "to", "ru", "в Караганду"),
    ("г. Караганда", "nom", "ru", "Караганда"),
    ("г. Караганда", "city_gen", "ru", "города Караганды"),
    ("город Караганда", "city_in", "ru", "в городе Караганде"),
    ("город Темиртау", "in", "ru", "в Темиртау"),
    ("г. Сарань", "in", "ru", "в Сарани"),
    ("г. Сарань", "ins", "ru", "Саранью"),
    ("г. Приозёрск", "gen", "ru", "Приозёрска"),
    ("г. Балхаш", "ins", "ru", "Балхашем"),
    ("г. Сатпаев", "ins", "ru", "Сатпаевом"),
    ("г. Семей", "in", "ru", "в Семее"),
    ("г. Косшы", "in", "ru", "в Косшы"),
    ("г. Усть-Каменогорск", "in", "ru", "в Усть-Каменогорске"),
    ("город Алматы", "in", "ru", "в Алматы"),
    ("Абайский район", "in", "ru", "в Абайском районе"),
    ("район Биржан сал", "gen", "ru", "района Биржан сал"),
    ("район имени Габита Мусрепова", "in", "ru", "в районе имени Габита Мусрепова"),
    ("область Жетісу", "to", "ru", "в область Жетісу"),
    ("Карагандинская", "gen", "ru", "Карагандинской"),
    ("Казахстан", "prep", "ru", "Казахстане"),
    ("город Сарань (Карагандинская)", "dat", "ru", "Сарани (Карагандинская)"),
    (
        "Алматинская область, Мангистауская область и город Астана",
        "in",
        "ru",
        "в Алматинской и Мангистауской областях и в Астане",
    ),
    (
        "город Астана, город Алматы, город Шымкент, Алматинская область и Мангистауская область",
        "gen",
        "ru",
        "Астаны, Алматы и Шымкента, Алматинской и Мангистауской областей",
    ),
    ("Абайский район и г. Приозёрск", "dat", "ru", "Абайскому району и Приозёрску"),
    ("Каркаралинский район и Шетский район", "nom", "ru", "Каркаралинский и Шетский районы"),
    ("Қарағанды қ.", "loc", "kk", "Қарағанды қаласында"),
    ("Қарағанды қ.", "short_abl", "kk", "Қарағандыдан"),
    ("Теміртау қ.", "short_loc", "kk", "Теміртауда"),
    ("Жезқазған қаласы", "short_dat", "kk", "Жезқазғанға"),
    ("Балқаш қ.", "short_dat", "kk", "Балқашқа"),
    ("Сәтбаев қ.", "short_loc", "kk", "Сәтбаевта"),
    ("Шымкент қаласы", "short_dat", "kk", "Шымкентке"),
    ("Екібастұз қ.", "short_ins", "kk", "Екібастұзбен"),
    ("Өскемен қ.", "short_abl", "kk", "Өскеменнен"),
    ("Семей қ.", "short_gen", "kk", "Семейдің"),
    ("Приозёрск қ.", "short_dat", "kk", "Приозёрскіге"),
    ("Приозёрск қ.", "short_loc", "kk", "Приозёрскіде"),
    ("Нұра ауданы", "abl", "kk", "Нұра ауданынан"),
    ("Нұра ауданы", "acc", "kk", "Нұра ауданын"),
    ("Бұқар жырау ауданы", "dat", "kk", "Бұқар жырау ауданына"),
    ("Ғабит Мүсірепов атындағы аудан", "loc", "kk", "Ғабит Мүсірепов атындағы ауданда"),
    ("Қарағанды облысы", "gen", "kk", "Қарағанды облысының"),
    ("Саран қаласы (Қарағанды)", "gen", "kk", "Саран қаласының (Қарағанды)"),
    (
        "Астана қаласы, Алматы қаласы, Шымкент қаласы, Алматы облысы және Маңғыстау облысы",
        "loc",
        "kk",
        "Астана, Алматы және Шымкент қалаларында, Алматы және Маңғыстау облыстарында",
    ),
    ("Саран қаласы және Нұра ауданы", "abl", "kk", "Саран қаласынан және Нұра ауданынан"),
]


@pytest.mark.parametrize(("text", "form", "language", "expected"), NAMES_HARD)
def test_a_name_or_a_list_of_names_in_a_form(
    text: str, form: str, language: str, expected: str
) -> None:
    assert plain(in_form(text, form, language)) == expected


def all_names(language: str) -> list[str]:
    """Every name of a region or a place as the registries write it."""
    places = [r for r in rows("places.csv") if r["kind"] != "outside_districts"]
    names = [r[f"name_{language}"] for r in rows("regions.csv")]
    return sorted({*names, *(r[f"place_{language}"] for r in places)})


@pytest.mark.parametrize("form", RUSSIAN_NAME_FORMS)
def test_every_region_and_place_has_every_russian_form(form: str) -> None:
    for name in all_names("ru"):
        formed = in_form(name, form, "ru")
        assert formed
        assert "г. " not in formed


@pytest.mark.parametrize("form", [f for f in KAZAKH_NAME_FORMS if not f.startswith("short_")])
def test_every_region_and_place_has_every_kazakh_form(form: str) -> None:
    endings = {
        "nom": "", "gen": "ның", "dat": "на", "acc": "н", "loc": "нда", "abl": "нан", "ins": "мен",
        "at": "ндағы", "like_at": "ндағыдай", "without": "нсыз",
    }  # fmt: skip
    for name in all_names("kk"):
        formed = in_form(name, form, "kk")
        assert "қ." not in formed
        if not name.endswith("аудан"):  # атындағы аудан is not owned
            assert formed == name.replace(" қ.", " қаласы") + endings[form], name


def test_every_region_and_city_has_its_kazakh_stem() -> None:
    names = [n for n in all_names("kk") if n.endswith((" қ.", " қаласы"))]
    assert len(names) > 35
    for name in names:
        for form in KAZAKH_NAME_FORMS:
            assert in_form(name, form, "kk")


# Names whose vowels a rule would not tell: loans, and a vowel put in between.
EXCEPTIONS = {"Лисаковск", "Степногорск", "Шахтинск", "Қонаев", "Сәтбаев"}


def test_the_table_of_kazakh_stems_differs_from_the_rule_only_where_it_is_known() -> None:
    for name, stem in load_kazakh_stems().items():
        assert (stem.back != has_back_vowels(name)) == (name in EXCEPTIONS), name
        assert bool(stem.link) == name.endswith("ск"), name


INDECLINABLE = [
    *("Алматы", "Косшы", "Темиртау", "Кокшетау", "Актау", "Кентау", "Аксу", "Текели", "Актобе"),
    "Атырау",
]


def test_the_table_of_russian_names_declines_as_its_kind_does() -> None:
    """Every row against its kind: adjectives, nouns with a name beside them, cities."""
    endings = {
        "ий район": ("ого района", "ому району", "ий район", "им районом", "ом районе"),
        "ая область": ("ой области", "ой области", "ую область", "ой областью", "ой области"),
    }
    heads = {
        "район": ("района", "району", "район", "районом", "районе"),
        "область": ("области", "области", "область", "областью", "области"),
        "моногород": ("моногорода", "моногороду", "моногород", "моногородом", "моногороде"),
    }
    cities = []
    for name, row in load_russian_names().items():
        first, _, rest = name.partition(" ")
        ending = next((e for e in endings if name.endswith(e)), None)
        if ending:
            stem = name.removesuffix(ending)
            assert row.cases[1:] == tuple(stem + e for e in endings[ending]), name
        elif first in heads:
            assert row.cases[1:] == tuple(f"{h} {rest}" for h in heads[first]), name
        elif not rest:
            cities.append(name)
            same = set(row.cases) == {name}
            assert same == (name in INDECLINABLE), name
            stem = re.sub(r"(ый|[аьй])$", "", name)
            assert all(case.startswith(stem) for case in row.cases), name
            assert row.cases[3] == (f"{stem}у" if name.endswith("а") else name)
        assert row.cases[0] == name
        assert row.preposition == "в"
    assert len(cities) > 30


def test_a_kazakh_stem_with_a_link_ends_as_a_vowel() -> None:
    stem = Stem(False, "voiceless", "і")
    assert [stem.ending(case) for case in ("dat", "abl", "loc")] == ["іге", "іден", "іде"]
    assert stem_of("пайыз") == Stem(True, "buzzing")


REFUSED = [
    ("Абайскй район", "in", "ru", "perhaps Абайский район is meant"),
    ("новое жильё", "gen", "ru", "has no row in metadata/places/name_forms_ru.csv"),
    ("г. Караганда", "loc", "ru", "'loc' is no form of a Russian name"),
    ("5", "prop", "ru", "'prop' is no form of a Russian number"),
    ("5", "gen_regon", "ru", "'regon' is no noun of metadata/texts/counted_nouns.csv"),
    ("5 из 8", "gen", "ru", "'5 из 8' is not one number"),
    ("5 %", "nom_region", "ru", "no noun can agree with it"),
    ("7,8", "prep_region", "ru", "the fraction '7,8' takes its noun in the case nom only"),
    ("5", "gen:года", "ru", "gives 1 forms of a noun; ru needs 2 in the case gen"),
    ("7,8", "ord", "ru", "makes no ordinal"),
    ("5", "gen_m_region", "ru", "'m_region' is no noun"),
    ("Абайй ауданы қ", "loc", "kk", "has no row in metadata/places/name_stems_kk.csv"),
    ("Нұра ауданы", "short_loc", "kk", "'Нұра' has no row"),
    ("Нұра ауданы", "prep", "kk", "'prep' is no form of a Kazakh name"),
    ("5", "poss_poss", "kk", "'poss_poss' is no form of a Kazakh number"),
    ("1 / 4", "dat", "kk", "takes no Kazakh ending"),
    ("2000–2024", "dat", "kk", "takes no Kazakh ending"),
    ("5", "gen", "en", "'gen' is no form of an English number"),
    ("Astana", "word", "en", "'Astana' is no number"),
]


@pytest.mark.parametrize(("text", "form", "language", "message"), REFUSED)
def test_a_form_that_is_not_there_is_refused_in_one_line(
    text: str, form: str, language: str, message: str
) -> None:
    with pytest.raises(ProjectError) as caught:
        in_form(text, form, language)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_text_asks_for_forms_by_name() -> None:
    values = {"n": Counted("5", "ru"), "all": Counted("20", "ru"), "x": Counted("г. Сарань", "ru")}
    text = "{x:in} и ещё в {n:prep} из {all:gen_region}; {n:регион|региона|регионов}"
    expected = "в Сарани и ещё в пяти из 20 регионов; 5 регионов"
    assert plain(text.format_map(values)) == expected
    kazakh_values = {"n": Counted("15", "kk"), "all": Counted("20", "kk")}
    assert plain("{all:өңір}дің {n:poss_loc}".format_map(kazakh_values)) == "20 өңірдің 15-інде"
    assert "{n:person|people}".format(n=Counted("1", "en")) == "1\u00a0person"


def test_a_noun_of_the_table_needs_all_its_forms(tmp_path: Path) -> None:
    header = "noun,gender,en,nominative,genitive,dative,accusative,instrumental,prepositional"
    row = "year,m,year|years,год|лет,года|лет,году|годам,год|года|лет,годом|годами,годе|годах"
    path = tmp_path / "nouns.csv"
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    with pytest.raises(ProjectError, match=r"line 2, nom: 'год\|лет' gives 2 forms, expected 3"):
        load_nouns(path)


def test_a_name_of_the_table_needs_a_known_preposition(tmp_path: Path) -> None:
    columns = "name,genitive,dative,accusative,instrumental,prepositional,preposition"
    path = tmp_path / "names.csv"
    path.write_text(f"{columns}\nА,А,А,А,А,А,из\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="line 2, column preposition"):
        load_russian_names(path)


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("Павлодар облысы", "at", "Павлодар облысындағы"),
        ("Теміртау қ.", "without", "Теміртау қаласынсыз"),
        ("Теміртау қ.", "like_at", "Теміртау қаласындағыдай"),
        ("Теміртау қ.", "short_without", "Теміртаусыз"),
        ("Семей қ.", "short_without", "Семейсіз"),
        ("Ақтөбе қ.", "short_at", "Ақтөбедегі"),
    ],
)
def test_what_a_kazakh_name_takes_beside_the_cases(name: str, form: str, expected: str) -> None:
    assert in_form(name, form, "kk") == expected


@pytest.mark.parametrize(
    ("number", "form", "english", "russian", "kazakh"),
    [
        ("+1.36", "higher", "1.36 higher", "выше на 1.36", "1.36-ға жоғары"),
        ("−0.5", "higher", "0.5 lower", "ниже на 0.5", "0.5-ке төмен"),
        ("−41\u00a0%", "more", "41 % fewer", "меньше на 41 %", "41 %-ға аз"),
        ("+16\u00a0%", "more", "16 % more", "больше на 16 %", "16 %-ға көп"),
        ("0", "more", "0 more", "больше на 0", "0-ге көп"),
    ],
)
def test_a_signed_number_is_said_as_a_comparison(
    number: str, form: str, english: str, russian: str, kazakh: str
) -> None:
    local = number.replace(".", ",")
    assert plain(in_form(number, form, "en")) == english
    assert plain(in_form(local, form, "ru")) == russian.replace(".", ",")
    assert plain(in_form(local, form, "kk")) == kazakh.replace(".", ",")
