from itertools import product

import pytest

from publisher.render import contrast, weaknesses
from publisher.render.colours import READABLE, dark, light, near
from publisher.settings.model import Look


def test_contrast_goes_from_one_to_twenty_one():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == pytest.approx(1)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("palette", [light(Look()), dark(Look())], ids=["light", "dark"])
def test_every_pair_of_text_and_ground_can_be_read(palette):
    for text, ground in product(
        (palette.ink, palette.muted, palette.accent), (palette.paper, palette.ground)
    ):
        assert contrast(text, ground) >= READABLE, (text, ground)


def test_the_usual_look_has_no_weakness():
    assert weaknesses(Look()) == []


def test_a_faint_accent_is_named_with_its_ratio_and_a_near_colour_that_passes():
    found = [one for one in weaknesses(Look(accent="#ffcc00")) if one.ground == "#ffffff"]
    assert [(one.scheme, one.name, one.ratio) for one in found] == [("light", "accent", 1.51)]
    assert contrast(found[0].suggestion, "#ffffff") >= READABLE


@pytest.mark.parametrize("accent", ["#0b5fa5", "#7a0019", "#004d00", "#111111", "#ffcc00"])
def test_a_site_s_accent_can_be_read_in_the_dark(accent):
    palette = dark(Look(accent=accent))
    assert contrast(palette.accent, palette.paper) >= READABLE


def test_a_near_colour_keeps_its_hue():
    red, green, blue = (int(near("#ff8080", "#ffffff")[at : at + 2], 16) for at in (1, 3, 5))
    assert red > green == blue


def test_a_colour_that_passes_is_left_alone():
    assert near("#0b5fa5", "#ffffff") == "#0b5fa5"
