"""Files as other programs write them: their encodings, their columns, their archives."""

import os
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from publisher.errors import ChoiceError, PublisherError
from publisher.store import read, tables
from publisher.subscribers import Result, State, import_file, people
from publisher.subscribers.encodings import foreign_words, guess

MAILCHIMP = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,"
    "TIMEZONE,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
LISTMONK = "uuid,email,name,attributes,status,created_at,updated_at"


@pytest.fixture
def take(db, settings, keys, now, tmp_path):
    """Import files by name and content: one as it is, several in an archive."""

    def take(files, consent="I agree", **more):
        files = {name: text.encode() if isinstance(text, str) else text for name, text in files}
        if len(files) == 1 and not more.pop("is_packed", False):
            ((name, content),) = files.items()
            path = tmp_path / name
            path.write_bytes(content)
        else:
            path = tmp_path / "export.zip"
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in files.items():
                    archive.writestr(name, content)
        return import_file(db, settings, keys, path, now, consent=consent, **more)

    return take


def everybody(db, now):
    with read(db) as conn:
        return {person.address.partition("@")[0]: person for person in people(conn, now)}


def consents(db):
    with read(db) as conn:
        return [
            (row.act, row.detail)
            for row in conn.execute(select(tables.consents).order_by(tables.consents.c.id))
        ]


@pytest.mark.parametrize(
    ("text", "encoding", "languages"),
    [
        ("سامي الحسن", "windows-1256", "en ar fr"),
        ("José Müller São", "windows-1252", "en ar fr"),
        ("Сергей Иванов", "windows-1251", "en ru"),
        ("Łódź Żak", "windows-1250", "en pl"),
        ("דוד כהן", "windows-1255", "en he"),
        ("Γιώργος", "windows-1253", "en el"),
        ("Öztürk Erdoğan Şahin", "windows-1254", "tr"),
    ],
)
def test_a_code_page_of_the_sites_languages_is_guessed(text, encoding, languages):
    words = foreign_words([text.encode(encoding)])
    assert guess(words, languages.split()) == encoding


@pytest.mark.parametrize(
    ("text", "encoding", "languages"),
    [
        ("Erdoğan", "windows-1254", "en tr"),  # or Erdoðan
        ("דוד", "windows-1255", "he ru"),  # or a Russian word
        ("سامي", "windows-1256", "en fr"),  # no language of the site
        ("山田", "cp932", "ja"),
        ("", "utf-8", "en"),
    ],
)
def test_what_may_be_read_in_two_ways_or_none_is_not_guessed(text, encoding, languages):
    assert guess(foreign_words([text.encode(encoding)]), languages.split()) == ""


def test_a_guessed_encoding_is_told_with_a_word_of_it(take, db, now):
    text = "email,name\na@example.test,سامي\nb@example.test,B\n"
    report = take([("list.csv", text.encode("windows-1256"))])
    assert everybody(db, now)["a"].name == "سامي"
    assert (report.files[0].encoding, report.files[0].example) == ("windows-1256", "سامي")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "iso-8859-6", "windows-1256"])
def test_a_named_encoding_is_taken_at_its_word(take, db, now, encoding):
    text = "email,name\na@example.test,سامي\n"
    report = take([("list.csv", text.encode(encoding))], encoding=encoding)
    assert everybody(db, now)["a"].name == "سامي"
    assert report.files[0].example == ""


@pytest.mark.parametrize("encoding", ["utf-7", "rot13", "idna", "../x", "a\0b", "klingon", "zlib"])
def test_what_is_no_encoding_of_a_list_is_refused(take, encoding):
    with pytest.raises(PublisherError, match="is no encoding of a list") as caught:
        take([("list.csv", "email\na@example.test\n")], encoding=encoding)
    assert "windows-1256" in caught.value.hint


def test_a_wrong_named_encoding_is_refused_with_the_line(take):
    with pytest.raises(PublisherError, match=r"list\.csv:2: the text is not UTF-8 \(byte D3\)"):
        take([("list.csv", b"email,name\na@example.test,\xd3\n")], encoding="utf-8")


@pytest.mark.parametrize("head", ["email|name", "sep=;\nemail;name", "sep=|\nemail|name"])
def test_bars_part_columns_and_excels_own_line_above_the_header_is_understood(take, db, now, head):
    separator = head[-5]
    report = take([("list.csv", f"{head}\na@example.test{separator}Ann\nbad{separator}B\n")])
    assert everybody(db, now)["a"].name == "Ann"
    assert [each.line for each in report.refusals] == [head.count("\n") + 3]


@pytest.mark.parametrize("line", ["sep=\t\r\n", "SEP=\t\n"])
def test_excels_own_line_may_name_a_tab_and_be_in_capitals(take, db, now, line):
    assert take([("list.csv", f"{line}email\tname\na@example.test\tAnn\n")]).refused == 0
    assert everybody(db, now)["a"].name == "Ann"


