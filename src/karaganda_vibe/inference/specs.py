"""The list of models, metadata/models/specs.yml: reading and checking it, designs.

The file (every key not listed is an error that names the line):

    panels:                       # how each panel is laid out
      districts:                  # a name; the data are handed over under this name
        place: place_id           # column with one value a place
        region: region            # column with the cluster a place belongs to
        year: year
        kind: kind                # optional, for the sample filter `kinds`
        population: population    # denominator of per_1000 and log_per_1000
    defaults:                     # optional: any key of a model, used where a model leaves it out
      fixed_effects: [place, year]
    models:
      - id: districts_departures  # unique; letters, digits, _ and -
        title: free text          # optional
        role: headline            # headline | alternative | robustness | annex (free word)
        panel: districts
        outcome: {column: departures, transform: per_1000}
        estimator: ols            # ols | wls (needs weights) | ppml (counts, with offset)
        effects: within           # within (default) | within_between (Mundlak, see below)
        offset: {column: population, lag: 1, transform: log}     # ppml
        weights: {column: population}                            # wls
        drivers:                  # tested together as one family
          - {column: wage, lag: 1, transform: log}               # term: "log wage (lag 1)"
          - {column: housing_commissioned_m2, lag: 1, transform: per_1000, name: floor space}
        controls: []              # like drivers, outside the family
        fixed_effects: [place, year]    # any of place, region, year, region_year
        sample:                   # every filter optional
          years: [2001, 2023]     # first and last
          exclude_years: [2018, 2020]
          kinds: [district]       # or exclude_kinds
          regions: [KZ-35]        # or exclude_regions
          exclude_places: [x]     # or places
          least_population: 5000
          require: [column, ...]  # rows must also hold these columns (a common sample)
        inference: {draws: 9999, seed: 1, fewest_clusters: 6, single_place_clusters: error}
    curves:                       # specification curves: every combination of the axes' choices
      - id: districts_curve
        base: districts_departures
        axes:
          effects: {two_way: {}, strict: {fixed_effects: [place, region_year]}}
          sample: {all: {}, no_covid: {sample: {exclude_years: [2020, 2021]}}}
          lag: {one: {}, two: {lag: 2}}     # `lag` alone sets the lag of every driver
          drivers: {all: {}, few: {keep: [wage, unemployment_rate]}}   # columns of drivers kept
          without: {none: {}, crimes: {drop: [crimes]}}

A curve's models are called curve__choice__choice; `sample` filters of several choices are merged.

Variables are {column, lag, transform, name}: lag in years within a place (negative: a lead, the
placebo), taken by calendar year so that a gap stays a gap; transform is none, log, per_1000 (of the
population of the column's own year), log_per_1000, or change (less the year before).

Mundlak's version, `effects: within_between` (Mundlak 1978; Bell and Jones 2015): each driver enters
twice, as its deviation from the place's mean over the sample ("wage (within)") and as that mean
("wage (between)"); fixed effects must then leave out place. Only the between terms compare places.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, LineCol
from ruamel.yaml.error import MarkedYAMLError

from karaganda_vibe.inference.design import FEWEST_CLUSTERS, Design, make_design
from karaganda_vibe.inference.wild_bootstrap import DRAWS, SEED
from karaganda_vibe.inference.within import FloatArray
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import shown

TRANSFORMS = ("none", "log", "per_1000", "log_per_1000", "change")
FIXED_EFFECTS = ("place", "region", "year", "region_year")
ESTIMATORS = ("ols", "wls", "ppml")
EFFECTS = ("within", "within_between")
MODEL_KEYS = (
    "id", "title", "role", "panel", "outcome", "estimator", "effects", "offset", "weights",
    "drivers", "controls", "fixed_effects", "sample", "inference",
)  # fmt: skip
SAMPLE_KEYS = (
    "years", "exclude_years", "kinds", "exclude_kinds", "regions", "exclude_regions", "places",
    "exclude_places", "least_population", "require",
)  # fmt: skip
INFERENCE_KEYS = ("draws", "seed", "fewest_clusters", "single_place_clusters")
VARIABLE_KEYS = ("column", "lag", "transform", "name")
PANEL_KEYS = ("place", "region", "year", "kind", "population")
CHOICE_KEYS = (*MODEL_KEYS, "lag", "keep", "drop")


@dataclass(frozen=True)
class Variable:
    """A column as a model uses it; `name` replaces the made-up term where given."""

    column: str
    lag: int = 0
    transform: str = "none"
    name: str = ""
    line: int = field(default=0, compare=False)

    @property
    def term(self) -> str:
        """Name of the term in tables, for example "log wage (lag 1)"."""
        words = {
            "none": self.column,
            "log": f"log {self.column}",
            "per_1000": f"{self.column} per 1,000",
            "log_per_1000": f"log {self.column} per 1,000",
            "change": f"change of {self.column}",
        }
        text = self.name or words[self.transform]
        if self.name and self.lag >= 0:
            return text
        when = f" (lag {self.lag})" if self.lag > 0 else f" (lead {-self.lag})"
        return text + when if self.lag else text


@dataclass(frozen=True)
class PanelLayout:
    """Which columns of a panel hold what."""

    name: str
    place: str
    region: str
    year: str
    kind: str = ""
    population: str = "population"


@dataclass(frozen=True)
class Sample:
    """Filters of the rows; empty means no filter."""

    years: tuple[int, ...] = ()
    exclude_years: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    exclude_kinds: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    exclude_regions: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    exclude_places: tuple[str, ...] = ()
    least_population: float = 0.0
    require: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The filters in one phrase, "all" if there are none."""
        parts = []
        if self.years:
            parts.append(f"{self.years[0]}-{self.years[-1]}")
        for name in SAMPLE_KEYS[1:8]:
            values = getattr(self, name)
            if values:
                parts.append(f"{name.replace('_', ' ')} {' '.join(map(str, values))}")
        if self.least_population:
            parts.append(f"population {self.least_population:g} or more")
        if self.require:
            parts.append(f"with {' '.join(self.require)}")
        return "; ".join(parts) or "all"


