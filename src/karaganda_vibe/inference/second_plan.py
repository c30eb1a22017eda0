"""The second plan's list of drivers over time, metadata/models/drivers_second.yml.

Its models are read as those of specs.yml (see `spec_file`). Beside them the file holds

    local_projections: {base: second_core, horizons: [-3, 5]}   # first and last
    trends: {base: second_core}
    interactive_effects: {base: second_core, factors: [1, 2]}
    slopes: {base: second_core, by: old_region}
    verdict: {adjustment, firm_adjusted_p, weak_unadjusted_p, curve_share, placebo_adjusted_p}
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from karaganda_vibe.inference.spec_file import load_specs
from karaganda_vibe.inference.spec_reader import SpecReader
from karaganda_vibe.inference.specs import ModelSpec
from karaganda_vibe.inference.verdicts import VerdictRule
from karaganda_vibe.project.yaml_files import read_yaml

PARTS = {
    "local_projections": ("base", "horizons"),
    "trends": ("base",),
    "interactive_effects": ("base", "factors"),
    "slopes": ("base", "by"),
    "verdict": (
        "adjustment", "firm_adjusted_p", "weak_unadjusted_p", "curve_share", "placebo_adjusted_p",
    ),
}  # fmt: skip
ADJUSTMENTS = ("romano_wolf", "holm")


@dataclass(frozen=True)
class SecondPlan:
    """What the second plan declares of drivers over time.

    Attributes:
        specs: the models by id; base: the id of the model that the checks repeat.
        horizons: years t + h of the outcome in the local projections, -1 left out (there the
            outcome is its own control).
        factors: numbers of factors of the interactive effects.
        slopes_by: column of the panel whose units have slopes of their own.
        rule: thresholds of the verdict; adjustment: the one that the verdict uses.
    """

    specs: dict[str, ModelSpec]
    base: str
    horizons: tuple[int, ...]
    factors: tuple[int, ...]
    slopes_by: str
    rule: VerdictRule
    adjustment: str


def load_second_plan(path: Path) -> SecondPlan:
    """Read the list.

    Raises:
        ProjectError: whatever `load_specs` finds; a part, a key or a base that is missing, unknown
            or out of range; the message names file and line.
    """
    specs = {spec.id: spec for spec in load_specs(path, tuple(PARTS))}
    reader = SpecReader(path)
    top = read_yaml(path)
    nodes = {name: _part(reader, top, name) for name in PARTS}
    bases = {name: node["base"] for name, node in nodes.items() if "base" in node}
    for name, base in bases.items():
        if base not in specs or base != bases["local_projections"]:
            raise reader.fail(
                nodes[name],
                "base",
                f"{name}: base is {base!r}; expected one model of the list for all parts; "
                f"name one of {', '.join(specs)}",
            )
    first, last = _whole(reader, nodes["local_projections"], "horizons", -10, 10, 2)
    if not first < -1 < last:
        raise reader.fail(
            nodes["local_projections"],
            "horizons",
            f"horizons: [{first}, {last}]; expected [first, last] years around -1; correct them",
        )
    factors = _whole(reader, nodes["interactive_effects"], "factors", 1, 5)
    rule = nodes["verdict"]
    if rule["adjustment"] not in ADJUSTMENTS:
        raise reader.fail(
            rule,
            "adjustment",
            f"verdict: adjustment {rule['adjustment']!r}; expected one of {', '.join(ADJUSTMENTS)}",
        )
    for key in PARTS["verdict"][1:]:
        if not isinstance(rule[key], float) or not 0 < rule[key] <= 1:
            raise reader.fail(
                rule, key, f"verdict: {key} is {rule[key]!r}; expected a number above 0, at most 1"
            )
    return SecondPlan(
        specs=specs,
        base=bases["local_projections"],
        horizons=tuple(h for h in range(first, last + 1) if h != -1),
        factors=factors,
        slopes_by=str(nodes["slopes"]["by"]),
        rule=VerdictRule(*(float(rule[key]) for key in PARTS["verdict"][1:])),
        adjustment=str(rule["adjustment"]),
    )


def _part(reader: SpecReader, top: CommentedMap, name: str) -> CommentedMap:
    node = reader.mapping(top.get(name), name, PARTS[name], top, name)
    for key in PARTS[name]:
        if key not in node:
            raise reader.fail(top, name, f"{name}: the key {key} is missing; add it")
    return node


def _whole(
    reader: SpecReader, node: CommentedMap, key: str, low: int, high: int, count: int = 0
) -> tuple[int, ...]:
    """A list of whole numbers within bounds, `count` of them if given."""
    values = node[key]
    right = isinstance(values, CommentedSeq) and all(
        isinstance(value, int) and low <= value <= high for value in values
    )
    if not right or not len(values) or (count and len(values) != count):
        raise reader.fail(
            node,
            key,
            f"{key} is {values!r}; expected a list of {count or 'some'} whole numbers from {low} "
            f"to {high}",
        )
    return tuple(values)