def test_commas_within_quotes_of_the_header_part_nothing(take, db, now):
    take([("list.csv", '"email";"Last, First, Middle";"name"\n"a@example.test";"A, B";"Ann"\n')])
    assert everybody(db, now)["a"].name == "Ann"


def test_a_pipe_is_refused_instead_of_waited_for(db, settings, keys, now, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(PublisherError, match="a pipe or a device") as caught:
        import_file(db, settings, keys, tmp_path / "pipe", now)
    assert "to a file first" in caught.value.hint


@pytest.mark.parametrize(
    "becomes",
    [b"", b"\xff" * 9000, b'email\n"' + b"a" * 9000, b"email\n" + b"a@x.test\n" * 9000],
    ids=["empty", "of another encoding", "of another form", "longer"],
)
def test_a_file_that_changes_while_it_is_read_is_told(take, tmp_path, becomes):
    text = "email\n" + "".join(f"p{number:06}@x.test\n" for number in range(5000))

    def change(done, total):
        if done < total:
            (tmp_path / "list.csv").write_bytes(becomes)

    with pytest.raises(PublisherError, match="changed while it was read"):
        take([("list.csv", text)], on_progress=change)


def mailchimp_archive():
    common = "2021-03-04 10:11:12,192.0.2.1,2021-03-04 10:15:00,192.0.2.1,Asia/Amman,,7,e,,"
    member = (
        f"{MAILCHIMP}\nsub@example.test,Sub,Scriber,2,{common}\nboth@example.test,,,2,{common}\n"
    )
    left = (
        f"{MAILCHIMP},UNSUB_TIME,UNSUB_REASON\n"
        f"left@example.test,L,,2,{common},2024-05-06 07:08:09,Too many\n"
        f"both@example.test,,,2,{common},2024-05-06 07:08:09,\n"
    )
    cleaned = f"{MAILCHIMP},CLEAN_TIME\ngone@example.test,G,,2,{common},2023-01-01 00:00:00\n"
    shop = f"{MAILCHIMP}\nbuyer@example.test,B,,2,,,,,,,8,f,,\n"
    return [
        ("subscribed_email_audience_export_1a2b.csv", member),
        ("unsubscribed_email_audience_export_1a2b.csv", left),
        ("cleaned_email_audience_export_1a2b.csv", cleaned),
        ("nonsubscribed_email_audience_export_1a2b.csv", shop),
        ("campaigns/opens.csv", "Campaign,Opens\nMay,7\n"),
        ("README.txt", "hello"),
        ("__MACOSX/._subscribed_email_audience_export_1a2b.csv", "\0\0"),
    ]


def test_an_export_of_mailchimp_is_taken_whole_with_who_left_and_who_bounced(take, db, now):
    report = take(mailchimp_archive())
    assert report.results == {
        Result.SUPPRESSED: 1,
        Result.ADDED_UNSUBSCRIBED: 2,
        Result.ADDED: 1,
        Result.ADDED_PENDING: 1,
    }
    assert report.duplicates == 1
    assert {each.product for each in report.files} == {"Mailchimp"}
    assert [Path(name).name for name in report.passed_over] == ["opens.csv"]
    found = everybody(db, now)
    assert found["sub"].state is State.ACTIVE
    assert (found["sub"].name, found["sub"].time_zone) == ("Sub Scriber", "Asia/Amman")
    assert found["both"].state is State.UNSUBSCRIBED
    assert found["gone"].is_suppressed
    assert found["buyer"].state is State.PENDING


def test_the_times_at_which_people_agreed_and_left_are_kept_and_no_network_address(take, db):
    take(mailchimp_archive())
    found = consents(db)
    agreed = "OPTIN_TIME 2021-03-04 10:11:12, CONFIRM_TIME 2021-03-04 10:15:00"
    assert ("imported", f"export.zip: {agreed}") in found
    assert ("unsubscribed", f"export.zip: {agreed}, UNSUB_TIME 2024-05-06 07:08:09") in found
    assert not [detail for _, detail in found if "192.0.2.1" in detail]


@pytest.mark.parametrize("name", ["subscribed", "unsubscribed", "cleaned", "nonsubscribed"])
def test_one_file_of_mailchimps_means_what_its_name_says(take, name):
    text = f"{MAILCHIMP}\na@example.test,,,2,,,,,,,7,e,,\n"
    report = take([(f"{name}_members_export_1a2b.csv", text)])
    assert report.results == {
        {
            "subscribed": Result.ADDED,
            "unsubscribed": Result.ADDED_UNSUBSCRIBED,
            "cleaned": Result.SUPPRESSED,
            "nonsubscribed": Result.ADDED_PENDING,
        }[name]: 1
    }


def test_what_is_no_time_is_not_kept_as_one(take, db):
    take([("l.csv", f'email,OPTIN_TIME\na@x.test,"<b>"\nb@x.test,{"1" * 50}\nc@x.test,=1+1\n')])
    assert consents(db) == [("imported", "l.csv")] * 3


def test_an_export_of_listmonk_is_taken_with_its_states_and_the_language_in_its_attributes(
    take, db, now
):
    report = take(
        [
            (
                "subscribers.csv",
                f"{LISTMONK}\n"
                '1,a@x.test,Ann,"{""lang"": ""ar"", ""city"": ""Amman""}",enabled,2021-01-01,2021-01-01\n'
                "2,b@x.test,Bob,{},disabled,2021-01-01,2021-01-01\n"
                "3,c@x.test,Cat,{},blocklisted,2021-01-01,2021-01-01\n"
                f'4,d@x.test,Dan,"{"[" * 9000}",enabled,2021-01-01,2021-01-01\n'
                '5,e@x.test,Eve,"[1]",enabled,2021-01-01,2021-01-01\n',
            )
        ]
    )
    assert report.files[0].product == "listmonk"
    assert report.results == {
        Result.ADDED: 3,
        Result.ADDED_UNSUBSCRIBED: 1,
        Result.SUPPRESSED: 1,
    }
    assert everybody(db, now)["a"].languages == ("ar",)


def test_lists_of_another_program_become_the_digests_that_stand_for_them(take, db, now):
    text = (
        "email,lists\na@x.test,Our news\nb@x.test,Weekly digest\n"
        'c@x.test,"monthly, Jazz"\nd@x.test,Jazz\ne@x.test,\n'
    )
    report = take([("list.csv", text)], lists={"our NEWS": "weekly,monthly"})
    assert report.notes == {'no digest stands for the list "Jazz"': 1}
    assert [each.reason for each in report.refusals] == [
        'no digest stands for the list "Jazz" they are on'
    ]
    found = {name: person.digests for name, person in everybody(db, now).items()}
    assert found["a"] == found["e"] == ("monthly", "weekly")
    assert (found["b"], found["c"]) == (("weekly",), ("monthly",))


def test_a_list_cannot_stand_for_a_digest_that_is_not_there(take, db, now):
    with pytest.raises(ChoiceError, match='no digest "daily"'):
        take([("list.csv", "email\na@x.test\n")], lists={"News": "daily"})
    assert everybody(db, now) == {}


def test_kinds_and_a_pause_are_taken_over(take, db, now):
    report = take(
        [
            (
                "list.csv",
                "email,kinds,paused_until\na@x.test,news event,2026-08-01T00:00:00+03:00\n"
                "b@x.test,,soon\nc@x.test,,0001-01-01T00:00:00+14:00\nd@x.test,poems,\n",
            )
        ]
    )
    person = everybody(db, now)["a"]
    assert person.kinds == ("event", "news")
    assert person.paused_until == datetime(2026, 7, 31, 21, tzinfo=UTC)
    assert [each.line for each in report.refusals] == [3, 4, 5]


def test_who_is_in_two_lists_of_an_archive_stays_away_whatever_their_order(take):
    for names in (("a", "subscribed"), ("unsubscribed", "b")):
        files = [(f"{name}_members_export_1.csv", "email\nx@x.test\n") for name in names]
        assert take(files, is_dry_run=True).duplicates == 1
    files = [(f"{n}_members_export_1.csv", "email\nx@x.test\n") for n in ("subscribed", "cleaned")]
    assert take(files).results == {Result.SUPPRESSED: 1}


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("../../../../tmp/pwned.csv", "leads out of its folder"),
        ("/tmp/pwned.csv", "leads out of its folder"),
        ("..\\pwned.csv", "leads out of its folder"),
        ("C:\\pwned.csv", "leads out of its folder"),
        ("a/../../b.txt", "leads out of its folder"),
        ("[Content_Types].xml", "this is a spreadsheet"),
        ("list.txt", "no CSV file in the archive"),
        ("list.zip", "no CSV file in the archive"),
    ],
)
def test_an_archive_with_a_name_that_no_export_has_is_refused(take, db, now, tmp_path, name, says):
    good = ("good.csv", "email\na@x.test\n") if "leads" in says else ("note.md", "x")
    with pytest.raises(PublisherError, match=says):
        take([good, (name, "email\na@x.test\n")])
    assert everybody(db, now) == {}
    assert {path.name for path in tmp_path.iterdir()} <= {"export.zip", "site", "var"}