@dataclass(frozen=True)
class ModelSpec:
    """One model of the list; see the module's text for the meaning of each part."""

    id: str
    panel: PanelLayout
    outcome: Variable
    drivers: tuple[Variable, ...]
    controls: tuple[Variable, ...] = ()
    estimator: str = "ols"
    effects: str = "within"
    offset: Variable | None = None
    weights: Variable | None = None
    fixed_effects: tuple[str, ...] = ("place", "year")
    sample: Sample = Sample()
    title: str = ""
    role: str = "alternative"
    curve: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    draws: int = DRAWS
    seed: int = SEED
    fewest_clusters: int = FEWEST_CLUSTERS
    single_place_clusters: str = "error"
    file: str = field(default="", compare=False)
    line: int = field(default=0, compare=False)


class _Reader:
    """Turns the YAML tree into specs, naming file and line when something is off."""

    def __init__(self, path: Path) -> None:
        self.file = shown(path)

    def fail(self, node: object, key: object, message: str) -> ProjectError:
        return ProjectError(f"{self.file}, line {self.line(node, key)}: {message}")

    def line(self, node: object, key: object = None) -> int:
        mark = getattr(node, "lc", None)
        if mark is None:
            return 0
        if isinstance(node, CommentedMap) and key in node and key in (mark.data or {}):
            return int(mark.data[key][0]) + 1
        if isinstance(node, CommentedSeq) and isinstance(key, int) and key in (mark.data or {}):
            return int(mark.data[key][0]) + 1
        return int(mark.line) + 1

    def mapping(
        self, node: object, what: str, keys: Sequence[str], parent: object = None, at: object = None
    ) -> CommentedMap:
        if not isinstance(node, CommentedMap):
            raise self.fail(
                parent if node is None or not hasattr(node, "lc") else node,
                at,
                f"{what}: expected keys and values, found {type(node).__name__} {node!r}",
            )
        for key in node:
            if keys and key not in keys:
                raise self.fail(
                    node, key, f"{what}: unknown key {key!r}; expected one of {', '.join(keys)}"
                )
        return node

    def variable(self, node: object, what: str, parent: object, at: object) -> Variable:
        if isinstance(node, str):
            return Variable(node, line=self.line(parent, at))
        mapping = self.mapping(node, what, VARIABLE_KEYS, parent, at)
        column = mapping.get("column")
        if not isinstance(column, str) or not column:
            raise self.fail(mapping, "column", f"{what}: expected the name of a column")
        transform = mapping.get("transform", "none")
        if transform not in TRANSFORMS:
            raise self.fail(
                mapping,
                "transform",
                f"{what}, column {column}: unknown transform {transform!r}; expected one of "
                f"{', '.join(TRANSFORMS)}",
            )
        lag = mapping.get("lag", 0)
        if not isinstance(lag, int) or isinstance(lag, bool) or abs(lag) > 20:
            raise self.fail(
                mapping,
                "lag",
                f"{what}, column {column}: lag is {lag!r}; expected whole years, -20 to 20",
            )
        return Variable(
            column, lag, transform, str(mapping.get("name", "")), self.line(mapping, "column")
        )

    def words(self, node: object, parent: CommentedMap, key: str, what: str) -> tuple[str, ...]:
        if not isinstance(node, CommentedSeq) or not all(isinstance(item, str) for item in node):
            raise self.fail(parent, key, f"{what}: {key} is {node!r}; expected a list of words")
        return tuple(node)

    def sample(self, node: object, what: str, parent: object) -> Sample:
        mapping = self.mapping(node, f"{what}: sample", SAMPLE_KEYS, parent, "sample")
        parts: dict[str, Any] = {}
        for key, value in mapping.items():
            if key in {"years", "exclude_years"}:
                whole = isinstance(value, CommentedSeq) and all(
                    isinstance(year, int) for year in value
                )
                if not whole or (key == "years" and (len(value) != 2 or value[0] > value[1])):
                    raise self.fail(
                        mapping,
                        key,
                        f"{what}: {key} is {value!r}; expected "
                        + ("[first, last]" if key == "years" else "a list of years"),
                    )
                parts[key] = tuple(value)
            elif key == "least_population":
                if not isinstance(value, int | float):
                    raise self.fail(mapping, key, f"{what}: {key} is {value!r}; expected a number")
                parts[key] = float(value)
            else:
                parts[key] = self.words(value, mapping, key, what)
        return Sample(**parts)

    def model(self, node: CommentedMap, panels: Mapping[str, PanelLayout]) -> ModelSpec:
        name = node.get("id")
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", name):
            raise self.fail(
                node, "id", f"a model's id is {name!r}; expected letters, digits, _ and -"
            )
        what = f"model {name}"
        self.mapping(node, what, MODEL_KEYS)
        for key in ("panel", "outcome", "drivers"):
            if key not in node:
                raise self.fail(node, "id", f"{what}: the key {key} is missing")
        if node["panel"] not in panels:
            raise self.fail(
                node,
                "panel",
                f"{what}: unknown panel {node['panel']!r}; expected one of {', '.join(panels)}",
            )
        estimator = node.get("estimator", "ols")
        effects = node.get("effects", "within")
        for key, value, allowed in (
            ("estimator", estimator, ESTIMATORS), ("effects", effects, EFFECTS),
        ):  # fmt: skip
            if value not in allowed:
                raise self.fail(
                    node,
                    key,
                    f"{what}: unknown {key} {value!r}; expected one of {', '.join(allowed)}",
                )
        if (estimator == "wls") != (node.get("weights") is not None) and estimator != "ppml":
            raise self.fail(
                node,
                "estimator",
                f"{what}: weights go with estimator wls or ppml, and wls needs "
                "them; give both or neither",
            )
        if node.get("offset") is not None and estimator != "ppml":
            raise self.fail(node, "offset", f"{what}: an offset goes with estimator ppml only")
        fixed = self.words(
            node.get("fixed_effects", CommentedSeq(["place", "year"])), node, "fixed_effects", what
        )
        for effect in fixed:
            if effect not in FIXED_EFFECTS:
                raise self.fail(
                    node,
                    "fixed_effects",
                    f"{what}: unknown fixed effect {effect!r}; expected one of "
                    f"{', '.join(FIXED_EFFECTS)}",
                )
        if effects == "within_between" and "place" in fixed:
            raise self.fail(
                node,
                "fixed_effects",
                f"{what}: within_between compares places, so fixed_effects must leave out place",
            )
        variables: dict[str, tuple[Variable, ...]] = {}
        for key in ("drivers", "controls"):
            listed = node.get(key, CommentedSeq())
            if not isinstance(listed, CommentedSeq) or (key == "drivers" and not listed):
                raise self.fail(node, key, f"{what}: {key}: expected a list of variables")
            variables[key] = tuple(
                self.variable(item, f"{what}: {key}", listed, index)
                for index, item in enumerate(listed)
            )
        terms = [variable.term for group in variables.values() for variable in group]
        for term in terms:
            if terms.count(term) > 1:
                raise self.fail(node, "drivers", f"{what}: the term {term!r} stands twice")
        inference = self.mapping(
            node.get("inference", CommentedMap()),
            f"{what}: inference",
            INFERENCE_KEYS,
            node,
            "inference",
        )
        for key in ("draws", "seed", "fewest_clusters"):
            value = inference.get(key, 1)
            if not isinstance(value, int) or value < 0:
                raise self.fail(
                    inference, key, f"{what}: {key} is {value!r}; expected a whole number"
                )
        single = inference.get("single_place_clusters", "error")
        if single not in {"error", "keep", "drop"}:
            raise self.fail(
                inference,
                "single_place_clusters",
                f"{what}: single_place_clusters is {single!r}; expected error, keep or drop",
            )

        def one(key: str) -> Variable | None:
            value = node.get(key)
            return None if value is None else self.variable(value, f"{what}: {key}", node, key)

        outcome = one("outcome")
        if outcome is None:
            raise self.fail(node, "outcome", f"{what}: the outcome is empty; expected a column")
        return ModelSpec(
            id=name,
            panel=panels[node["panel"]],
            outcome=outcome,
            drivers=variables["drivers"],
            controls=variables["controls"],
            estimator=estimator,
            effects=effects,
            offset=one("offset"),
            weights=one("weights"),
            fixed_effects=fixed,
            sample=self.sample(node.get("sample", CommentedMap()), what, node),
            title=str(node.get("title", "")),
            role=str(node.get("role", "alternative")),
            draws=inference.get("draws", DRAWS),
            seed=inference.get("seed", SEED),
            fewest_clusters=inference.get("fewest_clusters", FEWEST_CLUSTERS),
            single_place_clusters=single,
            file=self.file,
            line=self.line(node),
        )


