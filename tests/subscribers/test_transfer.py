import csv
import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from publisher.errors import PublisherError
from publisher.store import open_engine, read, tables, upgrade, write
from publisher.subscribers import (
    Result,
    State,
    export_file,
    import_file,
    people,
    suppress,
    unsubscribe,
)
from publisher.subscribers.csv_file import CsvFile
from publisher.subscribers.formulas import escape, unescape
from publisher.subscribers.sources import sources

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@pytest.fixture
def take(db, settings, keys, now, tmp_path):
    """Import a text, bytes or a file, agreed unless consent is empty."""

    def take(content, consent="I agree", **more):
        path = content if isinstance(content, Path) else tmp_path / "list.csv"
        if not isinstance(content, Path):
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return import_file(db, settings, keys, path, now, consent=consent, **more)

    return take


def everybody(db, now):
    with read(db) as conn:
        return {person.address: person for person in people(conn, now)}


def rows_in(db, table):
    with read(db) as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def test_people_of_a_list_become_active_with_the_consent_that_is_kept(db, take, now):
    report = take('email,name,lang\na@example.test,A,en\nb@example.test,"B, junior",ar\n')
    assert (report.rows, report.results) == (2, {Result.ADDED: 2})
    found = everybody(db, now)
    assert found["b@example.test"].name == "B, junior"
    assert found["b@example.test"].languages == ("ar",)
    assert found["b@example.test"].state is State.ACTIVE
    with read(db) as conn:
        assert {tuple(row)[2:] for row in conn.execute(select(tables.consents))} == {
            (int(now.timestamp()), "imported", "import", "I agree", "list.csv")
        }


def test_without_consent_nobody_of_a_list_gets_mail(db, take, now):
    assert take("email\na@example.test\n", consent=" ").results == {Result.ADDED_PENDING: 1}
    assert everybody(db, now)["a@example.test"].state is State.PENDING
    assert rows_in(db, tables.consents) == 0


def test_the_same_list_twice_changes_nothing(db, take, now):
    text = "email,name\na@example.test,A\nb@example.test,B\n"
    take(text)
    before = everybody(db, now)
    assert take(text).results == {Result.KNOWN: 2}
    assert everybody(db, now) == before
    assert rows_in(db, tables.consents) == 2


def test_suppressed_and_unsubscribed_people_stay_so_and_are_reported(db, join, take, keys, now):
    gone = join("gone@example.test").subscriber
    with write(db) as conn:
        unsubscribe(conn, gone.id, now)
        suppress(conn, keys, "never@example.test", now)
    report = take("email\nGONE@example.test\nnever@EXAMPLE.test\nnew@example.test\n")
    assert report.results == {
        Result.STAYS_UNSUBSCRIBED: 1,
        Result.STAYS_SUPPRESSED: 1,
        Result.ADDED: 1,
    }
    found = everybody(db, now)
    assert found["gone@example.test"].state is State.UNSUBSCRIBED
    assert "never@example.test" not in found


def test_pending_people_become_active_and_active_ones_stay_as_they_are(db, join, take, now):
    join("p@example.test", "", languages=("fr",))
    join("a@example.test", name="Ann")
    report = take("email,name,language\np@example.test,P,ar\na@example.test,Other,ar\n")
    assert report.results == {Result.CONFIRMED: 1, Result.KNOWN: 1}
    found = everybody(db, now)
    assert found["p@example.test"].state is State.ACTIVE
    assert found["p@example.test"].languages == ("fr",)
    assert found["a@example.test"].name == "Ann"


def test_states_of_a_list_are_taken_over(db, join, take, now):
    join("left@example.test")
    report = take(
        "email,status\n"
        "a@example.test,Subscribed\n"
        "b@example.test,unconfirmed\n"
        "c@example.test,unsubscribed\n"
        "left@example.test,unsubscribed\n"
        "d@example.test,blocklisted\n"
        "e@example.test,California\n"
        "f@example.test,opted_out\n"
    )
    assert report.results == {
        Result.ADDED: 1,
        Result.ADDED_PENDING: 1,
        Result.ADDED_UNSUBSCRIBED: 2,
        Result.UNSUBSCRIBED: 1,
        Result.SUPPRESSED: 1,
    }
    assert [(row.line, row.reason) for row in report.refusals] == [
        (7, '"California" is no state of a subscriber')
    ]
    found = everybody(db, now)
    assert found["left@example.test"].state is State.UNSUBSCRIBED
    assert found["d@example.test"].is_suppressed
    assert found["d@example.test"].state is State.UNSUBSCRIBED


