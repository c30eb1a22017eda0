"""A signed number as a comparison: +1.36 is “1.36 higher”, −41 % is «меньше на 41 %».

The word follows the sign, so the sentence stays right when next year's number changes sides.
"""

from __future__ import annotations

from karaganda_vibe.words.kazakh import number_in_form

WORDS = {
    "higher": {
        "en": ("{} higher", "{} lower"),
        "ru": ("выше на {}", "ниже на {}"),
        "kk": ("{} жоғары", "{} төмен"),
    },
    "more": {
        "en": ("{} more", "{} fewer"),
        "ru": ("больше на {}", "меньше на {}"),
        "kk": ("{} көп", "{} аз"),
    },
}
"""Form → language → how a number from zero up and one below zero is said."""


def compared(number: str, form: str, language: str) -> str:
    """`number`, written with its sign as `language` writes it, as the comparison `form`."""
    size = number.lstrip("+−-")
    amount = number_in_form(size, "dat") if language == "kk" else size
    return WORDS[form][language][size != number.lstrip("+")].format(amount)