def _copied(values: CommentedMap, lines: CommentedMap) -> CommentedMap:
    """A copy of `values` that says it stands where `lines` stands in the file."""
    copied = CommentedMap(values)
    setattr(copied, LineCol.attrib, lines.lc)
    return copied


def _with(base: CommentedMap, extra: Mapping[str, Any]) -> CommentedMap:
    """`base` with the keys of `extra`; lines of both are kept where they came from."""
    merged = _copied(base, base)
    for key, value in extra.items():
        if key in {"sample", "inference"} and isinstance(merged.get(key), CommentedMap):
            value = _with(merged[key], value or {})
        merged[key] = value
    return merged


def _curve_models(
    reader: _Reader,
    node: CommentedMap,
    nodes: Mapping[str, CommentedMap],
    panels: Mapping[str, PanelLayout],
) -> list[ModelSpec]:
    reader.mapping(node, "a curve", ("id", "title", "base", "axes"))
    name = node.get("id")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise reader.fail(
            node, "id", f"a curve's id is {name!r}; expected letters, digits, _ and -"
        )
    base = node.get("base")
    if base not in nodes:
        raise reader.fail(
            node,
            "base",
            f"curve {name}: base {base!r} is not a model; expected one of {', '.join(nodes)}",
        )
    axes = reader.mapping(node.get("axes"), f"curve {name}: axes", (), node, "axes")
    for axis, choices in axes.items():
        reader.mapping(choices, f"curve {name}: axis {axis}", (), axes, axis)
        for choice, change in choices.items():
            where = f"curve {name}: {axis}, {choice}"
            reader.mapping(change, where, CHOICE_KEYS, choices, choice)
    models = []
    for combination in itertools.product(*(choices.items() for choices in axes.values())):
        merged = nodes[base]
        lag: int | None = None
        keep: tuple[str, ...] | None = None
        drop: tuple[str, ...] = ()
        for choice, change in combination:
            where = f"curve {name}: {choice}"
            if "keep" in change:
                keep = reader.words(change["keep"], change, "keep", where)
            if "drop" in change:
                drop += reader.words(change["drop"], change, "drop", where)
            if "lag" in change:
                lag = change["lag"]
                if not isinstance(lag, int):
                    raise reader.fail(change, "lag", f"{where}: lag is {lag!r}; expected years")
            rest = {key: change[key] for key in change if key not in {"keep", "drop", "lag"}}
            merged = _with(merged, rest)
        labels = [choice for choice, _ in combination]
        merged = _with(merged, {"id": "__".join([name, *labels]), "role": "curve"})
        spec = reader.model(merged, panels)
        columns = {variable.column for variable in spec.drivers}
        for column in (*(keep or ()), *drop):
            if column not in columns:
                raise reader.fail(
                    node,
                    "axes",
                    f"curve {name}: {column!r} is not a driver of {base}; expected "
                    f"one of {', '.join(sorted(columns))}",
                )
        drivers = tuple(
            variable if lag is None else replace(variable, lag=lag)
            for variable in spec.drivers
            if (keep is None or variable.column in keep) and variable.column not in drop
        )
        if not drivers:
            raise reader.fail(node, "axes", f"curve {name}: model {spec.id} keeps no driver")
        pairs = tuple(zip(axes, labels, strict=True))
        models.append(replace(spec, drivers=drivers, curve=name, choices=pairs))
    return models