def test_a_link_in_an_archive_is_refused(db, settings, keys, now, tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("list.csv")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(PublisherError, match="leads out"):
        import_file(db, settings, keys, path, now)


def test_an_archive_that_unpacks_to_far_more_than_it_holds_is_refused_unread(take):
    with pytest.raises(PublisherError, match=r"would unpack to 30,000,\d+ bytes"):
        take([("list.csv", b"email\n" + b"a" * 30_000_000), ("b.csv", "email\n")])


def test_lists_that_share_their_packed_bytes_count_each(db, settings, keys, now, tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.csv", b"email\n" + b"x" * 1_000_000)
        first = archive.infolist()[0]
        for number in range(1, 50):
            copy = zipfile.ZipInfo(f"{number}.csv")
            for name in ("header_offset", "CRC", "compress_size", "file_size", "compress_type"):
                setattr(copy, name, getattr(first, name))
            archive.filelist.append(copy)
            archive.NameToInfo[copy.filename] = copy
        archive._didModify = True
    with pytest.raises(PublisherError, match="would unpack to"):
        import_file(db, settings, keys, path, now)


def damaged(archive: bytes) -> list[bytes]:
    """Return an archive cut short, with a wrong byte in its list, locked, and without end."""
    at = archive.index(b"list.csv") + len(b"list.csv") + 4
    central = archive.index(b"PK\x01\x02")
    locked = bytearray(archive)
    locked[central + 8] |= 1
    unknown = bytearray(archive)
    unknown[central + 10 : central + 12] = struct.pack("<H", 97)
    return [
        archive[: len(archive) // 2],
        archive[:at] + b"\xff\xff\xff" + archive[at + 3 :],
        bytes(locked),
        bytes(unknown),
        b"PK\x03\x04" + bytes(100),
        b"PK\x03\x04" + b"PK\x05\x06" + b"\xff" * 18,
    ]


@pytest.mark.parametrize("number", range(6))
def test_a_damaged_or_locked_archive_is_refused_before_anybody_is_added(
    db, settings, keys, now, tmp_path, number
):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "email\nfirst@x.test\n")
        rows = "".join(f"p{n}@x.test\n" for n in range(5000))
        archive.writestr("list.csv", f"email\n{rows}")
    path.write_bytes(damaged(path.read_bytes())[number])
    with pytest.raises(PublisherError, match=r"damaged|password|too many files"):
        import_file(db, settings, keys, path, now)
    assert everybody(db, now) == {}


def test_one_bad_list_keeps_the_whole_archive_out(take, db, now):
    with pytest.raises(PublisherError, match=r"export\.zip/b\.csv:2: the text is not UTF-8"):
        take(
            [("a.csv", "email\na@x.test\n"), ("b.csv", b"email,name\na@x.test,\xd3\xc7M\xe3\xed\n")]
        )
    assert everybody(db, now) == {}


def test_an_archive_without_people_says_so(take):
    with pytest.raises(PublisherError, match="no file in the archive has an email column"):
        take([("a.csv", "x,y\n1,2\n"), ("b.csv", "x\n1\n")])


def test_progress_goes_over_all_lists_of_an_archive(take):
    told = []
    text = "email\n" + "".join(f"p{n}@x.test\n" for n in range(1500))
    take(
        [("a.csv", text), ("b.csv", text)],
        on_progress=lambda done, total: told.append((done, total)),
    )
    assert [total for _, total in told] == [2 * len(text)] * 4
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == 2 * len(text)


def test_an_import_that_is_stopped_keeps_whole_batches_and_goes_on_when_it_is_run_again(
    take, db, now, monkeypatch
):
    monkeypatch.setattr("publisher.subscribers.transfer.BATCH", 1000)
    text = "email\n" + "".join(f"p{n}@x.test\n" for n in range(4500))

    def stop(done, total):
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        take([("list.csv", text)], on_progress=stop)
    assert len(everybody(db, now)) % 1000 == 0
    before = len(everybody(db, now))
    assert 0 < before < 4500
    report = take([("list.csv", text)])
    assert report.results == {Result.KNOWN: before, Result.ADDED: 4500 - before}
    assert len({person.public_id for person in everybody(db, now).values()}) == 4500


def test_people_of_a_large_batch_keep_their_own_choices_and_consents(take, db, now):
    rows = [
        f"p{n * 7919 % 3001}@x.test,N{n * 7919 % 3001},{'ar' if n % 2 else 'en'}"
        for n in range(3001)
    ]
    take([("list.csv", "email,name,language\n" + "\n".join(rows) + "\n")])
    found = everybody(db, now)
    for row in rows:
        address, name, tag = row.split(",")
        person = found[address.partition("@")[0]]
        assert (person.name, person.languages, person.digests) == (
            name,
            (tag,),
            ("monthly", "weekly"),
        )
    with read(db) as conn:
        given = (
            conn.execute(select(tables.consents.c.subscriber_id).order_by(tables.consents.c.id))
            .scalars()
            .all()
        )
    assert sorted(given) == sorted(person.id for person in found.values())
