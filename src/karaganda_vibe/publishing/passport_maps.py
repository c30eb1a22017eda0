"""What the maps of the passports say: each place's mean of its last three published years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from karaganda_vibe.figures.outline_map import Place, Rings, where_it_lies
from karaganda_vibe.findings.passports import Passport
from karaganda_vibe.places.place_names import spoken
from karaganda_vibe.publishing.passport_writer import Writer


def map_places(
    passports: Sequence[Passport], regions: Mapping[str, str], writer: Writer
) -> dict[str, Place]:
    """What a map says of each place, by place_id: the mean of its last three published years."""
    say, language, places = writer.say, writer.language, {}
    for passport in passports:
        name, recent = passport.names[language], passport.recent
        words = {"place": spoken(name, language), "region": regions[passport.region]}
        number = say("none")
        if recent is None:
            text = say("map_tile_none", **words)
        else:
            number = writer.number(recent.rate, "signed_per_1000")
            years = {"first_year": recent.first_year, "last_year": recent.last_year}
            text = say("map_tile", rate=number, **years, **words)
        address = f"{passport.place_id}.html"
        places[passport.place_id] = Place(
            None if recent is None else recent.rate, address, text, name, number
        )
    return places


def where(
    passport: Passport, places: Mapping[str, Place], outlines: Rings, writer: Writer
) -> dict[str, str]:
    """The map on which the place stands out: title, alt, svg."""
    say = writer.say
    alt = say("where_alt", place=spoken(passport.names[writer.language], writer.language))
    ends = (say("losses"), say("gains"))
    svg = where_it_lies(
        outlines,
        places,
        passport.place_id,
        alt,
        ends,
        lambda value: writer.number(value, "signed_per_1000_0"),
    )
    return {"title": say("where_title"), "alt": alt, "svg": svg}
