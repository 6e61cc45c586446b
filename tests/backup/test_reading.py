"""A backup that is spoilt, cut short or made to do harm changes nothing."""

import json
import warnings
import zipfile
from hashlib import sha256

import pytest

from publisher.backup import Wishes, open_backup, restore, write_backup
from publisher.backup.form import Lines, Manifest, split_lines
from publisher.errors import BackupError
from publisher.tokens import open_keys
from tests.backup.rows import contents, fill


@pytest.fixture
def file(source, tmp_path, now):
    fill(source)
    secret = tmp_path / "old-var" / "secret"
    open_keys(secret, may_make=True)
    write_backup(source, tmp_path / "backup.zip", secret, now)
    return tmp_path / "backup.zip"


@pytest.fixture
def refused(sqlite, tmp_path, now):
    """Restore a file into an empty site, which must refuse it and stay empty; return its words."""

    def call(path) -> str:
        var = tmp_path / "new-var"
        with pytest.raises(BackupError) as caught:
            restore(sqlite, path, var / "secret", now, Wishes())
        assert contents(sqlite) == {}
        assert not var.exists()
        return str(caught.value)

    return call


def repacked(file, change):
    """Write the parts of a backup anew, changed: name -> content, None leaves one out."""
    with zipfile.ZipFile(file) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    change(parts)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return file


def with_manifest(parts, **changes):
    manifest = json.loads(parts["manifest.json"])
    parts["manifest.json"] = json.dumps({**manifest, **changes}).encode()


def table(parts, name):
    manifest = json.loads(parts["manifest.json"])
    return next(one for one in manifest["tables"] if one["name"] == name), manifest


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99, -1])
def test_one_that_was_cut_short_is_none(file, refused, kept):
    whole = file.read_bytes()
    end = int(len(whole) * kept) if isinstance(kept, float) else kept
    file.write_bytes(whole[:end] if end >= 0 else whole[:-1])
    assert "no whole backup" in refused(file)


@pytest.mark.parametrize("place", [0.05, 0.3, 0.6, 0.9])
def test_one_with_a_wrong_byte_is_refused(file, refused, place):
    spoilt = bytearray(file.read_bytes())
    at = int(len(spoilt) * place)
    spoilt[at : at + 4] = bytes(byte ^ 0xFF for byte in spoilt[at : at + 4])
    file.write_bytes(spoilt)
    assert "cannot be used" in refused(file)


def test_one_whose_rows_were_changed_is_refused(file, refused):
    def change(parts):
        parts["tables/starts.jsonl"] = parts["tables/starts.jsonl"].replace(b"1plain", b"1other")
        parts["tables/starts.jsonl"] += b'["more",1]\n'

    assert "tables/starts.jsonl is not what it was" in refused(repacked(file, change))


def test_another_zip_is_no_backup(tmp_path, refused):
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as parts:
        parts.writestr("readme.txt", "hello")
    assert "it has no manifest" in refused(path)


@pytest.mark.parametrize("changes", [{"tables": None}, {"revision": 4}, {"more": 1}])
def test_a_manifest_of_another_form_is_refused(file, refused, changes):
    said = refused(repacked(file, lambda parts: with_manifest(parts, **changes)))
    assert "its manifest cannot be read" in said


def test_a_newer_form_asks_for_a_newer_program(file, refused):
    said = refused(repacked(file, lambda parts: with_manifest(parts, format=2)))
    assert "form is number 2" in said
    assert "newer one" in said


def test_parts_that_nobody_named_are_refused(file, refused):
    def change(parts):
        parts["../../evil"] = b"x"

    assert "not those that its manifest names" in refused(repacked(file, change))


def test_a_missing_part_is_refused(file, refused):
    said = refused(repacked(file, lambda parts: parts.pop("secret")))
    assert "not those that its manifest names" in said


def test_two_parts_of_one_name_are_refused(file, refused):
    with warnings.catch_warnings(), zipfile.ZipFile(file, "a") as parts:
        warnings.simplefilter("ignore", UserWarning)
        parts.writestr("secret", b"1 00\n")
    assert "it has no manifest" in refused(file)


def test_columns_that_are_not_there_are_refused_before_any_row(file, refused):
    def change(parts):
        one, manifest = table(parts, "starts")
        one["columns"] = ["digest", 'started_at) VALUES ("x", 1); --']
        parts["manifest.json"] = json.dumps(manifest).encode()

    assert "columns that do not exist" in refused(repacked(file, change))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"[1", "no row"),
        (b'{"a":1}', "no row"),
        (b'["weekly"]', "no row"),
        (b'["weekly",null]', "the database refuses rows of starts"),
    ],
)
def test_rows_that_are_none_undo_the_whole(file, refused, line, said):
    def change(parts):
        content = parts["tables/starts.jsonl"] + line + b"\n"
        parts["tables/starts.jsonl"] = content
        one, manifest = table(parts, "starts")
        one["sha256"], one["rows"] = sha256(content).hexdigest(), one["rows"] + 1
        parts["manifest.json"] = json.dumps(manifest).encode()

    assert said in refused(repacked(file, change))


def test_a_bomb_is_refused_before_it_swells(file, refused):
    zeros = b"0" * 300_000_000

    def change(parts):
        parts["tables/starts.jsonl"] = zeros
        one, manifest = table(parts, "starts")
        one["sha256"] = sha256(zeros).hexdigest()
        parts["manifest.json"] = json.dumps(manifest).encode()

    repacked(file, change)
    assert file.stat().st_size < 2_000_000
    assert "tables/starts.jsonl in it is larger than it can be" in refused(file)


@pytest.mark.parametrize("name", ["manifest.json", "secret"])
def test_a_swollen_manifest_or_secret_is_not_read(file, refused, name):
    def change(parts):
        parts[name] = parts[name] + b" " * 2_000_000

    assert f"{name} in it is larger than it can be" in refused(repacked(file, change))


def test_a_line_without_end_is_refused_before_it_fills_the_memory():
    with pytest.raises(BackupError, match="too long"):
        list(split_lines(lambda size: b"x" * size * 64))


def test_a_last_line_without_its_end_is_refused():
    pieces = iter([b"[1]\n[2", b"]", b""])
    with pytest.raises(BackupError, match="cut short"):
        list(split_lines(lambda size: next(pieces)))


def test_lines_are_read_the_same_wherever_the_pieces_end():
    text = b'["a"]\n["bc"]\n\n["d"]\n'
    for size in range(1, len(text) + 1):
        pieces = iter([text[at : at + size] for at in range(0, len(text), size)] + [b""])
        assert list(split_lines(lambda _, pieces=pieces: next(pieces))) == text.split(b"\n")[:-1]


def test_bytes_stand_as_base64_and_come_back():
    lines = Lines(3, (1,))
    assert lines.line((1, b"\x00\xff", "é")) == '[1,"AP8=","é"]'
    assert lines.row(lines.line((1, b"\x00\xff", "é")).encode()) == (1, b"\x00\xff", "é")
    assert lines.row(b'[1,null,"x"]') == (1, None, "x")
    for wrong in (b'[1,"not base64!",2]', b"[1,2,3]"):
        with pytest.raises(BackupError):
            lines.row(wrong)


def test_a_manifest_comes_back_as_it_was(file):
    with open_backup(file) as backup:
        manifest = backup.manifest
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert "secret" in manifest.about
