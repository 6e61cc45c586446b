import email
import email.policy
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.delivery import HeaderError, Recipient, compose_message, message_id
from publisher.delivery.message.message import check, header_names, verify
from publisher.render import mark

from .world import QUEUED, SECRET, a_body, values_for

READER = Recipient(7, "p7", "reader@readers.test", ("en", "ar"), None)
IDENTITY = message_id(SECRET, "edition:1", "p7", "cities.test")


def compose(body=None, reader=READER, **values):
    body = body or a_body()
    return compose_message(body, reader, {**values_for(reader, body), **values}, IDENTITY, QUEUED)


def read(data):
    return email.message_from_bytes(data, policy=email.policy.default)


def test_a_message_has_its_headers_in_order_and_two_parts():
    found = read(compose())
    assert found.keys() == [
        "Date",
        "From",
        "To",
        "Subject",
        "Message-ID",
        "List-Id",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "Precedence",
        "Content-Language",
        "MIME-Version",
        "Content-Type",
    ]
    assert found["To"] == "reader@readers.test"
    assert found["Date"] == "Tue, 03 Mar 2026 07:00:00 +0000"
    assert [part.get_content_type() for part in found.iter_parts()] == ["text/plain", "text/html"]
    assert not found.defects


def test_values_are_escaped_in_html_and_plain_in_text_and_header():
    found = read(compose())
    plain, html = (part.get_content() for part in found.iter_parts())
    assert found["List-Unsubscribe"] == "<https://news.cities.test/u/p7?a=1&b=2>"
    assert "https://news.cities.test/u/p7?a=1&b=2" in plain.splitlines()
    assert 'href="https://news.cities.test/u/p7?a=1&amp;b=2"' in html


def test_a_value_cannot_bring_markup_or_a_header():
    found = read(compose(unsubscribe_url='"><script>'))
    assert "<script>" not in list(found.iter_parts())[1].get_content()
    with pytest.raises(HeaderError):
        compose(unsubscribe_url="https://x.test\r\nBcc: victim@example.org")


def test_texts_survive_whole():
    text = (
        "Grüße.\n\n.\n..\n.hidden\nFrom here\n" + "long " * 400 + "\nend \n\tم" + "م" * 300 + "\n"
    )
    found = read(compose(a_body(plain=text, html=f"<p>{text}</p>")))
    plain, html = (part.get_content() for part in found.iter_parts())
    assert plain.replace("\r\n", "\n") == text
    assert html.replace("\r\n", "\n") == f"<p>{text}</p>"


@pytest.mark.parametrize(
    "text", ["م" * 5000, "news " * 5000, "x" * 3000, "a\rb\r\nc\nd", "", "\n."]
)
def test_every_line_is_short_and_ends_in_crlf(text):
    data = compose(a_body(plain=text, html=text))
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data)
    assert max(map(len, data.split(b"\r\n"))) <= 78
    assert data.isascii()


def test_mostly_latin_text_is_quoted_and_other_scripts_are_base64():
    latin, arabic = (
        compose(a_body(plain="The news from Köln. " * 20)),
        compose(a_body(plain="مدن " * 20)),
    )
    assert b"quoted-printable\r\n\r\nThe news from K=C3=B6ln." in latin
    assert b"text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64" in arabic


@given(st.text(alphabet="ab .=-é中\t\n\r😀", max_size=400))
def test_any_text_is_read_back(text):
    data = compose(a_body(plain=text, html=text))
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    for part in email.message_from_bytes(data, policy=email.policy.compat32).get_payload():
        assert part.get_payload(decode=True).decode().replace("\r\n", "\n") == expected
    assert all(len(line) <= 76 for line in data.partition(b"\r\n\r\n")[2].split(b"\r\n"))


@given(st.text(max_size=60), st.text(max_size=40))
def test_no_subject_or_name_ever_adds_a_header(subject, name):
    headers = (("From", f"{name} <digest@cities.test>"), *a_body().headers[1:])
    body = a_body(subject=subject, headers=headers)
    try:
        data = compose(body)
    except ValueError:
        return
    verify(body, data)
    assert email.message_from_bytes(data).keys() == header_names(body)


def test_a_repeat_is_byte_equal():
    assert compose() == compose()


def test_the_zone_of_the_date_does_not_matter():
    body = a_body()
    elsewhere = QUEUED.astimezone(timezone(timedelta(hours=5, minutes=30)))
    again = compose_message(body, READER, values_for(READER, body), IDENTITY, elsewhere)
    assert again == compose(body)


def test_a_message_id_is_constant_per_purpose_and_person_and_tells_neither():
    assert message_id(SECRET, "edition:1", "p7", "cities.test") == IDENTITY
    others = {
        message_id(SECRET, "edition:2", "p7", "cities.test"),
        message_id(SECRET, "edition:1", "p8", "cities.test"),
        message_id(b"t" * 32, "edition:1", "p7", "cities.test"),
    }
    assert len(others | {IDENTITY}) == 4
    assert re.fullmatch(r"<[0-9a-f]{40}@cities\.test>", IDENTITY)


def test_the_boundary_cannot_stand_in_a_part():
    boundary = re.search(rb'boundary="(=_[0-9a-f]{32})"', compose())[1].decode()
    data = compose(a_body(plain=f"--{boundary}\n", html=f"--{boundary}--"))
    assert len(list(read(data).iter_parts())) == 2


def test_an_idn_domain_travels_as_its_a_label():
    data = compose(reader=Recipient(7, "p7", "reader@bücher.test", ("de",), None))
    assert b"\r\nTo: reader@xn--bcher-kva.test\r\n" in data


def test_only_a_local_part_that_is_not_ascii_makes_a_message_that_is_not():
    data = compose(reader=Recipient(7, "p7", "مدن@readers.test", ("ar",), None))
    assert "\r\nTo: مدن@readers.test\r\n".encode() in data


@pytest.mark.parametrize("name", ["Bcc", "to", "Date", "Content-Type", "Message-ID", "Subject"])
def test_a_body_cannot_bring_what_delivery_writes(name):
    with pytest.raises(HeaderError, match="delivery writes"):
        check(a_body(headers=(*a_body().headers, (name, "x"))))


def test_a_body_cannot_bring_a_header_twice_or_lack_a_sender():
    with pytest.raises(HeaderError, match="twice"):
        check(a_body(headers=(*a_body().headers, ("list-id", "<x.test>"))))
    with pytest.raises(HeaderError, match="exactly one"):
        check(a_body(headers=a_body().headers[1:]))


def test_a_reader_that_finds_other_headers_is_believed():
    body = a_body()
    forged = compose(body).replace(b"Precedence: bulk", b"Precedence: bulk\r\nBcc: v@example.org")
    with pytest.raises(HeaderError, match="Bcc"):
        verify(body, forged)


def test_a_long_token_stays_whole_in_the_message():
    url = "https://news.cities.test/u/" + "A" * 200
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in compose(unsubscribe_url=url)


def test_a_mark_without_a_value_is_an_error():
    body = a_body(plain=mark("preferences_url"))
    with pytest.raises(KeyError):
        compose(body)


def test_dates_are_in_utc():
    body = a_body()
    date = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    data = compose_message(body, READER, values_for(READER, body), IDENTITY, date)
    assert data.startswith(b"Date: Sun, 29 Mar 2026 01:30:00 +0000\r\n")
