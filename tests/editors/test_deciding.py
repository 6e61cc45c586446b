"""What an editor's links do, when, and when no more."""

from datetime import timedelta

import pytest

from publisher.digests import Standing
from publisher.errors import TokenForged
from publisher.tokens import make
from tests.editors.conftest import SLOT, Office

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def proofed(office: Office, approve: str = "auto") -> tuple[str, str]:
    """An edition whose proof was sent; returns the tokens that approve and hold it."""
    office.configure('at = "Tue 07:00"', f'at = "Tue 07:00"\napprove = "{approve}"')
    office.site.item("a.en.md", "A")
    office.begin(("a", "en"))
    office.at(SLOT - HOUR).tell_editors()
    approving, holding = office.links("Proof")
    return approving, holding


def test_an_editor_holds_and_another_look_changes_nothing(office):
    approving, holding = proofed(office)
    app = office.at(SLOT - HOUR)
    assert app.read_proof(holding).can_act
    assert app.read_proof(holding).standing is Standing.COMING
    assert not app.read_proof(approving).can_act
    assert app.decide_by_link(holding).standing is Standing.HELD
    assert app.decide_by_link(holding).standing is Standing.HELD
    assert not app.read_proof(holding).can_act
    late = office.at(SLOT + MINUTE)
    assert late.send().report.sent == 0
    assert late.read_proof(approving).standing is Standing.HELD


def test_what_was_held_goes_out_once_approved_before_its_hour_or_after(office):
    approving, holding = proofed(office)
    app = office.at(SLOT - HOUR)
    app.decide_by_link(holding)
    assert app.decide_by_link(approving).standing is Standing.APPROVED
    app.decide_by_link(holding)
    late = office.at(SLOT + MINUTE)
    late.send()
    assert late.decide_by_link(approving).standing is Standing.GOING
    assert late.send().report.sent == 1
    assert late.decide_by_link(holding).standing is Standing.SENT


def test_a_draft_waits_for_the_link(office):
    approving, _ = proofed(office, "editor")
    late = office.at(SLOT + MINUTE)
    assert late.send().report.sent == 0
    assert late.decide_by_link(approving).standing is Standing.GOING
    assert late.send().report.sent == 1


def test_a_draft_that_was_held_is_approved_at_one_go(small_office):
    approving, holding = proofed(small_office, "editor")
    late = small_office.at(SLOT + MINUTE)
    late.send()
    assert late.decide_by_link(holding).standing is Standing.HELD
    assert late.decide_by_link(approving).standing is Standing.GOING
    assert late.send().report.sent == 1


def test_a_link_ends_when_its_edition_has_closed(small_office):
    approving, holding = proofed(small_office)
    late = small_office.at(SLOT + MINUTE)
    late.send()
    for token in (approving, holding):
        assert late.decide_by_link(token).standing is Standing.SENT
        assert not late.read_proof(token).can_act
        assert late.read_proof(token).others == {}


def test_an_edition_held_for_its_size_is_let_go_by_its_report(small_office):
    small_office.configure('at = "Tue 07:00"', 'at = "Tue 07:00"\nmost = 1')
    for name in "ab":
        small_office.site.item(f"{name}.en.md", name)
    small_office.begin(("a", "en"))
    late = small_office.at(SLOT + MINUTE)
    late.send()
    late.tell_editors()
    approving, calling_off = small_office.links("Held")
    assert late.read_proof(calling_off).act == "cancel"
    assert late.read_proof(approving).standing is Standing.TOO_LARGE
    assert late.decide_by_link(approving).standing is Standing.GOING
    assert late.send().report.sent == 1


def test_a_link_of_who_is_no_editor_any_more_is_none(small_office):
    _, holding = proofed(small_office)
    small_office.configure(editors='\n[editors]\naddresses = ["Jo@example.org"]\n')
    with pytest.raises(TokenForged):
        small_office.at(SLOT - HOUR).decide_by_link(holding)


def test_a_link_of_an_edition_that_will_not_be_says_so(small_office):
    _, holding = proofed(small_office)
    small_office.configure('at = "Tue 07:00"', 'at = "Wed 07:00"')
    assert small_office.at(SLOT - HOUR).decide_by_link(holding).standing is Standing.GONE
    small_office.configure("[digests.weekly]", "[digests.other]")
    proof = small_office.at(SLOT - HOUR).decide_by_link(holding)
    assert (proof.standing, proof.digest, proof.titles) == (Standing.GONE, "weekly", {})


@pytest.mark.parametrize("purpose", ["unsubscribe", "preferences"])
def test_links_of_readers_decide_nothing(small_office, purpose):
    proofed(small_office)
    app = small_office.at(SLOT - HOUR)
    with pytest.raises(TokenForged):
        app.read_proof(make(app.keys, purpose, "x", "weekly"))
    with pytest.raises(TokenForged):
        app.read_proof("")


def test_a_machine_without_content_decides_too(site, shared_url):
    office = Office(site, f'\n[database]\nurl = "{shared_url}"\n')
    approving, holding = proofed(office, "editor")
    late = office.at(SLOT + MINUTE)
    late.send()
    (site.root / "content").rename(site.root / "elsewhere")
    assert late.decide_by_link(holding).standing is Standing.HELD
    assert late.decide_by_link(approving).standing is Standing.GOING
    office.close()