def load_specs(path: Path) -> list[ModelSpec]:
    """Every model of the file in its order, curves unfolded at the end.

    Raises:
        ProjectError: the file is missing or not YAML; an unknown or missing key, a value out of
            range, an id used twice; the message names file, line and model.
    """
    reader = _Reader(path)
    if not path.exists():
        raise ProjectError(f"{reader.file} is missing; expected the list of models; restore it")
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        problem = " ".join(str(error.problem or error.context).split())
        raise ProjectError(f"{reader.file}, line {line}: not valid YAML: {problem}") from None
    top = reader.mapping(tree, "the list of models", ("panels", "defaults", "models", "curves"))
    panels: dict[str, PanelLayout] = {}
    listed = reader.mapping(top.get("panels"), "panels", (), top, "panels")
    for name, node in listed.items():
        layout = reader.mapping(node, f"panel {name}", PANEL_KEYS, listed, name)
        for key in ("place", "region", "year"):
            if key not in layout:
                raise reader.fail(listed, name, f"panel {name}: the key {key} is missing")
        panels[name] = PanelLayout(name, **{key: str(value) for key, value in layout.items()})
    defaults = reader.mapping(top.get("defaults", CommentedMap()), "defaults", MODEL_KEYS[1:], top)
    models = top.get("models")
    if not isinstance(models, CommentedSeq) or not models:
        raise reader.fail(top, "models", "models: expected a list of models")
    nodes: dict[str, CommentedMap] = {}
    specs = []
    for index, node in enumerate(models):
        mapping = reader.mapping(node, "a model", (), models, index)
        name = mapping.get("id", f"number {index + 1}")
        reader.mapping(mapping, f"model {name}", MODEL_KEYS)
        merged = _copied(defaults, mapping)
        spec = reader.model(_with(merged, mapping), panels)
        if spec.id in nodes:
            raise reader.fail(mapping, "id", f"model {spec.id} stands twice; expected one")
        nodes[spec.id] = _with(merged, mapping)
        specs.append(spec)
    for node in top.get("curves") or []:
        specs += _curve_models(reader, reader.mapping(node, "a curve", ()), nodes, panels)
    seen: set[str] = set()
    for spec in specs:
        if spec.id in seen:
            raise ProjectError(f"{reader.file}: model {spec.id} stands twice; rename one")
        seen.add(spec.id)
    return specs


