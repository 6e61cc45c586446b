"""Colours that can be read: contrast, and what a site's accent becomes in the dark.

Source of the arithmetic: WCAG 2.2, relative luminance and contrast ratio.
"""

from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publisher.settings.model import Look

READABLE = 4.5  # least ratio of body text
READABLE_LARGE = 3.0  # least ratio of text from 24 px, or 19 px bold
_STEPS = 200  # shades tried between a colour and black or white


@dataclass(frozen=True, slots=True)
class Palette:
    """Every colour of a message or page, in one scheme."""

    ink: str
    muted: str
    paper: str
    ground: str
    rule: str
    accent: str


@dataclass(frozen=True, slots=True)
class Weakness:
    """Two colours of a palette that cannot be read together, and one near the first that can."""

    scheme: str  # "light" or "dark"
    name: str
    colour: str
    ground: str
    ratio: float
    suggestion: str


_LIGHT = Palette("#1b1f24", "#57606a", "#ffffff", "#f4f5f7", "#d8dde3", "#0b5fa5")
_DARK = Palette("#e8eaed", "#a3adb8", "#15181c", "#0e1013", "#2c323a", "#7ab8f5")


def light(look: "Look") -> Palette:
    """Return the colours of the light scheme: the site's, and ours where it says nothing."""
    return Palette(look.ink, _LIGHT.muted, look.paper, _LIGHT.ground, _LIGHT.rule, look.accent)


def dark(look: "Look") -> Palette:
    """Return the colours of the dark scheme; a site's own accent is lightened till it reads."""
    accent = _DARK.accent
    if look.accent != _LIGHT.accent:
        accent = near(look.accent, _DARK.paper)
    return Palette(_DARK.ink, _DARK.muted, _DARK.paper, _DARK.ground, _DARK.rule, accent)


def contrast(text: str, ground: str) -> float:
    """Return the contrast ratio of two colours "#rrggbb": 1 (none) to 21 (black on white)."""
    bright, dim = sorted((_luminance(text), _luminance(ground)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def near(colour: str, ground: str, least: float = READABLE) -> str:
    """Return the colour nearest to one, of its own hue, that can be read on a ground."""
    if contrast(colour, ground) >= least:
        return colour
    hue, lightness, saturation = rgb_to_hls(*_channels(colour))
    best, distance = "#000000" if _luminance(ground) > 0.18 else "#ffffff", 2.0
    for step in range(_STEPS + 1):
        wanted = step / _STEPS
        candidate = _hex(hls_to_rgb(hue, wanted, saturation))
        if abs(wanted - lightness) < distance and contrast(candidate, ground) >= least:
            best, distance = candidate, abs(wanted - lightness)
    return best


def weaknesses(look: "Look") -> list[Weakness]:
    """Return every pair of text and ground that is too faint, in both schemes."""
    found = []
    for scheme, palette in (("light", light(look)), ("dark", dark(look))):
        for name in ("ink", "muted", "accent"):
            colour = getattr(palette, name)
            for ground in dict.fromkeys((palette.paper, palette.ground)):
                ratio = contrast(colour, ground)
                if ratio < READABLE:
                    better = near(colour, ground)
                    found.append(Weakness(scheme, name, colour, ground, round(ratio, 2), better))
    return found


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(channels: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in channels)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _channels(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
