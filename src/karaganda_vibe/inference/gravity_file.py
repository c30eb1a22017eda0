"""Reads metadata/models/gravity.yml: the models of moves between regions, and their what-ifs.

Every fault is named by file and line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from karaganda_vibe.inference.spec_reader import SpecReader
from karaganda_vibe.inference.specs import Variable
from karaganda_vibe.project.paths import METADATA
from karaganda_vibe.project.yaml_files import read_yaml

GRAVITY_FILE = METADATA / "models" / "gravity.yml"
PAIR_TERMS = ("log_distance", "border", "former_common_region")
BORDERS = ("today", "published")
EFFECTS = ("origin_year", "destination_year", "destination_unit")
SIDES = ("destination", "origin")
ESTIMATORS = ("ppml", "ols")
ROLES = ("headline", "robustness", "strict", "symmetry", "further")
MODEL_KEYS = (
    "id", "title", "role", "borders", "years", "effects", "pair", "conditions", "family", "side",
    "estimator", "replace", "with",
)  # fmt: skip
SCENARIO_KEYS = ("id", "model", "condition", "pair", "to", "factor")
LARGEST_DESTINATION = "largest_destination"


@dataclass(frozen=True)
class GravityModel:
    """A declared model of moves.

    Attributes:
        borders: "today" (regions as published) or "published" (see `panels.gravity_rows`).
        effects: fixed effects, of `EFFECTS`.
        pair: terms of the pair, of `PAIR_TERMS`; conditions: what one end has.
        family: terms judged together; side: the end whose conditions they are.
    """

    id: str
    title: str
    role: str
    borders: str
    years: tuple[int, ...]
    effects: tuple[str, ...]
    pair: tuple[str, ...]
    conditions: tuple[Variable, ...] = ()
    family: tuple[str, ...] = ()
    side: str = "destination"
    estimator: str = "ppml"
    where: str = ""

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of all terms, those of the pair first."""
        return (*self.pair, *(variable.term for variable in self.conditions))


@dataclass(frozen=True)
class Scenario:
    """A declared what-if: `term` of `model` times `factor`; `of_pair` for a changed distance."""

    id: str
    model: str
    term: str
    factor: float
    of_pair: bool


@dataclass(frozen=True)
class GravityPlan:
    """All that gravity.yml declares; draws, seed and weights of the bootstrap with it."""

    models: tuple[GravityModel, ...]
    scenarios: tuple[Scenario, ...]
    draws: int
    seed: int
    weights: str

    def model(self, model_id: str) -> GravityModel:
        """The model of this id."""
        return next(model for model in self.models if model.id == model_id)


def read_gravity(path: Path = GRAVITY_FILE) -> GravityPlan:
    """The models and what-ifs of `path`.

    Raises ProjectError, with file and line, for an unknown key or word, a term twice, a family or
    a replacement that names no condition, a what-if of a model or term that is not there.
    """
    reader = SpecReader(path)
    tree = reader.mapping(
        read_yaml(path),
        "the file",
        ("inference", "pair", "conditions", "models", "counterfactuals"),
    )
    inference = reader.mapping(
        tree.get("inference"),
        "inference",
        ("draws", "seed", "weights", "clusters"),
        tree,
        "inference",
    )
    draws, seed = (_whole(reader, inference, key, "inference") for key in ("draws", "seed"))
    weights = _word(reader, inference, "weights", "inference", ("webb", "rademacher"))
    _word(reader, inference, "clusters", "inference", ("destination",))
    models: list[GravityModel] = []
    for number, node in enumerate(_list(reader, tree, "models", "the file")):
        model = _model(reader, node, tree["models"], number)
        if model.id in {other.id for other in models}:
            raise reader.fail(node, "id", f"model {model.id} stands twice; give it another id")
        models.append(model)
    by_id = {model.id: model for model in models}
    scenarios = tuple(
        _scenario(reader, node, tree["counterfactuals"], number, by_id)
        for number, node in enumerate(_list(reader, tree, "counterfactuals", "the file"))
    )
    return GravityPlan(tuple(models), scenarios, draws, seed, weights)