def test_an_address_in_another_case_is_a_duplicate_within_and_between_batches(
    db, take, monkeypatch
):
    monkeypatch.setattr("publisher.subscribers.transfer.BATCH", 2)
    text = (
        "email\nA@Example.test\na@example.TEST\na@example.test \nb@example.test\nB@example.test\n"
    )
    for is_dry_run in (True, False):
        report = take(text, is_dry_run=is_dry_run)
        assert (report.results, report.duplicates) == ({Result.ADDED: 2}, 3)
    assert rows_in(db, tables.subscribers) == 2


def test_a_dry_run_counts_who_is_in_a_list_twice_as_the_import_does(
    db, take, join, keys, now, monkeypatch
):
    monkeypatch.setattr("publisher.subscribers.transfer.BATCH", 2)
    join("known@example.test")
    with write(db) as conn:
        suppress(conn, keys, "never@example.test", now)
    text = "email,state\n" + 3 * (
        "known@example.test,\nnever@example.test,\nnew@example.test,\nleft@example.test,left\n"
    )
    tried, done = take(text, is_dry_run=True), take(text)
    assert tried.results == done.results
    assert tried.duplicates == done.duplicates == 8


@pytest.mark.parametrize("size", [2, 100])
def test_of_two_rows_the_first_counts_and_that_somebody_left(db, take, now, monkeypatch, size):
    monkeypatch.setattr("publisher.subscribers.transfer.BATCH", size)
    between = "x@example.test,\ny@example.test,\n"
    take(
        "email,state\n"
        "a@example.test,pending\nb@example.test,active\nc@example.test,unsubscribed\n"
        f"{between}{between}"
        "a@example.test,active\nb@example.test,unsubscribed\nc@example.test,bounced\n"
    )
    found = everybody(db, now)
    states = [found[f"{name}@example.test"].state for name in "abc"]
    assert states == [State.PENDING, State.UNSUBSCRIBED, State.UNSUBSCRIBED]
    assert [found[f"{name}@example.test"].is_suppressed for name in "abc"] == [False, False, True]


def test_a_dry_run_tells_the_same_and_writes_nothing(db, take, join):
    join("known@example.test")
    text = "email\nknown@example.test\nnew@example.test\nbad\n"
    tried = take(text, is_dry_run=True)
    assert rows_in(db, tables.subscribers) == 1
    done = take(text)
    assert tried.is_dry_run
    assert not done.is_dry_run
    assert (tried.results, tried.refusals) == (done.results, done.refusals)
    assert rows_in(db, tables.subscribers) == 2


def test_every_row_is_accounted_for(take):
    report = take("email\na@example.test\nA@example.test\nbad\n\n,\nb@example.test,x\n")
    assert report.rows == sum(report.results.values()) + report.duplicates + report.refused
    assert (report.rows, report.refused, report.duplicates) == (4, 2, 1)


def test_refused_rows_have_their_line_and_reason_and_the_rest_is_added(take):
    report = take(
        "email,name,digests,categories\r\n"
        "nobody,A,,\r\n"
        'a@example.test,"two\r\nlines",,\r\n'
        "b@example.test,B,daily,\r\n"
        "c@example.test,C,,sports\r\n"
        "d@example.test,D,weekly,prevention,extra\r\n"
        '"e@example.test\r\nBcc: v@example.org",E,,\r\n'
        "f@example.test,F\0F,,\r\n"
        'g@example.test,G,weekly,"Training and tools, preventing hate"\r\n'
    )
    lines = {refused.line: refused.reason for refused in report.refusals}
    assert set(lines) == {2, 5, 6, 7, 8, 10}
    assert "no @" in lines[2]
    assert lines[5] == 'the site has no digest "daily"'
    assert lines[6] == 'the site has no category "sports"'
    assert lines[7] == "5 cells, but the header has 4"
    assert "line break" in lines[8]
    assert "NUL" in lines[10]
    assert report.results == {Result.ADDED: 2}


