"""Age groups of the tables from registers: the ends that the study's questions need.

14 to 34 are the young as the statistical office counts them, 17 to 24 those who leave school or a
college; finer groups leave cells of a few persons, which disclosure control takes out again.
"""

from __future__ import annotations

OLDEST = 110
FIRST_AGES = (0, 14, 17, 20, 25, 30, 35, 45, 55, 65)
NO_AGE = -1
LEAVERS = (17, 24)
YOUNG = (14, 34)

LEAVERS_GROUP, OTHERS_GROUP, UNKNOWN_GROUP = "17-24", "others", "unknown"


def last_age(first: int) -> int:
    """The last completed age of the group that begins at `first`."""
    place = FIRST_AGES.index(first)
    return FIRST_AGES[place + 1] - 1 if place + 1 < len(FIRST_AGES) else OLDEST


def group_name(first: int) -> str:
    """The name of a group in tables: 17-19, or unknown."""
    return UNKNOWN_GROUP if first == NO_AGE else f"{first}-{last_age(first)}"


def age_hierarchy() -> dict[str, str]:
    """Each age group → the group of leavers, or that of the others."""
    names = {
        group_name(first): LEAVERS_GROUP
        if LEAVERS[0] <= first and last_age(first) <= LEAVERS[1]
        else OTHERS_GROUP
        for first in FIRST_AGES
    }
    return {**names, UNKNOWN_GROUP: OTHERS_GROUP}
