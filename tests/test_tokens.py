import base64
import string
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.errors import StoreError, TokenError, TokenExpired, TokenForged
from publisher.tokens import CONFIRM_WITHIN, Keys, add_key, make, open_keys, read

KEYS = Keys((("1", b"a" * 32), ("2", b"b" * 32)))
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PURPOSES = ("unsubscribe", "preferences", "archive")
said = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)


@given(st.sampled_from(PURPOSES), said, said)
def test_a_token_says_what_was_put_in(purpose, public_id, digest):
    claim = read(KEYS, purpose, make(KEYS, purpose, public_id, digest))
    assert (claim.public_id, claim.digest, claim.issued_at) == (public_id, digest, None)


@given(st.text(max_size=300))
def test_any_text_is_refused_alike(text):
    with pytest.raises(TokenForged, match="this link is not valid"):
        read(KEYS, "unsubscribe", text)


def test_the_same_token_is_made_again():
    assert make(KEYS, "unsubscribe", "abc", "weekly") == make(KEYS, "unsubscribe", "abc", "weekly")


def test_tokens_are_short_and_need_no_escaping():
    token = make(KEYS, "unsubscribe", "0123456789abcdef", "monthly-for-donors")
    assert len(token) < 120
    assert set(token) <= set(string.ascii_letters + string.digits + "-_")


def test_a_token_is_good_for_one_purpose_only():
    for purpose in PURPOSES:
        token = make(KEYS, purpose, "abc")
        for other in {*PURPOSES, "confirm"} - {purpose}:
            with pytest.raises(TokenForged):
                read(KEYS, other, token, now=NOW)


def test_every_changed_character_is_noticed():
    token = make(KEYS, "unsubscribe", "abc", "weekly")
    for at in range(len(token)):
        for sign in "AZaz09-_":
            if token[at] != sign:
                with pytest.raises(TokenForged):
                    read(KEYS, "unsubscribe", token[:at] + sign + token[at + 1 :])


def test_shortened_lengthened_and_padded_tokens_are_refused():
    token = make(KEYS, "unsubscribe", "abc", "weekly")
    bad = [token[:at] for at in range(len(token))]
    bad += [token + "A", token + "=", token + "==", token + "\n", " " + token, token + "\0"]
    bad += [token.replace("-", "+").replace("_", "/") + "+", token + "ü", "A" * 100_000]
    for text in bad:
        with pytest.raises(TokenForged):
            read(KEYS, "unsubscribe", text)


def test_only_the_canonical_spelling_of_base64_is_taken():
    token = next(t for n in range(9) if len(t := make(KEYS, "unsubscribe", "a" * n)) % 4)
    padding = "=" * (-len(token) % 4)
    raw = base64.urlsafe_b64decode(token + padding)
    twins = [
        token[:-1] + sign
        for sign in string.ascii_letters + string.digits + "-_"
        if sign != token[-1] and base64.urlsafe_b64decode(token[:-1] + sign + padding) == raw
    ]
    assert twins, "the test needs another spelling of the same bytes"
    for twin in twins:
        with pytest.raises(TokenForged):
            read(KEYS, "unsubscribe", twin)


def test_tokens_of_another_site_are_refused():
    with pytest.raises(TokenForged):
        read(KEYS, "unsubscribe", make(Keys((("2", b"x" * 32),)), "unsubscribe", "abc"))


def test_a_key_id_we_never_had_is_refused_even_with_an_empty_secret():
    with pytest.raises(TokenForged):
        read(KEYS, "unsubscribe", make(Keys((("9", b""),)), "unsubscribe", "abc"))


def test_all_forgeries_get_one_answer():
    token = make(KEYS, "unsubscribe", "abc")
    answers = set()
    for bad in ("", "x", token[:-1], token + "A", make(KEYS, "preferences", "abc"), "é"):
        with pytest.raises(TokenError) as caught:
            read(KEYS, "unsubscribe", bad)
        answers.add((type(caught.value), str(caught.value)))
    assert len(answers) == 1


def test_unsubscribe_never_ends_and_confirm_does():
    token = make(KEYS, "confirm", "abc", issued_at=NOW)
    assert read(KEYS, "confirm", token, now=NOW + CONFIRM_WITHIN).issued_at == NOW
    with pytest.raises(TokenExpired) as caught:
        read(KEYS, "confirm", token, now=NOW + CONFIRM_WITHIN + timedelta(seconds=1))
    assert caught.value.issued_at == NOW
    assert "2026-03-02 12:00 UTC" in str(caught.value)


def test_time_belongs_to_confirm_and_to_nothing_else():
    with pytest.raises(ValueError, match="has no time"):
        make(KEYS, "unsubscribe", "abc", issued_at=NOW)
    with pytest.raises(ValueError, match="has a time"):
        make(KEYS, "confirm", "abc")
    with pytest.raises(ValueError, match="depends on now"):
        read(KEYS, "confirm", make(KEYS, "confirm", "abc", issued_at=NOW))


def test_parts_cannot_run_into_each_other():
    assert make(KEYS, "archive", "ab", "c") != make(KEYS, "archive", "a", "bc")
    with pytest.raises(ValueError, match="NUL"):
        make(KEYS, "archive", "a\0b")


def test_secret_file_is_made_once_and_only_for_us(tmp_path):
    path = tmp_path / "var" / "secret"
    keys = open_keys(path, may_make=True)
    assert open_keys(path, may_make=False) == keys
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_secret_that_may_not_be_made_stops_the_command(tmp_path):
    with pytest.raises(StoreError, match="secret is missing") as caught:
        open_keys(tmp_path / "secret", may_make=False)
    assert "backup" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_many_that_make_the_secret_at_once_agree(tmp_path):
    path = tmp_path / "secret"
    made = []
    threads = [
        threading.Thread(target=lambda: made.append(open_keys(path, may_make=True)))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 20
    assert len(set(made)) == 1


@pytest.mark.parametrize("text", ["", "# only words\n", "1 abc\n", "x " + "ab" * 32, "1 abcd", "1"])
def test_a_broken_secret_file_is_named_and_not_replaced(tmp_path, text):
    path = tmp_path / "secret"
    path.write_text(text)
    with pytest.raises(StoreError, match=r"secret.* key"):
        open_keys(path, may_make=True)
    assert path.read_text() == text


def test_of_keys_added_at_once_none_is_lost(tmp_path):
    path = tmp_path / "secret"
    with ThreadPoolExecutor(8) as pool:
        added = [one.result().newest for one in [pool.submit(add_key, path) for _ in range(16)]]
    assert set(added) <= set(open_keys(path, may_make=False).pairs)
    assert len({key_id for key_id, _ in added}) == 16


def test_after_a_rotation_old_links_work_and_the_new_key_signs(tmp_path):
    path = tmp_path / "secret"
    before = open_keys(path, may_make=True)
    old = make(before, "unsubscribe", "abc")
    after = add_key(path)
    assert open_keys(path, may_make=False) == after
    assert path.stat().st_mode & 0o777 == 0o600
    assert read(after, "unsubscribe", old).public_id == "abc"
    new = make(after, "unsubscribe", "abc")
    assert new != old
    with pytest.raises(TokenForged):
        read(before, "unsubscribe", new)
    assert after.lasting == before.lasting