def test_a_language_or_zone_we_lack_becomes_the_default_and_is_counted(db, take, now):
    report = take(
        "email,language,timezone\na@example.test,de,Mars/Base\nb@example.test,de;ar,\n"
        "c@example.test,../../etc/passwd,\n"
    )
    assert report.results == {Result.ADDED: 3}
    assert report.notes['the site has no language "de"'] == 2
    assert report.notes['there is no time zone "Mars/Base"'] == 1
    found = everybody(db, now)
    assert found["a@example.test"].languages == ("en",)
    assert found["b@example.test"].languages == ("ar",)


@pytest.mark.parametrize(
    ("header", "row", "name", "languages"),
    [
        (
            "Email Address,First Name,Last Name,Language",
            "a@example.test,Ann,Lee,ar",
            "Ann Lee",
            "ar",
        ),
        ("E-MAIL;Name;Locale", "a@example.test;Ann Lee;ar_JO", "Ann Lee", "ar"),
        ("uuid\temail\tname\tattributes", "1\ta@example.test\tAnn Lee\t{}", "Ann Lee", "en"),
        ('"email","name","lang"', '"a@example.test","Ann Lee","ar"', "Ann Lee", "ar"),
        ("\ufeffemail,name", "a@example.test,Ann Lee", "Ann Lee", "en"),
        ("name,email", "Ann Lee,a@example.test", "Ann Lee", "en"),
    ],
)
def test_lists_of_other_products_are_understood(db, take, now, header, row, name, languages):
    assert take(f"{header}\n{row}\n").results == {Result.ADDED: 1}
    person = everybody(db, now)["a@example.test"]
    assert (person.name, " ".join(person.languages)) == (name, languages)


def test_people_who_left_another_product_stay_away(db, take, now):
    report = take("Email Address,UNSUB_TIME\na@example.test,2024-01-01\nb@example.test,\n")
    assert report.results == {Result.ADDED_UNSUBSCRIBED: 1, Result.ADDED: 1}
    assert everybody(db, now)["a@example.test"].state is State.UNSUBSCRIBED


def test_columns_that_mean_nothing_are_named(take):
    assert take("email,notes,LEID\na@example.test,,7\n").ignored_columns == ("notes", "LEID")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_files_are_read_by_their_mark(db, take, now, encoding):
    assert take("email,name\na@example.test,سامي\n".encode(encoding)).results[Result.ADDED] == 1
    assert everybody(db, now)["a@example.test"].name == "سامي"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"\xff\xfe", "the file is empty"),
        (b"\nemail\na@example.test\n", ":1: there is no email column, as the line is empty"),
        ("email,name\na@x.test,مح".encode()[:-1], ":2: the file ends in the middle of a letter"),
        (b"PK\x03\x04" + bytes(50), "spreadsheet or a zip"),
        (b"\xd0\xcf\x11\xe0" + bytes(50), "old spreadsheet"),
        (
            b"email,name\na@example.test,A\nb@example.test,\xd3\xc7M\xe3\xed\n",
            r":3: .*not UTF-8.*D3.*--encoding",
        ),
        ("email\na@example.test\n".encode("utf-16-le"), "NUL"),
        (b"\xff\xfee\x00m\x00\x00\xd8a\x00", "not UTF-16"),
        (b"name,phone\nA,1\n", "no email column; the columns are: name, phone"),
        (b"email,email,name\na@example.test,b@example.test,A\n", '"email" is there twice'),
        (b"email,E-Mail\na@example.test,b@example.test\n", '"email" and "E-Mail" both mean email'),
        (b'email,"name\n' + b"x" * 200_000, "columns"),
    ],
)
def test_a_file_that_is_no_list_is_refused_before_anybody_is_added(db, take, content, says):
    with pytest.raises(PublisherError, match=says) as caught:
        take(content)
    assert "list.csv" in str(caught.value)
    assert rows_in(db, tables.subscribers) == 0


def test_a_missing_file_is_named(take, tmp_path):
    with pytest.raises(PublisherError, match=r"none\.csv cannot be read"):
        take(tmp_path / "none.csv")


def test_a_quote_never_closed_is_reported_with_the_lines_it_swallowed(take):
    report = take('email,name\na@example.test,A\nb@example.test,"B\nc@example.test,C\n')
    assert report.results == {Result.ADDED: 1}
    assert [(row.line, row.reason) for row in report.refusals] == [
        (3, "a quote that opens here is never closed, so lines 3 to 4 were not read")
    ]


def test_progress_ends_at_the_whole_file(take):
    told = []
    text = "email\n" + "".join(f"p{n}@example.test\n" for n in range(2500))
    take(text, on_progress=lambda done, total: told.append((done, total)))
    assert len(told) == 3
    assert told[-1] == (len(text), len(text))


