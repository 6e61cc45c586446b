from datetime import timedelta
from hashlib import sha256

import pytest

from publisher.feeds import is_current

PDF = b"%PDF-1.4 report"


def place(data, name):
    return f"files/{sha256(data).hexdigest()[:16]}/{name}"


@pytest.fixture
def shared(built):
    """A site with an item that offers a file and shows a picture."""
    built.write("content/files/report.pdf", PDF)
    built.write("content/view.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    built.item(
        "a.en.md", "A", body="![A view](view.svg)", downloads="[{file: files/report.pdf, title: R}]"
    )
    built.build()
    return built


def test_files_of_published_items_lie_beside_the_feeds(shared):
    url = shared.json("en/all.json")["items"][0]["attachments"][0]["url"]
    path = place(PDF, "report.pdf")
    assert url == f"https://news.example.org/feeds/{path}"
    assert shared.read(path) == PDF
    assert shared.json("en/all.json")["items"][0]["attachments"][0]["size_in_bytes"] == len(PDF)
    assert len(list((shared.feeds / "files").rglob("view.svg"))) == 1


@pytest.mark.parametrize("facts", [{"status": "draft"}, {"status": "hold"}, {"date": "2026-05-01"}])
def test_files_of_what_is_not_published_are_never_there(built, facts):
    built.write("content/secret.pdf", PDF)
    built.item("a.en.md", "A", downloads="[secret.pdf]", **facts)
    built.item("b.en.md", "B")
    built.build()
    assert not (built.feeds / "files").exists()


def test_a_file_goes_at_once_when_its_item_is_withdrawn(shared):
    shared.item("a.en.md", "A", status="draft", downloads="[files/report.pdf]")
    report = shared.build()
    assert place(PDF, "report.pdf") in report.removed
    assert not list((shared.feeds / "files").rglob("*"))


def test_a_replaced_file_stays_for_thirty_days(shared):
    shared.write("content/files/report.pdf", b"new")
    assert shared.build().removed == ()
    assert shared.read(place(PDF, "report.pdf")) == PDF
    assert shared.read(place(b"new", "report.pdf")) == b"new"
    assert shared.build(now=shared.now + timedelta(days=29)).removed == ()
    assert shared.build(now=shared.now + timedelta(days=31)).removed == (place(PDF, "report.pdf"),)


def test_a_copy_is_published_and_not_the_editors_own_file(shared):
    with (shared.site.root / "content/files/report.pdf").open("ab") as file:
        file.write(b"half written")
    assert shared.read(place(PDF, "report.pdf")) == PDF


def test_files_stay_when_a_site_serves_them_itself(built):
    toml = (built.site.root / "publisher.toml").read_text(encoding="utf-8")
    built.site.configure(
        toml.replace("languages =", 'files_url = "https://files.example.org"\nlanguages =')
    )
    built.write("content/report.pdf", PDF)
    built.item("a.en.md", "A", downloads="[report.pdf]")
    built.build()
    assert not (built.feeds / "files").exists()


def test_a_picture_of_a_text_that_changed_is_noticed(shared):
    shared.write("content/view.svg", b"<svg xmlns='http://www.w3.org/2000/svg' width='1'/>")
    report = shared.build()
    assert "en/all.rss" in report.changed
    assert len(list((shared.feeds / "files").rglob("view.svg"))) == 2


def test_deleted_feeds_come_back_with_their_files(shared):
    import shutil

    shutil.rmtree(shared.feeds)
    shared.build()
    assert shared.read(place(PDF, "report.pdf")) == PDF


def test_the_end_of_a_files_grace_is_due(shared):
    from publisher.content import scan

    shared.write("content/files/report.pdf", b"new")
    shared.build()
    settings = shared.site.settings
    stamp = scan(settings).stamp
    assert is_current(settings, stamp, shared.now + timedelta(days=29))
    assert not is_current(settings, stamp, shared.now + timedelta(days=30))
