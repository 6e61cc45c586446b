"""What changed about an item: when there is something to tell, to whom again, and how it reads."""

import json
from dataclasses import asdict

import pytest
from compose_pieces import (
    body,
    choice,
    edition,
    full,
    happening,
    item,
    joined,
    notice,
    plain,
    templates_of,
    utc,
)
from selectolax.lexbor import LexborHTMLParser

from publisher.content.item import EventState, Kind
from publisher.digests.compose import LARGEST, Choice, notice_id, render_notice
from publisher.errors import RenderError
from publisher.render import compile_parts, mark

MOVED, CANCELLED = EventState.MOVED, EventState.CANCELLED


@pytest.fixture
def settings(site):
    return site.settings


def tree(composed):
    return LexborHTMLParser(joined(composed))


def told(settings, *items, blocks=(), **more):
    """Return an edition that tells what changed about these."""
    return edition(settings, *blocks, notices=[notice(settings, one) for one in items], **more)


def moved(language="en", **more):
    return item("fair", language, title="The harbour fair", event=happening(MOVED, **more))


@pytest.mark.parametrize(
    ("what", "is_told"),
    [
        (item(), False),
        (item(event=happening()), False),
        (item(correction="   "), False),
        (item(correction="Three, not four."), True),
        (item(event=happening(MOVED)), True),
        (item(event=happening(CANCELLED)), True),
        (full(), False),
        (full(correction="Three, not four."), True),
    ],
)
def test_there_is_a_notice_where_there_is_something_to_tell(settings, what, is_told):
    assert bool(notice_id(what)) is is_told
    assert (render_notice(templates_of(settings), settings, what) is not None) is is_told


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        # what readers were told, and what the item says now
        (item(correction="Three."), item(correction="Three.", title="Better words"), True),
        (item(correction="Three."), item(correction="Three.", updated=utc("2026-03-09")), True),
        (item(correction="Three."), item(correction="Four."), False),
        (item(correction="Three.", event=happening()), item(correction="Three."), True),
        (moved(), moved(), True),
        (moved(), moved(start="2026-10-08T00:00"), False),
        (moved(), moved(end="2026-10-12T00:00"), False),
        (moved(), moved(place="The old quay"), False),
        (moved(), moved(city="Aden"), False),
        (moved(), item(event=happening(CANCELLED)), False),
        (moved(), item(correction="Three.", event=happening(MOVED)), False),
    ],
)
def test_a_notice_has_another_id_when_there_is_something_else_to_tell(one, other, is_same):
    assert (notice_id(one) == notice_id(other)) is is_same


def test_a_block_remembers_what_it_told(settings):
    corrected = item(correction="Three, not four.")
    assert choice(settings, corrected).block.facts["notice"] == notice_id(corrected)
    assert choice(settings, item()).block.facts["notice"] == ""


def test_a_notice_survives_json(settings):
    made = render_notice(templates_of(settings), settings, moved())
    assert type(made)(**json.loads(json.dumps(asdict(made)))) == made


def test_a_correction_is_told_with_its_title_and_sentence(settings):
    corrected = item(title="The forum", correction="Three, not four.")
    made = told(settings, corrected, blocks=[choice(settings, item("b"))])
    page = tree(made)
    assert page.css_first("[role=main] > table h2").text() == "What changed"
    title = page.css_first("h3 a")
    assert (title.text(), title.attributes["href"]) == ("The forum", corrected.link)
    lines = plain(made).splitlines()
    start = lines.index("What changed:")
    assert [line for line in lines[start:] if line][:5] == [
        "What changed:",
        "The forum",
        "https://example.org/en/mayors/",
        "Correction:",
        "Three, not four.",
    ]
    assert page.css_first("h3").parent.css("p")[-1].text() == "Three, not four."


def test_a_moved_event_is_told_with_its_new_dates_and_place(settings):
    made = told(settings, moved(place="The old quay", city="Aden"))
    shown = tree(made).css_first("h3").parent.text()
    for words in ("This event was moved.", "9–11 October 2026", "The old quay, Aden"):
        assert words in shown
        assert words in plain(made)


def test_a_cancelled_event_is_told_without_dates_and_calendar(settings):
    event = happening(CANCELLED, city="Aden")
    made = told(settings, item(kind=Kind.EVENT, event=event))
    shown = tree(made).css_first("h3").parent.text() + plain(made)
    assert shown.count("This event is cancelled.") == 2
    for words in ("October 2026", "Aden", "Add to calendar"):
        assert words not in shown


def test_what_was_moved_may_also_be_corrected(settings):
    both = item(event=happening(MOVED), correction="The fee is 10.")
    shown = plain(told(settings, both))
    assert shown.index("This event was moved.") < shown.index("The fee is 10.")


def test_notices_stand_before_contents_and_items(settings):
    blocks = [choice(settings, item(f"k{n}")) for n in range(6)]
    made = told(settings, moved(), blocks=blocks)
    for text in (made.html, made.plain):
        assert text.index("What changed") < text.index("The harbour fair")
        assert text.index("The harbour fair") < text.index("In this edition")
        assert text.index("In this edition") < text.rindex("What the mayors said.")