def test_only_the_first_refusals_are_kept_and_all_are_counted(take):
    report = take("email\n" + "bad\n" * 1500)
    assert (report.refused, len(report.refusals)) == (1500, 1000)


def test_an_export_comes_back_as_it_was(db, join, take, settings, keys, now, tmp_path):
    join("a@example.test", name="=HYPERLINK(1)", languages=("ar", "en"), digests=("weekly",))
    join("+b@example.test", name="-5", categories=("training",), time_zone="Asia/Amman")
    join("c@example.test", "", name="'@quoted", kinds=("news", "event"), originals=True)
    gone = join("d@example.test").subscriber
    last = join("f@example.test", digests=("monthly",), kinds=("news",)).subscriber
    join("e@example.test")
    with write(db) as conn:
        unsubscribe(conn, gone.id, now)
        unsubscribe(conn, last.id, now, digest="monthly")
        suppress(conn, keys, "e@example.test", now)
        resting = update(tables.subscribers).where(tables.subscribers.c.id == gone.id)
        conn.execute(resting.values(paused_until=int(now.timestamp()) + 86_400))
    path = tmp_path / "out.csv"
    assert export_file(db, path, now) == 6
    before = everybody(db, now)
    other = open_engine("sqlite:///other.sqlite3", tmp_path)
    upgrade(other)
    report = import_file(other, settings, keys, path, now, consent="they agreed")
    assert report.refusals == []
    after = everybody(other, now)
    assert {a: facts(p) for a, p in before.items()} == {a: facts(p) for a, p in after.items()}
    again = tmp_path / "again.csv"
    export_file(other, again, now)
    assert again.read_bytes() == path.read_bytes()
    other.dispose()


def facts(person):
    state = "suppressed" if person.is_suppressed else person.state
    had = person.subscriptions or person.left
    chosen = (person.languages, had, person.time_zone, person.originals)
    chosen += (person.paused_until,)
    return person.address, person.name, state, chosen


def test_no_exported_cell_is_a_formula(db, join, now, tmp_path):
    join("=cmd@example.test", name="@SUM(1+1)")
    join("-x@example.test", name="+1")
    export_file(db, tmp_path / "out.csv", now)
    cells = [c for row in csv.reader(io.StringIO((tmp_path / "out.csv").read_text())) for c in row]
    assert "'=cmd@example.test" in cells
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


def test_exports_are_for_their_owner_only_and_filter_by_state(db, join, now, tmp_path):
    join("a@example.test")
    join("b@example.test", "")
    path = tmp_path / "out.json"
    assert export_file(db, path, now, state=State.PENDING) == 1
    assert path.stat().st_mode & 0o777 == 0o600
    (person,) = json.loads(path.read_text(encoding="utf-8"))
    assert person["email"] == "b@example.test"
    assert person["state"] == "pending"
    assert list(tmp_path.glob(".new-*")) == []


def test_an_export_takes_no_place_of_a_pipe_or_a_device(db, now, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PublisherError, match="is no file"):
        export_file(db, tmp_path / "pipe", now)
    assert not (tmp_path / "pipe").is_file()


def test_an_originals_column_is_taken_and_what_is_neither_yes_nor_no_refused(take, db, now):
    report = take("email,originals\na@x.test,yes\nb@x.test,\nc@x.test,0\nd@x.test,sometimes\n")
    with read(db) as conn:
        found = {who.address: who.originals for who in people(conn, now)}
    assert found == {"a@x.test": True, "b@x.test": False, "c@x.test": False}
    assert [(one.line, "sometimes" in one.reason) for one in report.refusals] == [(5, True)]


@given(st.text())
@example("'")
@example("''=x")
@example("\tx")
@example("\uff1dx")
def test_escaping_is_undone_and_leaves_no_formula(cell):
    assert unescape(escape(cell)) == cell
    assert not escape(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20"))


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=5), st.sampled_from(",;\t"))
def test_any_text_goes_through_a_csv_file_unharmed(tmp_path_factory, pairs, separator):
    path = tmp_path_factory.mktemp("csv") / "list.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow(["email", "name"])
        writer.writerows([escape(cell) for cell in pair] for pair in pairs)
    read_back = [(row.email, row.name) for row in CsvFile(*sources(path)).rows()]
    assert read_back == pairs
