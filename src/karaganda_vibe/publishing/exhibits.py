"""What a notebook uses to hand its results to the report: values, phrases, figures, tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pandas as pd
from IPython.display import Image

from karaganda_vibe.figures.pens import Draw
from karaganda_vibe.figures.saving import save_figure
from karaganda_vibe.places.study import study_lacks, study_words
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.rounding import show_tables_rounded
from karaganda_vibe.publishing.report_tables import Column, save_table
from karaganda_vibe.publishing.running_cell import running_cell
from karaganda_vibe.publishing.values import Value, number_value, save_values, word_value
from karaganda_vibe.words.languages import LANGUAGES, join_words
from karaganda_vibe.words.texts import FOLDER, Texts


class Exhibits:
    """The exhibits of one notebook, whose texts may name the study (`Study.words`) as well.

    Call `save` at its end.
    """

    def __init__(self, notebook: str) -> None:
        show_tables_rounded()
        self.notebook = notebook
        self._values: dict[str, Value] = {}
        self._local: dict[str, Value] = {}
        self._path = FOLDER / f"{notebook}.yml"
        self._sections: dict[str, Texts] = {}

    def value(self, name: str, number: float, kind: str, meaning: str) -> str:
        """Name a computed number (base unit); return it as the English edition writes it."""
        with self._placed(f"value '{name}'"):
            _refuse_gap(number)
            return self._keep(
                number_value(name, number, kind, meaning, self.notebook, self._cell())
            )

    def local(self, name: str, number: float, kind: str) -> str:
        """A number for the texts of this notebook's exhibits that another notebook names.

        Both read it from the same table; only the other one hands it to the report.
        """
        with self._placed(f"value '{name}'"):
            _refuse_gap(number)
            value = number_value(name, number, kind, "for the texts of exhibits", self.notebook)
        self._local[name] = value
        return value.text["en"]

    def local_word(self, name: str, text: Mapping[str, str]) -> None:
        """A word that a table gives in every language, for the texts of exhibits only."""
        self._local[name] = word_value(name, text, "for the texts of exhibits", self.notebook)

    def quote(self, values: Mapping[str, Value], *names: str) -> None:
        """Values of earlier notebooks, from `values.read_values`, for the texts of this one."""
        for name in names:
            if name not in values:
                raise ProjectError(
                    f"{self.notebook} quotes the value '{name}', which no notebook before it "
                    "computes; correct the name, or list the other notebook's values in "
                    "notebooks/notebooks.yml"
                )
            self._local[name] = values[name]

    def phrase(self, name: str, verdict: str, meaning: str) -> str:
        """Name a phrase that follows from data: part `verdict` of the phrase `name`."""
        text = self._phrase_text(name, verdict)
        return self._keep(word_value(name, text, meaning, self.notebook, self._cell()))

    def local_phrase(self, name: str, verdict: str) -> None:
        """The phrase `name`, part `verdict`, for the texts of this notebook's exhibits only."""
        text = self._phrase_text(name, verdict)
        self._local[name] = word_value(name, text, "for the texts of exhibits", self.notebook)

    def word(self, name: str, text: Mapping[str, str], meaning: str) -> str:
        """Name a word that a table gives in every language (a place or region name)."""
        return self._keep(word_value(name, text, meaning, self.notebook, self._cell()))

    def words(self, name: str, texts: Sequence[Mapping[str, str]], meaning: str) -> str:
        """Name a list of words (place names, say), joined as each language joins a list."""
        joined = {
            language: join_words([text[language] for text in texts], language)
            for language in LANGUAGES
        }
        return self._keep(word_value(name, joined, meaning, self.notebook, self._cell()))

    def phrases(self, name: str, entry: str, verdicts: Sequence[str], meaning: str) -> str:
        """Name a list of phrases: the parts `verdicts` of the phrase `entry`, joined."""
        texts = self._texts("phrases")
        values = self._by_language()
        words = [
            {code: texts.text(entry, verdict, code, values[code]) for code in LANGUAGES}
            for verdict in verdicts
        ]
        return self.words(name, words, meaning)

    def phrase_cells(self, column: str, name: str, verdict: str, meaning: str) -> dict[str, str]:
        """Name a phrase as `phrase` does; return it as the cells `<column>_<language>`."""
        self.phrase(name, verdict, meaning)
        return {f"{column}_{code}": text for code, text in self.written(name).items()}

    def label(self, identifier: str, part: str) -> dict[str, str]:
        """The text `part` of an exhibit by language, for word columns of a table."""
        texts = self._texts("exhibits")
        values = self._by_language()
        return {code: texts.text(identifier, part, code, values[code]) for code in LANGUAGES}

    def written(self, name: str) -> dict[str, str]:
        """A value of this notebook, named or local, as each language writes it."""
        return dict((self._local | self._values)[name].text)

    def figure(
        self,
        identifier: str,
        draw: Draw,
        data: pd.DataFrame,
        *,
        size: tuple[float, float] = (6.4, 3.6),
        narrow_size: tuple[float, float] | None = None,
        headline: str = "headline",
    ) -> Image:
        """Make a figure (see `figures.save_figure`); return a picture for the notebook."""
        with self._placed(identifier):
            preview = save_figure(
                identifier,
                draw,
                data,
                texts=self._texts("exhibits"),
                values=self._by_language(),
                notebook=self.notebook,
                cell=self._cell(),
                size=size,
                narrow_size=narrow_size,
                headline=headline,
            )
        return Image(preview)

    def table(
        self,
        identifier: str,
        data: pd.DataFrame,
        columns: Sequence[Column],
        *,
        headline: str = "headline",
    ) -> pd.DataFrame:
        """Make a table (see `report_tables.save_table`); return its data for the notebook."""
        with self._placed(identifier):
            save_table(
                identifier,
                data,
                columns,
                texts=self._texts("exhibits"),
                values=self._by_language(),
                notebook=self.notebook,
                cell=self._cell(),
                headline=headline,
            )
        return data

    def save(self) -> pd.DataFrame:
        """Write the values for the report; return them as a table for the notebook."""
        save_values(self._values.values(), self.notebook)
        return pd.DataFrame(
            [(v.name, v.text["en"], v.meaning) for v in self._values.values()],
            columns=["name", "value", "meaning"],
        )

    def _texts(self, section: str) -> Texts:
        """A section of the notebook's texts, read once: the file is long."""
        if section not in self._sections:
            self._sections[section] = Texts(self._path, section, study_lacks)
        return self._sections[section]

    def _cell(self) -> str:
        return running_cell(self.notebook)

    def _phrase_text(self, name: str, verdict: str) -> dict[str, str]:
        phrases, values = self._texts("phrases"), self._by_language()
        return {code: phrases.text(name, verdict, code, values[code]) for code in LANGUAGES}

    @contextmanager
    def _placed(self, what: str) -> Iterator[None]:
        """Let a ProjectError say in which notebook and cell, and about what, it is."""
        try:
            yield
        except ProjectError as error:
            cell = self._cell()
            place = f", cell {cell}" if cell else ""
            raise ProjectError(f"notebooks/{self.notebook}.ipynb{place}, {what}: {error}") from None

    def _keep(self, value: Value) -> str:
        if value.name in self._values and self._values[value.name] != value:
            raise ValueError(f"{self.notebook}: the value '{value.name}' is computed twice")
        self._values[value.name] = value
        return value.text["en"]

    def _by_language(self) -> dict[str, dict[str, str]]:
        texts = {
            **study_words(),
            **{name: value.text for name, value in (self._local | self._values).items()},
        }
        return {
            language: {name: text[language] for name, text in texts.items()}
            for language in LANGUAGES
        }


def _refuse_gap(number: float) -> None:
    """Raise ProjectError for a number that is none: the data have no figure there."""
    if pd.isna(number) or not math.isfinite(number):
        raise ProjectError(
            f"found {number}, expected a number; the data have none here: word the gap in "
            "metadata/texts and name the value only where there is a figure"
        )
