"""Kazakh endings: of numbers by the last word that is spoken, and of words by their last sounds.

An ending follows the vowels of the last syllable (back or front) and the last sound of its word.
A number is written in digits and joined by a hyphen that does not break (5 697-ге, 7,8 %-ға); its
ending is that of the word that is spoken last: жеті, пайыз.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.words.languages import MINUS, NO_BREAK_HYPHEN

CASES = ("gen", "dat", "acc", "loc", "abl", "ins")
"""Genitive, dative, accusative, locative, ablative, instrumental."""

NAME_CASES = (*CASES, "at", "like_at", "without")
"""What a name takes beside the cases: which is at it, as it is at it, without it."""

BACK, FRONT = "аоұыуяю", "әеөүіэё"
"""Vowels; «и» and «у» may be either and follow the vowel before them, where there is one."""

# Endings with back vowels by last sound; those with front vowels follow from them.
_ENDINGS = {
    # case: vowel, nasal, liquid, buzzing, voiceless, possessive
    "gen": ("ның", "ның", "дың", "дың", "тың", "ның"),
    "dat": ("ға", "ға", "ға", "ға", "қа", "на"),
    "acc": ("ны", "ды", "ды", "ды", "ты", "н"),
    "loc": ("да", "да", "да", "да", "та", "нда"),
    "abl": ("дан", "нан", "дан", "дан", "тан", "нан"),
    "at": ("дағы", "дағы", "дағы", "дағы", "тағы", "ндағы"),
    "like_at": ("дағыдай", "дағыдай", "дағыдай", "дағыдай", "тағыдай", "ндағыдай"),
    "without": ("сыз", "сыз", "сыз", "сыз", "сыз", "нсыз"),
}
_WITH = ("мен", "мен", "мен", "бен", "пен", "мен")
_SOUNDS = ("vowel", "nasal", "liquid", "buzzing", "voiceless", "possessive")
_LAST_SOUNDS = {
    "vowel": "аәеоөұүыіэяё",
    "nasal": "мнң",
    "liquid": "йлруи",
    "buzzing": "жз",
}
_TO_FRONT = str.maketrans("ағқы", "егкі")

_DIGITS = ("нөл", "бір", "екі", "үш", "төрт", "бес", "алты", "жеті", "сегіз", "тоғыз")
_TENS = ("", "он", "жиырма", "отыз", "қырық", "елу", "алпыс", "жетпіс", "сексен", "тоқсан")
_UNITS = {"%": "пайыз", "мың": "мың", "млн": "миллион"}
_COLLECTIVE = ("біреу", "екеу", "үшеу", "төртеу", "бесеу", "алтау", "жетеу")
TO_TEN = (*_DIGITS[1:], "он")

_NUMBER = re.compile(
    rf"[{MINUS}+-]?(?P<whole>\d+(?:[ \u00a0\u202f]\d{{3}})*)(?:,(?P<decimals>\d+))?"
    r"(?:[ \u00a0\u202f]?(?P<unit>%|мың|млн))?"
)


@dataclass(frozen=True)
class Stem:
    """What an ending needs to know of a word: its vowels and its last sound.

    `link` is the vowel that a word like Приозёрск takes before an ending.
    """

    back: bool
    sound: str
    link: str = ""

    def ending(self, case: str) -> str:
        """The ending of `case`, one of NAME_CASES."""
        sound = "vowel" if self.link else self.sound
        place = _SOUNDS.index(sound)
        if case == "ins":  # written together with the word, and not in harmony with it
            return self.link + _WITH[place]
        return self.link + self._in_harmony(_ENDINGS[case][place])

    def possessive(self) -> str:
        """The ending of the third person: сы, ы (си, і): the one of several."""
        return self.link + self._in_harmony("сы" if self.sound == "vowel" or self.link else "ы")

    def possessed(self) -> Stem:
        """The stem with that ending, as a case finds it."""
        return Stem(self.back, "possessive")

    def _in_harmony(self, ending: str) -> str:
        return ending if self.back else ending.translate(_TO_FRONT)


def stem_of(word: str) -> Stem:
    """The stem of a word that follows the rules, as all words of numbers do."""
    last = word[-1].lower()
    sound = next((name for name, letters in _LAST_SOUNDS.items() if last in letters), "voiceless")
    return Stem(has_back_vowels(word), sound)


def has_back_vowels(word: str) -> bool:
    """Whether the last syllable has back vowels; «и» and «у» follow the vowel before them."""
    vowels = [letter for letter in word.lower() if letter in BACK + FRONT]
    clear = [letter for letter in vowels if letter != "у"]
    return (clear or vowels or ["а"])[-1] in BACK


def last_spoken_word(number: str) -> str:
    """The last word of `number` as Kazakh writes it: 5 697 → жеті, 7,8 % → пайыз, 1,30 → отыз.

    Raises ProjectError for what is not one number.
    """
    found = _NUMBER.fullmatch(number)
    if not found:
        raise ProjectError(f"'{number}' is not one number, so it takes no Kazakh ending")
    if found["unit"]:
        return _UNITS[found["unit"]]
    return _last_word(int(found["decimals"] or re.sub(r"\D", "", found["whole"])))


def number_in_form(number: str, form: str) -> str:
    """`number` as Kazakh writes it, in `form`: a case, poss, poss_<case> or word.

    `poss` is the so many of several: 15-і, and in words up to seven (бесеуі). `word` is the number
    in words up to ten. Raises ProjectError for another form and for what is not one number.
    """
    stem = stem_of(last_spoken_word(number))
    small = int(number) if re.fullmatch(r"\d{1,2}", number) else 0
    if form == "word":
        return TO_TEN[small - 1] if 1 <= small <= len(TO_TEN) else number
    head, _, case = form.partition("_")
    if head != "poss":
        return f"{number}{NO_BREAK_HYPHEN}{stem.ending(head)}"
    if 1 <= small <= len(_COLLECTIVE):
        collective = _COLLECTIVE[small - 1]
        written, stem = collective, stem_of(collective)
        written += stem.possessive()
    else:
        written = f"{number}{NO_BREAK_HYPHEN}{stem.possessive()}"
    return written + (stem.possessed().ending(case) if case else "")


NUMBER_FORMS = ("word", *CASES, "poss", *(f"poss_{case}" for case in CASES))


def _last_word(number: int) -> str:
    """The last word of a whole number that is spoken."""
    if number == 0 or number % 10:
        return _DIGITS[number % 10]
    if number % 100:
        return _TENS[number % 100 // 10]
    for size, word in ((1000, "жүз"), (10**6, "мың"), (10**9, "миллион")):
        if number % size:
            return word
    return "миллиард"
