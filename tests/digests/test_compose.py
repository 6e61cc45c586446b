import re

import pytest
from compose_pieces import VALUES, body, choice, edition, full, item, joined, plain, utc

from publisher.content.item import EventState
from publisher.digests.compose import LARGEST
from publisher.errors import RenderError
from publisher.render import compile_parts, mark

MARKS_OF_A_MAIL = {"unsubscribe_url", "preferences_url", "address", "since"}


def many(settings, count, size=260):
    text = body("word " * (size // 5))
    return [
        choice(settings, full(key=f"k{n}", title=f"Title {n}"), text=text) for n in range(count)
    ]


def test_html_and_text_hold_every_mark_and_nothing_unsplit(site):
    made = edition(site.settings, choice(site.settings, full()))
    assert set(compile_parts(made.html).names) == MARKS_OF_A_MAIL
    assert set(compile_parts(made.plain).names) == MARKS_OF_A_MAIL
    assert "q7d1f9" not in joined(made)


def test_the_same_facts_make_the_same_bytes(site):
    settings = site.settings
    assert edition(settings, choice(settings, full())) == edition(
        settings, choice(settings, full())
    )


def test_pinned_items_come_first_and_with_a_wide_picture(site):
    settings = site.settings
    made = edition(
        settings,
        choice(settings, item("a", title="Alpha")),
        choice(settings, full(key="b", title="Beta"), pinned=True),
    )
    assert made.html.index("Beta</a>") < made.html.index("Alpha</a>")
    assert 'width="552"' in made.html
    assert made.subject == "Weekly digest: Beta"


def test_other_pictures_are_small_and_stand_at_the_start_side(site):
    settings = site.settings
    english = edition(settings, choice(settings, full())).html
    arabic = edition(settings, choice(settings, full("ar")), language="ar").html
    assert re.search(r'<img [^>]*width="96" align="left"', english)
    assert re.search(r'<img [^>]*width="96" align="right"', arabic)


def test_a_tall_picture_is_left_out_unless_pinned(site):
    settings = site.settings
    tall = full(image=full().image.__class__("https://e.org/t.png", "Tall", 600, 1200))
    assert "t.png" not in edition(settings, choice(settings, tall)).html
    assert "t.png" in edition(settings, choice(settings, tall, pinned=True)).html


def test_contents_are_listed_from_six_items_on(site):
    settings = site.settings
    five, six = (edition(settings, *many(settings, n)) for n in (5, 6))
    assert "In this edition" not in five.html + five.plain
    assert "In this edition" in six.html
    assert "In this edition" in six.plain


def test_an_item_says_all_it_has(site):
    settings = site.settings
    others = [item(language=tag) for tag in ("en", "fr")]
    html = edition(settings, choice(settings, full("ar"), others=others), language="ar").html
    for words in (
        "تقرير عن فعالية",
        "1 مارس 2026",
        "3 دقائق",
        "<bdi>Lina Haddad</bdi>، <bdi>عمر سعيد</bdi>",
        "19–21 سبتمبر 2023",
        "<bdi>Gracie Mansion</bdi>، <bdi>New York</bdi>، <bdi>United States</bdi>",
        "<bdi>PDF</bdi>، <bdi>2.4 ميغابايت</bdi>",
        "شاهد الفيديو",
        'lang="fr" dir="ltr" hreflang="fr" href="https://example.org/fr/mayors/"',
        "تُرجم هذا النص آليا.",
        'href="https://example.org/en/mayors/"',
        'href="mailto:web@example.org?subject=%D8%AE',
    ):
        assert words in html, words


def test_without_an_address_for_them_nobody_is_asked_to_report_errors(site):
    settings = site.settings
    quiet = settings.model_copy(
        update={"site": settings.site.model_copy(update={"report_translation_errors_to": ""})}
    )
    html = edition(quiet, choice(quiet, full())).html
    assert "translated by a machine" in html
    assert "Report an error" not in html


def test_an_error_report_may_go_to_a_page(site):
    settings = site.settings
    page = settings.model_copy(
        update={
            "site": settings.site.model_copy(
                update={"report_translation_errors_to": "https://example.org/report"}
            )
        }
    )
    assert 'href="https://example.org/report"' in edition(page, choice(page, full())).html


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (EventState.CANCELLED, "This event is cancelled."),
        (EventState.MOVED, "This event was moved."),
    ],
)
def test_a_change_of_an_event_is_said_before_its_dates(site, state, words):
    settings, event = site.settings, full().event
    changed = full(event=type(event)(event.start, event.end, True, state=state))
    made = edition(settings, choice(settings, changed))
    assert made.html.index(words) < made.html.index("19–21 September 2023")
    assert words in made.plain


def test_fallback_is_said_in_the_reader_s_language(site):
    settings = site.settings
    made = edition(settings, choice(settings, item(), fallback=True), language="ar")
    assert "غير متاح بلغتك بعد." in made.html
    assert "غير متاح بلغتك بعد." in made.plain


def test_a_summary_is_cut_to_four_lines(site):
    settings = site.settings
    made = choice(settings, item(), text=body("word " * 100))
    assert len(made.block.facts["summary"]) <= 260
    assert made.block.facts["summary"].endswith("word…")


def test_the_text_part_reads_by_itself(site):
    settings = site.settings
    made = edition(
        settings,
        choice(settings, full(), others=[item(language="fr")]),
        choice(settings, item("b")),
    )
    lines = plain(made).splitlines()
    for line in (
        "1. The mayors met",
        "https://example.org/en/mayors/",
        "Event report · 1 March 2026 · 3 minutes · Lina Haddad, عمر سعيد",
        "When: 19–21 September 2023",
        "Where: Gracie Mansion, New York, United States",
        "- A guide (PDF, 2.4 MB)",
        "https://example.org/guide.pdf",
        "Also in: Français",
        "2. The mayors met",
        "Unsubscribe:",
        "https://news.example.org/u/TOKEN",
        "https://news.example.org/archive/weekly/2026-03-03T07:00/en",
        "1 Example Street, Exampleton",
    ):
        assert line in lines, line
    assert "<" not in plain(made)
    assert "You get this because reader@example.net" in plain(made).replace("\n", " ")