def _place_of(spec: ModelSpec, line: int = 0) -> str:
    where = f"{spec.file}, line {line or spec.line}: " if spec.file else ""
    return f"{where}model {spec.id}"


def check_against(spec: ModelSpec, frame: pd.DataFrame) -> None:
    """Stop if the panel lacks a column the model names, or a filter names a value it never holds.

    Raises:
        ProjectError: naming file, line, model and column or value.
    """
    layout = spec.panel
    needs_population = bool(spec.sample.least_population)
    variables = [spec.outcome, *spec.drivers, *spec.controls]
    variables += [variable for variable in (spec.offset, spec.weights) if variable is not None]
    wanted = [(layout.place, 0), (layout.region, 0), (layout.year, 0)]
    wanted += [(variable.column, variable.line) for variable in variables]
    wanted += [(column, 0) for column in spec.sample.require]
    if needs_population or any("per_1000" in variable.transform for variable in variables):
        wanted.append((layout.population, 0))
    if spec.sample.kinds or spec.sample.exclude_kinds:
        wanted.append((layout.kind, 0))
    for column, line in wanted:
        if column not in frame:
            raise ProjectError(
                f"{_place_of(spec, line)}: the panel {layout.name} has no column {column!r}; "
                "expected one of its columns; correct the name"
            )
    for variable in variables:
        if not pd.api.types.is_numeric_dtype(frame[variable.column]):
            raise ProjectError(
                f"{_place_of(spec, variable.line)}: column {variable.column} of the panel "
                f"{layout.name} is not numeric; expected numbers"
            )
    filters = (
        ("kinds", layout.kind), ("exclude_kinds", layout.kind), ("regions", layout.region),
        ("exclude_regions", layout.region), ("places", layout.place),
        ("exclude_places", layout.place),
    )  # fmt: skip
    for name, column in filters:
        chosen = getattr(spec.sample, name)
        held = set(frame[column].unique()) if chosen else set()
        for value in chosen:
            if value not in held:
                raise ProjectError(
                    f"{_place_of(spec)}: the filter {name} names {value!r}, which column {column} "
                    f"of the panel {layout.name} never holds; correct the filter"
                )
    duplicated = frame.duplicated([layout.place, layout.year])
    if duplicated.any():
        row = frame[duplicated].iloc[0]
        raise ProjectError(
            f"{_place_of(spec)}: the panel {layout.name} holds {row[layout.place]}, "
            f"{row[layout.year]} twice; expected one row a place and year"
        )


