"""A figure as one picture that can be passed on: headline, subtitle, drawing and source."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from karaganda_vibe.figures.style import INK, MUTED
from karaganda_vibe.project.paths import THEME

MARGIN = 0.03
"""Around the texts, as a part of the drawing's width; sizes of letters below as well."""
HEADLINE, SUBTITLE, SOURCE = 0.032, 0.022, 0.0155
_LINE = 1.35  # height of a line in heights of its letters
_PAPER = "white"


def figure_card(drawing: Path, headline: str, subtitle: str, source: str) -> bytes:
    """A PNG as wide as the PNG `drawing`, with the texts above and below it.

    A picture that leaves its page keeps what it says, of what, and who published the figures.
    """
    with Image.open(drawing) as opened:
        rgba = opened.convert("RGBA")
    width = rgba.width
    above = [
        *_lines(headline, "Bold", HEADLINE, INK, width),
        *_lines(subtitle, "Regular", SUBTITLE, MUTED, width),
    ]
    below = _lines(source, "Regular", SOURCE, MUTED, width)
    margin = round(MARGIN * width)
    top = margin + sum(height for *_, height in above) + margin // 2
    tall = top + rgba.height + margin // 2 + sum(height for *_, height in below) + margin
    card = Image.new("RGB", (width, tall), _PAPER)
    card.paste(rgba, (0, top), rgba)
    _write(card, above, margin)
    _write(card, below, top + rgba.height + margin // 2)
    stream = BytesIO()
    card.save(stream, "PNG", compress_level=4)
    return stream.getvalue()


_Line = tuple[str, ImageFont.FreeTypeFont, str, int]
"""A line of text, its font, colour and height in pixels."""


def _lines(text: str, weight: str, size: float, colour: str, width: int) -> list[_Line]:
    """`text` broken between words so that each line fits between the margins."""
    font = _font(weight, round(size * width))
    room = width - 2 * round(MARGIN * width)
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    height = round(size * width * _LINE)
    return [(line, font, colour, height) for line in lines]


@cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    # The basic layout is the same with and without the optional library of complex scripts.
    path = THEME / "fonts" / f"Inter-{weight}.ttf"
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def _write(card: Image.Image, lines: list[_Line], top: int) -> None:
    draw = ImageDraw.Draw(card)
    for line, font, colour, height in lines:
        draw.text((round(MARGIN * card.width), top), line, fill=colour, font=font)
        top += height