def test_lines_of_arabic_text_that_begin_with_latin_carry_a_mark(site):
    settings = site.settings
    made = choice(settings, full("ar", title="COP دعوة"))
    assert made.block.plain.startswith("\u200fCOP دعوة")


def test_the_footer_says_why_and_how_to_leave(site):
    html = joined(edition(site.settings, choice(site.settings, item())))
    assert "<bdi>reader@example.net</bdi>" in html
    for link in (
        "https://news.example.org/u/TOKEN",
        "https://news.example.org/preferences/TOKEN",
        "https://news.example.org/archive/weekly/2026-03-03T07:00/en",
        "https://news.example.org/subscribe",
    ):
        assert f'href="{link}"' in html
    assert "1 Example Street, Exampleton" in html


def test_no_person_is_in_the_archive_s_address_or_in_what_is_shared(site):
    made = edition(site.settings, choice(site.settings, item()))
    for link in re.findall(r'href="([^"]+)"', made.html):
        if "archive" in link or "wa.me" in link or "facebook" in link:
            assert compile_parts(link).names == ()


def test_shares_lead_to_the_edition_or_in_a_preview_to_the_site(site):
    settings = site.settings
    real = edition(settings, choice(settings, item())).html
    seen = edition(settings, choice(settings, item()), edition_id=None).html
    assert "sharer.php?u=https%3A%2F%2Fnews.example.org%2Farchive%2Fweekly" in real
    assert 'sharer.php?u=https%3A%2F%2Fexample.org"' in seen


def test_only_the_shares_of_the_settings_stand_in_it(site):
    settings = site.settings
    bare = settings.model_copy(update={"look": settings.look.model_copy(update={"share": ["x"]})})
    html = edition(bare, choice(bare, item())).html
    assert "x.com/intent" in html
    assert "wa.me" not in html
    none = settings.model_copy(update={"look": settings.look.model_copy(update={"share": []})})
    assert "Share:" not in edition(none, choice(none, item())).html


def test_a_slot_with_a_zone_is_told_in_the_site_s(site):
    settings = site.settings
    late = utc("2026-06-30T23:30")  # 00:30 on the first of July in London
    made = edition(settings, choice(settings, item()), slot=late)
    assert "1 July 2026" in made.html
    assert "/archive/weekly/2026-07-01T00:30/en" in made.html


def test_a_test_message_says_so_everywhere(site):
    settings = site.settings
    made = edition(settings, choice(settings, item()), is_test=True)
    assert made.subject.startswith("Test: ")
    assert "This is a test message." in made.html
    assert "This is a test message." in made.plain
    assert "test message" not in edition(settings, choice(settings, item())).html


def test_html_stays_under_the_size_at_which_gmail_clips(site):
    settings = site.settings
    choices = many(settings, 60)
    made = edition(settings, *choices)
    assert compile_parts(made.html).longest <= LARGEST
    assert made.more > 0
    assert made.shown + made.more == 60
    assert made.shown > 20
    one_more = edition(settings, *choices[: made.shown + 1])
    assert one_more.shown <= made.shown + 1
    assert f"{made.more} more on the site" in made.html
    assert f"{made.more} more on the site" in made.plain
    assert made.plain.count("----") == made.shown + 1
    assert len(joined(made).encode()) <= LARGEST


def test_the_gate_counts_the_longest_values_a_reader_can_have(site):
    made = edition(site.settings, choice(site.settings, item()))
    longest = dict.fromkeys(VALUES, "x" * 300)
    spliced = compile_parts(made.html).join(longest, is_html=True)
    assert len(spliced.encode()) == compile_parts(made.html).longest


def test_an_item_too_large_for_any_mail_is_named(site):
    settings = site.settings
    huge = item("huge", link="https://example.org/" + "x" * 120_000)
    with pytest.raises(
        RenderError, match=r"one item alone takes more than 102,000 bytes \(item huge"
    ):
        edition(settings, choice(settings, huge))


def test_a_title_of_a_megabyte_is_shortened(site):
    settings = site.settings
    made = edition(settings, choice(settings, item(title="a" * 1_000_000)))
    assert made.shown == 1
    assert len(made.subject) <= 100


def test_an_edition_without_items_is_an_error(site):
    with pytest.raises(RenderError, match="at least one item"):
        edition(site.settings)


def test_author_text_cannot_be_spliced(site):
    settings = site.settings
    sly = item(title=f"Hello {mark('address')}", summary=f"{mark('unsubscribe_url')}")
    made = edition(settings, choice(settings, sly))
    assert compile_parts(made.subject).names == ()
    quiet = edition(settings, choice(settings, item()))
    assert compile_parts(made.html).names == compile_parts(quiet.html).names


def test_a_template_s_error_names_the_item(site):
    site.write("templates/email/_item.html.j2", "{{ nothing }}")
    with pytest.raises(RenderError, match=r"_item\.html\.j2:1: .*\(item mayors\)") as caught:
        choice(site.settings, item())
    assert caught.value.item_key == "mayors"


def test_a_site_may_change_one_part_of_the_mail(site):
    site.write("templates/email/_masthead.html.j2", "<h1>Our own head</h1>")
    assert "Our own head" in edition(site.settings, choice(site.settings, item())).html