class _Calendar:
    """Finds a place's row of another year."""

    def __init__(self, frame: pd.DataFrame, layout: PanelLayout) -> None:
        place = pd.factorize(frame[layout.place])[0].astype(np.int64)
        self._keys = place * 100_000 + frame[layout.year].to_numpy(np.int64)
        self._order = np.argsort(self._keys, kind="stable")
        self._sorted = self._keys[self._order]

    def at(self, values: FloatArray, lag: int) -> FloatArray:
        """`values` (n,) of the same place `lag` years before; nan where that row is not there."""
        if not lag or not len(values):
            return values
        wanted = self._keys - lag
        found = np.searchsorted(self._sorted, wanted).clip(max=len(wanted) - 1)
        return np.where(self._sorted[found] == wanted, values[self._order[found]], np.nan)


def variable_values(
    variable: Variable,
    frame: pd.DataFrame,
    spec: ModelSpec,
    calendar: _Calendar | None = None,
) -> pd.Series:
    """The variable for each row of `frame`: transformed in its own year, then lagged by calendar.

    Missing stays missing.

    Raises:
        ProjectError: a log of zero or less; an infinite value.
    """
    layout = spec.panel
    values = frame[variable.column].astype(float)
    if np.isinf(values).any():
        row = frame[np.isinf(values)].iloc[0]
        raise ProjectError(
            f"{_place_of(spec, variable.line)}: {variable.term} is infinite at "
            f"{row[layout.place]}, {row[layout.year]}; expected finite numbers or a gap"
        )
    if "per_1000" in variable.transform:
        population = frame[layout.population].astype(float)
        values = 1000 * values / population.where(population > 0)
    if "log" in variable.transform:
        bad = values <= 0
        if bad.any():
            row = frame[bad].iloc[0]
            raise ProjectError(
                f"{_place_of(spec, variable.line)}: {variable.term}: {variable.column} is "
                f"{row[variable.column]:g} at {row[layout.place]}, {row[layout.year]}; a log needs "
                "numbers above zero; use per_1000 or none, or leave the row out"
            )
        values = pd.Series(np.log(values), index=frame.index)
    calendar = calendar or _Calendar(frame, layout)
    numbers = values.to_numpy()
    result = calendar.at(numbers, variable.lag)
    if variable.transform == "change":
        result = result - calendar.at(numbers, variable.lag + 1)
    return pd.Series(result, index=frame.index)


