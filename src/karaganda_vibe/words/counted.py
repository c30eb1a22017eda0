"""Values of a text, asked for their form or their noun: `{n:gen}`, `{n:год|года|лет}`."""

from __future__ import annotations

import re
from decimal import Decimal

from babel import Locale

from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.words.forms import in_form
from karaganda_vibe.words.languages import LOCALES, NO_BREAK_SPACE

PLURAL_FORMS = {"en": ("one", "other"), "ru": ("one", "few", "many"), "kk": ("other",)}


class Counted(str):
    """A written number or word whose form or noun can be asked for.

    `{n:регион|региона|регионов}` writes the number, a space that does not break and the noun that
    agrees: forms in the order of the language's plural categories, one|other (en), one|few|many
    (ru); a Russian fraction takes the form of "few". `{n:gen}`, `{name:in}` and, with the noun,
    `{n:prep:годе|годах}` are forms of `forms.in_form`.
    """

    def __new__(cls, text: str, language: str) -> Counted:
        self = super().__new__(cls, text)
        self.language = language
        return self

    language: str

    def __format__(self, forms: str) -> str:
        if not forms:
            return str(self)
        if re.match(r"[a-z_]+(:|$)", forms):
            return in_form(str(self), forms, self.language)
        words = forms.split("|")
        order = PLURAL_FORMS[self.language]
        if len(words) != len(order):
            raise ProjectError(
                f"'{forms}' gives {len(words)} forms of a noun; {self.language} needs "
                f"{len(order)}: {'|'.join(order)}"
            )
        category = Locale.parse(LOCALES[self.language]).plural_form(_number_in(self))
        index = order.index(category) if category in order else min(1, len(order) - 1)
        return f"{self}{NO_BREAK_SPACE}{words[index]}"


def _number_in(text: str) -> Decimal:
    """The size of the number that `text` writes (its first, without sign and grouping)."""
    found = re.search(r"\d[\d\u00a0\u202f ,.]*", text)
    if not found:
        raise ProjectError(f"'{text}' holds no number to count a noun by")
    digits = re.sub(r"[\u00a0\u202f ]", "", found[0]).rstrip(",.")
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", digits):
        digits = digits.replace(",", "")
    return Decimal(digits.replace(",", "."))
