"""What an editor's links do, when, and when no more."""

from datetime import timedelta

import pytest

from publisher.app import sending
from publisher.app.editing import decide_by_link, read_proof, tell_editors
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
    tell_editors(office.at(SLOT - HOUR))
    approving, holding = office.links("Proof")
    return approving, holding


def test_an_editor_holds_and_another_look_changes_nothing(office):
    approving, holding = proofed(office)
    app = office.at(SLOT - HOUR)
    assert read_proof(app, holding).can_act
    assert read_proof(app, holding).standing is Standing.COMING
    assert not read_proof(app, approving).can_act
    assert decide_by_link(app, holding).standing is Standing.HELD
    assert decide_by_link(app, holding).standing is Standing.HELD
    assert not read_proof(app, holding).can_act
    late = office.at(SLOT + MINUTE)
    assert sending.send(late).report.sent == 0
    assert read_proof(late, approving).standing is Standing.HELD


def test_what_was_held_goes_out_once_approved_before_its_hour_or_after(office):
    approving, holding = proofed(office)
    app = office.at(SLOT - HOUR)
    decide_by_link(app, holding)
    assert decide_by_link(app, approving).standing is Standing.APPROVED
    decide_by_link(app, holding)
    late = office.at(SLOT + MINUTE)
    sending.send(late)
    assert decide_by_link(late, approving).standing is Standing.GOING
    assert sending.send(late).report.sent == 1
    assert decide_by_link(late, holding).standing is Standing.SENT


def test_a_draft_waits_for_the_link(office):
    approving, _ = proofed(office, "editor")
    late = office.at(SLOT + MINUTE)
    assert sending.send(late).report.sent == 0
    assert decide_by_link(late, approving).standing is Standing.GOING
    assert sending.send(late).report.sent == 1


def test_a_draft_that_was_held_is_approved_at_one_go(small_office):
    approving, holding = proofed(small_office, "editor")
    late = small_office.at(SLOT + MINUTE)
    sending.send(late)
    assert decide_by_link(late, holding).standing is Standing.HELD
    assert decide_by_link(late, approving).standing is Standing.GOING
    assert sending.send(late).report.sent == 1


def test_a_link_ends_when_its_edition_has_closed(small_office):
    approving, holding = proofed(small_office)
    late = small_office.at(SLOT + MINUTE)
    sending.send(late)
    for token in (approving, holding):
        assert decide_by_link(late, token).standing is Standing.SENT
        assert not read_proof(late, token).can_act
        assert read_proof(late, token).others == {}


def test_an_edition_held_for_its_size_is_let_go_by_its_report(small_office):
    small_office.configure('at = "Tue 07:00"', 'at = "Tue 07:00"\nmost = 1')
    for name in "ab":
        small_office.site.item(f"{name}.en.md", name)
    small_office.begin(("a", "en"))
    late = small_office.at(SLOT + MINUTE)
    sending.send(late)
    tell_editors(late)
    approving, calling_off = small_office.links("Held")
    assert read_proof(late, calling_off).act == "cancel"
    assert read_proof(late, approving).standing is Standing.TOO_LARGE
    assert decide_by_link(late, approving).standing is Standing.GOING
    assert sending.send(late).report.sent == 1


def test_a_link_of_who_is_no_editor_any_more_is_none(small_office):
    _, holding = proofed(small_office)
    small_office.configure(editors='\n[editors]\naddresses = ["Jo@example.org"]\n')
    with pytest.raises(TokenForged):
        decide_by_link(small_office.at(SLOT - HOUR), holding)


def test_a_link_of_an_edition_that_will_not_be_says_so(small_office):
    _, holding = proofed(small_office)
    small_office.configure('at = "Tue 07:00"', 'at = "Wed 07:00"')
    assert decide_by_link(small_office.at(SLOT - HOUR), holding).standing is Standing.GONE
    small_office.configure("[digests.weekly]", "[digests.other]")
    proof = decide_by_link(small_office.at(SLOT - HOUR), holding)
    assert (proof.standing, proof.digest, proof.titles) == (Standing.GONE, "weekly", {})


def test_a_draft_of_a_digest_that_was_taken_out_of_the_settings_cannot_be_decided(small_office):
    approving, holding = proofed(small_office, "editor")
    sending.send(small_office.at(SLOT + MINUTE))
    small_office.configure("[digests.weekly]", "[digests.other]")
    app = small_office.at(SLOT + MINUTE)
    for token in (approving, holding):
        assert read_proof(app, token).standing is Standing.GONE
        assert decide_by_link(app, token).standing is Standing.GONE


@pytest.mark.parametrize("purpose", ["unsubscribe", "preferences"])
def test_links_of_readers_decide_nothing(small_office, purpose):
    proofed(small_office)
    app = small_office.at(SLOT - HOUR)
    with pytest.raises(TokenForged):
        read_proof(app, make(app.keys, purpose, "x", "weekly"))
    with pytest.raises(TokenForged):
        read_proof(app, "")


def test_a_machine_without_content_decides_too(site, shared_url):
    office = Office(site, f'\n[database]\nurl = "{shared_url}"\n')
    approving, holding = proofed(office, "editor")
    late = office.at(SLOT + MINUTE)
    sending.send(late)
    (site.root / "content").rename(site.root / "elsewhere")
    assert decide_by_link(late, holding).standing is Standing.HELD
    assert decide_by_link(late, approving).standing is Standing.GOING
    office.close()