def _model(reader: SpecReader, node: object, parent: object, number: int) -> GravityModel:
    mapping = reader.mapping(node, f"model {number + 1}", MODEL_KEYS, parent, number)
    name = mapping.get("id")
    if not isinstance(name, str) or not name.isidentifier():
        raise reader.fail(mapping, "id", f"a model's id is {name!r}; expected a plain name")
    what = f"model {name}"
    pair = []
    for item in _list(reader, mapping, "pair", what):
        entry = reader.mapping(
            item, f"{what}: pair", ("name", "from", "transform"), mapping, "pair"
        )
        pair.append(_word(reader, entry, "name", f"{what}: pair", PAIR_TERMS))
    conditions = [
        reader.variable(item, f"{what}: conditions", mapping["conditions"], index)
        for index, item in enumerate(
            _list(reader, mapping, "conditions", what) if "conditions" in mapping else []
        )
    ]
    conditions, further = _with_further(reader, mapping, what, conditions)
    terms = [*pair, *(variable.term for variable in conditions)]
    for term in terms:
        if terms.count(term) > 1:
            raise reader.fail(mapping, "id", f"{what}: the term {term!r} stands twice")
    family = further
    if "family" in mapping:
        family = reader.words(mapping["family"], mapping, "family", what)
    for term in family:
        if term not in terms:
            raise reader.fail(
                mapping, "family", f"{what}: the family names {term!r}; expected one of "
                f"{', '.join(terms)}",
            )  # fmt: skip
    effects = reader.words(mapping.get("effects"), mapping, "effects", what)
    for effect in effects:
        if effect not in EFFECTS:
            raise reader.fail(
                mapping, "effects", f"{what}: unknown effect {effect!r}; expected one of "
                f"{', '.join(EFFECTS)}",
            )  # fmt: skip
    years = _list(reader, mapping, "years", what)
    if not years or not all(isinstance(year, int) for year in years):
        raise reader.fail(mapping, "years", f"{what}: years are {list(years)}; expected years")
    return GravityModel(
        id=name,
        title=str(mapping.get("title", "")),
        role=_word(reader, mapping, "role", what, ROLES),
        borders=_word(reader, mapping, "borders", what, BORDERS),
        years=tuple(int(year) for year in years),
        effects=effects,
        pair=tuple(pair),
        conditions=tuple(conditions),
        family=tuple(family),
        side=_word(reader, mapping, "side", what, SIDES, "destination"),
        estimator=_word(reader, mapping, "estimator", what, ESTIMATORS, "ppml"),
        where=f"{reader.file}, line {reader.line(mapping, 'id')}: {what}",
    )


def _with_further(
    reader: SpecReader, mapping: CommentedMap, what: str, conditions: list[Variable]
) -> tuple[list[Variable], tuple[str, ...]]:
    """The conditions with that of `with` added or put in the place of `replace`; its term."""
    if "with" not in mapping:
        if "replace" in mapping:
            raise reader.fail(mapping, "replace", f"{what}: replace needs with; name the new one")
        return conditions, ()
    further = reader.variable(mapping["with"], f"{what}: with", mapping, "with")
    replaced = mapping.get("replace")
    if replaced is None:
        return [*conditions, further], (further.term,)
    terms = [variable.term for variable in conditions]
    if replaced not in terms:
        raise reader.fail(
            mapping, "replace", f"{what}: replace names {replaced!r}; expected one of "
            f"{', '.join(terms)}",
        )  # fmt: skip
    kept = [further if old.term == replaced else old for old in conditions]
    return kept, (further.term,)


def _scenario(
    reader: SpecReader, node: object, parent: object, number: int, models: dict[str, GravityModel]
) -> Scenario:
    mapping = reader.mapping(node, f"counterfactual {number + 1}", SCENARIO_KEYS, parent, number)
    what = f"counterfactual {mapping.get('id')}"
    model = models[_word(reader, mapping, "model", what, tuple(models))]
    of_pair = "pair" in mapping
    if of_pair == ("condition" in mapping):
        raise reader.fail(mapping, "id", f"{what}: give a condition or a pair, not both or none")
    if of_pair:
        term = _word(reader, mapping, "pair", what, ("log_distance",))
        _word(reader, mapping, "to", what, (LARGEST_DESTINATION,))
    else:
        known = tuple(v.term for v in model.conditions if "log" in v.transform)
        term = _word(reader, mapping, "condition", what, known)
    factor = mapping.get("factor")
    usable = isinstance(factor, int | float) and not isinstance(factor, bool)
    if not usable or not math.isfinite(factor) or factor <= 0:
        raise reader.fail(
            mapping, "factor", f"{what}: factor is {factor!r}; expected a number above zero"
        )
    return Scenario(str(mapping.get("id")), model.id, term, float(factor), of_pair)


def _list(reader: SpecReader, node: CommentedMap, key: str, what: str) -> Sequence[Any]:
    value = node.get(key)
    if not isinstance(value, CommentedSeq):
        raise reader.fail(node, key, f"{what}: {key} is {value!r}; expected a list")
    return value


def _whole(reader: SpecReader, node: CommentedMap, key: str, what: str) -> int:
    value = node.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise reader.fail(
            node, key, f"{what}: {key} is {value!r}; expected a whole number above zero"
        )
    return value


def _word(
    reader: SpecReader,
    node: CommentedMap,
    key: str,
    what: str,
    allowed: Sequence[str],
    default: str | None = None,
) -> str:
    value = node.get(key, default)
    if value not in allowed:
        raise reader.fail(
            node, key, f"{what}: {key} is {value!r}; expected one of {', '.join(allowed)}"
        )
    return str(value)
