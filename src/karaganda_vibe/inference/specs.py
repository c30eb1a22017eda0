"""What a model of the study is: its panel, outcome, drivers, sample, and how it is inferred.

`spec_file` reads models from metadata/models/specs.yml, `panel_design` builds their arrays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from karaganda_vibe.inference.design import FEWEST_CLUSTERS
from karaganda_vibe.inference.wild_bootstrap import DRAWS, SEED
from karaganda_vibe.project.errors import ProjectError

SAMPLE_KEYS = (
    "years", "exclude_years", "kinds", "exclude_kinds", "regions", "exclude_regions", "places",
    "exclude_places", "least_population", "require", "trim",
)  # fmt: skip


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
        """Name of the term in tables and formulas, for example log_wage_lag1."""
        words = {
            "none": self.column,
            "log": f"log_{self.column}",
            "per_1000": f"{self.column}_per_1000",
            "log_per_1000": f"log_{self.column}_per_1000",
            "change": f"change_of_{self.column}",
        }
        text = self.name or words[self.transform]
        if self.name and self.lag >= 0:
            return text
        when = f"_lag{self.lag}" if self.lag > 0 else f"_lead{-self.lag}"
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
    trim: tuple[float, ...] = ()

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
        if self.trim:
            low, high = self.trim
            parts.append(f"outcome between its quantiles {low:g} and {high:g}")
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