def sample_rows(spec: ModelSpec, frame: pd.DataFrame) -> pd.Series:
    """Boolean by row: kept by the sample filters (missing values not yet looked at)."""
    layout, sample = spec.panel, spec.sample
    year = frame[layout.year].astype(int)
    keep = pd.Series(True, index=frame.index)
    if sample.years:
        keep &= year.between(sample.years[0], sample.years[1])
    keep &= ~year.isin(sample.exclude_years)
    for column, chosen, excluded in (
        (layout.kind, sample.kinds, sample.exclude_kinds),
        (layout.region, sample.regions, sample.exclude_regions),
        (layout.place, sample.places, sample.exclude_places),
    ):
        if chosen:
            keep &= frame[column].isin(chosen)
        if excluded:
            keep &= ~frame[column].isin(excluded)
    if sample.least_population:
        keep &= frame[layout.population] >= sample.least_population
    for column in sample.require:
        keep &= frame[column].notna()
    return keep


def missing_by_term(spec: ModelSpec, frame: pd.DataFrame) -> pd.DataFrame:
    """How the sample shrinks: columns term, present (rows kept by the filters that hold the term),
    lost_alone (rows that only this term loses), rows (kept by the filters), complete."""
    rows = frame[sample_rows(spec, frame)]
    variables = [spec.outcome, *spec.drivers, *spec.controls]
    variables += [variable for variable in (spec.offset, spec.weights) if variable is not None]
    present = (
        pd.DataFrame(
            {variable.term: variable_values(variable, frame, spec) for variable in variables}
        )
        .loc[rows.index]
        .notna()
    )
    complete = present.all(axis=1)
    table = [
        {
            "term": term,
            "present": int(present[term].sum()),
            "lost_alone": int((~present[term] & present.drop(columns=term).all(axis=1)).sum()),
            "rows": len(rows),
            "complete": int(complete.sum()),
        }
        for term in present
    ]
    return pd.DataFrame(table)


