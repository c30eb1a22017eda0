"""Where a long Kazakh word may be parted: Typst has patterns for Russian, none for Kazakh."""

from __future__ import annotations

import re

SOFT_HYPHEN = "\u00ad"
_VOWELS = "аәеёиоөуұүыіэюя"
_LONG = 8
# Before the consonant that starts a syllable, two letters or more from the start of the word and
# three from its end. Vowels are never parted, as у and и may be consonants beside another.
_BREAK = re.compile(
    rf"(?<=[{_VOWELS}])(?=[^\W\d_ьъ{_VOWELS}][{_VOWELS}])"
    rf"|(?<=[{_VOWELS}][^\W\d_{_VOWELS}])(?=[^\W\d_ьъ{_VOWELS}][{_VOWELS}])"
    rf"|(?<=[{_VOWELS}][^\W\d_{_VOWELS}]{{2}})(?=[^\W\d_ьъ{_VOWELS}][{_VOWELS}])",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")


def with_soft_hyphens(text: str) -> str:
    """`text` with soft hyphens between the syllables of its long words."""

    def parted(match: re.Match[str]) -> str:
        word = match[0]
        if len(word) < _LONG or not re.search("[а-яәғқңөұүһі]", word, re.IGNORECASE):
            return word
        cuts = [cut.start() for cut in _BREAK.finditer(word) if 2 <= cut.start() <= len(word) - 3]
        return SOFT_HYPHEN.join(
            word[start:end] for start, end in zip([0, *cuts], [*cuts, len(word)], strict=True)
        )

    return _WORD.sub(parted, text)
