"""Models, variables and samples from the YAML tree; every fault is named by file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from karaganda_vibe.inference.design import FEWEST_CLUSTERS
from karaganda_vibe.inference.specs import SAMPLE_KEYS, ModelSpec, PanelLayout, Sample, Variable
from karaganda_vibe.inference.wild_bootstrap import DRAWS, SEED
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
INFERENCE_KEYS = ("draws", "seed", "fewest_clusters", "single_place_clusters")
VARIABLE_KEYS = ("column", "lag", "transform", "name")
PANEL_KEYS = ("place", "region", "year", "kind", "population")
CHOICE_KEYS = (*MODEL_KEYS, "lag", "keep", "drop")
PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class SpecReader:
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
            return self.plain(Variable(node, line=self.line(parent, at)), what, parent, at)
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
        name, line = str(mapping.get("name", "")), self.line(mapping, "column")
        variable = Variable(column, lag, transform, name, line)
        return self.plain(variable, what, mapping, "name" if name else "column")

    def plain(self, variable: Variable, what: str, parent: object, at: object) -> Variable:
        """The variable, if people can type its term in a formula."""
        if PLAIN.fullmatch(variable.term):
            return variable
        raise self.fail(
            parent,
            at,
            f"{what}, column {variable.column}: its term {variable.term!r} cannot be typed in a "
            "formula; expected a letter, then letters, digits and _; give it such a name",
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
            elif key == "trim":
                parts[key] = self.quantiles(value, mapping, key, what)
            else:
                parts[key] = self.words(value, mapping, key, what)
        return Sample(**parts)

    def quantiles(
        self, node: object, parent: CommentedMap, key: str, what: str
    ) -> tuple[float, ...]:
        """Two quantiles of the outcome, the lower first."""
        numbers = isinstance(node, CommentedSeq) and all(
            isinstance(part, int | float) and not isinstance(part, bool) for part in node
        )
        if not isinstance(node, CommentedSeq) or not numbers or len(node) != 2:
            raise self.fail(
                parent, key, f"{what}: {key} is {node!r}; expected [lower, upper] quantiles"
            )
        low, high = float(node[0]), float(node[1])
        if not 0 <= low < high <= 1:
            raise self.fail(
                parent,
                key,
                f"{what}: {key} is [{low:g}, {high:g}]; expected two quantiles from 0 to 1, the "
                "lower first",
            )
        return low, high

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
