"""The list of models, metadata/models/specs.yml: its schema, its reading, its curves unfolded.

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
          - {column: wage, lag: 1, transform: log}               # term: log_wage_lag1
          - {column: housing_commissioned_m2, lag: 1, transform: per_1000, name: floor_space}
        controls: []              # like drivers, outside the family
        fixed_effects: [place, year]    # any of place, region, year, region_year
        sample:                   # every filter optional
          years: [2001, 2023]     # first and last
          exclude_years: [2018, 2020]
          kinds: [district]       # or exclude_kinds
          regions: [KZ-55]        # or exclude_regions
          exclude_places: [x]     # or places
          least_population: 5000
          require: [column, ...]  # rows must also hold these columns (a common sample)
          trim: [0.01, 0.99]      # rows whose outcome lies between these quantiles of it
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
twice, as its deviation from the place's mean over the sample (wage_within) and as that mean
(wage_between); fixed effects must then leave out place. Only the between terms compare places. A
control that never changes in any place enters as its mean alone. See `within_between`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, LineCol
from ruamel.yaml.error import MarkedYAMLError

from karaganda_vibe.inference.spec_reader import CHOICE_KEYS, MODEL_KEYS, PANEL_KEYS, SpecReader
from karaganda_vibe.inference.specs import ModelSpec, PanelLayout
from karaganda_vibe.project.errors import ProjectError


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
    reader: SpecReader,
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


def load_specs(path: Path, beside: Sequence[str] = ()) -> list[ModelSpec]:
    """Every model of the file in its order, curves unfolded at the end.

    Args:
        beside: further keys that the file may hold beside its models, read by somebody else.

    Raises:
        ProjectError: the file is missing or not YAML; an unknown or missing key, a value out of
            range, an id used twice; the message names file, line and model.
    """
    reader = SpecReader(path)
    if not path.exists():
        raise ProjectError(f"{reader.file} is missing; expected the list of models; restore it")
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        problem = " ".join(str(error.problem or error.context).split())
        raise ProjectError(f"{reader.file}, line {line}: not valid YAML: {problem}") from None
    keys = ("panels", "defaults", "models", "curves", *beside)
    top = reader.mapping(tree, "the list of models", keys)
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
