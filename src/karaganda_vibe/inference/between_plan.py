"""The second plan's list of models between places, metadata/models/between.yml.

Its models are read as those of specs.yml (see `spec_file`). Beside them the file holds

    groups: {cannot_be_moved: [size, ...], can_be_moved: [wage, ...]}   # terms of the first model
    bright_spots:
      expected_from: [size, ...]      # terms that a place's expected rate is read from
      early: [2001, 2012]             # first and last year
      late: [2013, 2023]
      best_share: 0.20
      probability: 0.90
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from karaganda_vibe.inference.spec_file import load_specs
from karaganda_vibe.inference.spec_reader import SpecReader
from karaganda_vibe.inference.specs import ModelSpec
from karaganda_vibe.project.yaml_files import read_yaml

BRIGHT_KEYS = ("expected_from", "early", "late", "best_share", "probability")


@dataclass(frozen=True)
class BetweenPlan:
    """What the second plan declares of differences between places.

    Attributes:
        specs: the models by id, the headline first; groups: name → terms of the headline.
        expected_from: terms that a place's expected rate is read from.
        early, late: first and last year; best_share, probability: what makes a place bright.
    """

    specs: dict[str, ModelSpec]
    groups: dict[str, tuple[str, ...]]
    expected_from: tuple[str, ...]
    early: tuple[int, int]
    late: tuple[int, int]
    best_share: float
    probability: float

    @property
    def headline(self) -> ModelSpec:
        """The model that shares and expectations come from."""
        return next(iter(self.specs.values()))


def load_between_plan(path: Path) -> BetweenPlan:
    """Read the list.

    Raises:
        ProjectError: whatever `load_specs` finds; a key that is missing or unknown, a term that the
            first model does not have or that stands twice, years or shares out of range; the
            message names file and line.
    """
    specs = {spec.id: spec for spec in load_specs(path, ("groups", "bright_spots"))}
    first = next(iter(specs.values()))
    terms = [variable.term for variable in (*first.drivers, *first.controls)]
    reader = SpecReader(path)
    top = read_yaml(path)
    groups = reader.mapping(top.get("groups"), "groups", (), top, "groups")
    grouped = {name: _terms(reader, groups, name, "groups", terms) for name in groups}
    listed = [term for group in grouped.values() for term in group]
    if sorted(listed) != sorted(terms):
        raise reader.fail(
            top,
            "groups",
            f"groups hold {', '.join(listed)}; expected every term of {first.id} once: "
            f"{', '.join(terms)}; correct them",
        )
    bright = reader.mapping(top.get("bright_spots"), "bright_spots", BRIGHT_KEYS, top)
    for key in BRIGHT_KEYS:
        if key not in bright:
            raise reader.fail(top, "bright_spots", f"bright_spots: the key {key} is missing")
    shares = {}
    for key in ("best_share", "probability"):
        if not isinstance(bright[key], float) or not 0 < bright[key] < 1:
            raise reader.fail(
                bright, key, f"bright_spots: {key} is {bright[key]!r}; expected between 0 and 1"
            )
        shares[key] = float(bright[key])
    return BetweenPlan(
        specs=specs,
        groups=grouped,
        expected_from=_terms(reader, bright, "expected_from", "bright_spots", terms),
        early=_years(reader, bright, "early"),
        late=_years(reader, bright, "late"),
        **shares,
    )


def _terms(
    reader: SpecReader, node: CommentedMap, key: str, what: str, known: list[str]
) -> tuple[str, ...]:
    words = reader.words(node[key], node, key, what)
    for word in words:
        if word not in known:
            raise reader.fail(
                node, key, f"{what}: {key} names {word!r}; expected some of {', '.join(known)}"
            )
    return words


def _years(reader: SpecReader, node: CommentedMap, key: str) -> tuple[int, int]:
    years = node[key]
    right = isinstance(years, CommentedSeq) and len(years) == 2
    if not right or not all(isinstance(year, int) for year in years) or years[0] > years[1]:
        raise reader.fail(
            node, key, f"bright_spots: {key} is {years!r}; expected [first, last] years"
        )
    return int(years[0]), int(years[1])