def test_each_notice_has_its_own_language_and_direction(settings):
    made = told(
        settings,
        item("a", "ar", correction="ثلاثة لا أربعة."),
        item("b", correction="Three, not four."),
        language="ar",
    )
    places = [title.parent.attributes for title in tree(made).css("h3")]
    assert [(one["lang"], one["dir"]) for one in places] == [("ar", "rtl"), ("en", "ltr")]
    for place, side in zip(places, ("right", "left"), strict=True):
        assert f"text-align:{side}" in place["style"]
    assert [label.text() for label in tree(made).css("h3 + p")] == ["تصحيح", "Correction"]
    assert "ما الذي تغيّر" in tree(made).css_first("h2").text()


def test_an_edition_may_only_tell_what_changed(settings):
    made = told(settings, item(title="The forum", correction="Three, not four."), moved())
    assert made.subject == "Weekly digest: The forum"
    assert (made.shown, made.notices, made.more) == (0, 2, 0)
    assert "The forum · The harbour fair" in made.html
    assert "In this edition" not in made.html
    assert "more on the site" not in made.html


def test_a_subject_that_only_counts_is_no_subject_for_a_correction(settings):
    weekly = settings.digests["weekly"].model_copy(update={"subject": {"en": "{count} new"}})
    counting = settings.model_copy(update={"digests": {"weekly": weekly}})
    assert told(counting, moved()).subject == "Weekly digest: The harbour fair"
    some = [choice(counting, item())]
    assert told(counting, moved(), blocks=some).subject == "1 new"


def test_items_come_before_changes_in_subject_and_preheader(settings):
    made = told(settings, moved(), blocks=[choice(settings, item(title="Fresh news"))])
    assert made.subject == "Weekly digest: Fresh news"
    hidden = tree(made).css_first("div[style*='display:none']")
    assert hidden.text() == "Fresh news"


def test_notices_count_into_the_size_of_a_mail(settings):
    text = body("word " * 50)
    blocks = [choice(settings, full(key=f"k{n}"), text=text) for n in range(40)]
    changed = [item(f"c{n}", title=f"T{n}", correction="word " * 90) for n in range(30)]
    made = told(settings, *changed, blocks=blocks)
    assert compile_parts(made.html).longest <= LARGEST
    assert made.notices == 30
    assert 0 < made.shown < edition(settings, *blocks).shown
    assert made.shown + made.more == 40
    assert f"{made.more} more on the site" in made.html


def test_more_notices_than_a_mail_holds_are_cut_and_counted(settings):
    changed = [item(f"c{n}", correction="word " * 90) for n in range(150)]
    made = told(settings, *changed, blocks=[choice(settings, item())])
    assert compile_parts(made.html).longest <= LARGEST
    assert 20 < made.notices < 150
    assert (made.shown, made.more) == (0, 151 - made.notices)
    assert made.plain.count("Correction:") == made.notices


def test_a_notice_too_large_for_any_mail_is_named(settings):
    huge = item("huge", link="https://example.org/" + "x" * 120_000, correction="Three.")
    with pytest.raises(RenderError, match=r"one item alone .*\(item huge"):
        told(settings, huge)


def test_without_notices_nothing_is_said_of_changes(settings):
    made = edition(settings, choice(settings, item()))
    assert "What changed" not in made.html + made.plain
    assert made.notices == 0


@pytest.mark.parametrize(
    "evil",
    [
        "</mj-text><mj-raw><script>alert(1)</script></mj-raw>\"'><img src=x onerror=alert(1)>",
        f"see {mark('unsubscribe_url')} and {mark('address')}",
        "one\r\nBcc: all@example.org\x00\x1b\u2028two",
        "safe \u202eexe.fdp\u202c and \u2067never closed",
        "word " * 2000,
        "x" * 10_000,
    ],
)
def test_hostile_corrections_stay_text(settings, evil):
    changed = item(title=evil, correction=evil)
    quiet = told(settings, item(title="T", correction="C"))
    made = told(settings, changed, blocks=[choice(settings, changed)])
    page = tree(made)
    assert page.css("script, [onerror], img") == []
    assert compile_parts(made.subject).names == ()
    assert set(compile_parts(made.html).names) == set(compile_parts(quiet.html).names)
    assert len(made.html) < 40_000
    for text in (joined(made), plain(made), made.subject):
        assert not set(text) & set("\x00\x1b\u2028\u202a\u202b\u202c\u202d\u202e")
        assert sum(map(text.count, "\u2066\u2067\u2068")) == text.count("\u2069")


def test_a_template_s_error_names_the_item(site):
    site.write("templates/email/_notice.txt.j2", "{{ nothing }}")
    with pytest.raises(RenderError, match=r"_notice\.txt\.j2:1: .*\(item fair\)"):
        notice(site.settings, moved())


def test_frozen_blocks_from_before_there_were_notices_still_compose(settings):
    block = choice(settings, full()).block
    facts = {key: value for key, value in block.facts.items() if key != "notice"}
    older = type(block)(**{**asdict(block), "facts": facts})
    assert edition(settings, Choice(older)) == edition(settings, Choice(block))