def build_design(spec: ModelSpec, frame: pd.DataFrame) -> Design:
    """The model's arrays from its panel: columns transformed, rows filtered and complete.

    Places left with one row under place effects stay: they carry no information and cost a degree
    of freedom each, on both sides.

    Raises:
        ProjectError: from `check_against`, `variable_values` or `design.check_design`.
    """
    check_against(spec, frame)
    layout = spec.panel
    kept = sample_rows(spec, frame)
    calendar = _Calendar(frame, layout)
    outcome = variable_values(spec.outcome, frame, spec, calendar)
    columns = {
        variable.term: variable_values(variable, frame, spec, calendar)
        for variable in (*spec.drivers, *spec.controls)
    }
    extra = {
        name: None if variable is None else variable_values(variable, frame, spec, calendar)
        for name, variable in (("offset", spec.offset), ("weights", spec.weights))
    }
    everything = pd.DataFrame(columns)
    complete = kept & outcome.notna() & everything.notna().all(axis=1)
    for series in extra.values():
        if series is not None:
            complete &= series.notna()
    rows = frame[complete].sort_values([layout.region, layout.place, layout.year])
    index = rows.index
    notes = []
    regressors: dict[str, Any] = {}
    family = [variable.term for variable in spec.drivers]
    if spec.effects == "within_between":
        codes = rows[layout.place]
        family = []
        for term, series in columns.items():
            values = series.loc[index]
            mean = values.groupby(codes).transform("mean")
            regressors[f"{term} (within)"] = (values - mean).to_numpy()
            regressors[f"{term} (between)"] = mean.to_numpy()
            if term in {variable.term for variable in spec.drivers}:
                family += [f"{term} (within)", f"{term} (between)"]
        notes.append("within and between")
    else:
        regressors = {term: series.loc[index].to_numpy() for term, series in columns.items()}
    offset, weights = extra["offset"], extra["weights"]
    return make_design(
        spec.id,
        outcome.loc[index].to_numpy(),
        regressors,
        place=rows[layout.place].to_numpy(str),
        region=rows[layout.region].to_numpy(str),
        year=rows[layout.year].to_numpy(int),
        fixed_effects=spec.fixed_effects,
        outcome_name=spec.outcome.term,
        estimator=spec.estimator,
        weights=None if weights is None else weights.loc[index].to_numpy(),
        offset=None if offset is None else offset.loc[index].to_numpy(),
        family=family,
        panel=layout.name,
        sample=spec.sample.words,
        notes=notes,
        fewest_clusters=spec.fewest_clusters,
        single_place_clusters=spec.single_place_clusters,
    )


def with_lead(spec: ModelSpec, column: str, lead: int = 1) -> ModelSpec:
    """Placebo: the same model with the driver's value `lead` years ahead added beside its lag."""
    driver = next((variable for variable in spec.drivers if variable.column == column), None)
    if driver is None:
        raise ProjectError(
            f"model {spec.id}: placebo lead of {column!r}, which is not a driver; expected one of "
            f"{', '.join(variable.column for variable in spec.drivers)}"
        )
    ahead = replace(driver, lag=-lead)
    return replace(spec, id=f"{spec.id}__lead_{column}", drivers=(*spec.drivers, ahead))


def with_lag(spec: ModelSpec, lag: int, columns: Iterable[str] | None = None) -> ModelSpec:
    """The same model with another lag of all drivers, or of those named."""
    named = None if columns is None else set(columns)
    drivers = tuple(
        replace(variable, lag=lag) if named is None or variable.column in named else variable
        for variable in spec.drivers
    )
    return replace(spec, id=f"{spec.id}__lag_{lag}".replace("-", "m"), drivers=drivers)
