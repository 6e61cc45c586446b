import pytest

from publisher.content.files import media_type, picture_size, safe_name


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (b"GIF89a\x05\x00\x04\x00", (5, 4)),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x0b\x08\x00\x07\x00\x09\x01", (9, 7)),
        (b"RIFF....WEBPVP8X....\x00\x00\x00\x00\x07\x00\x00\x05\x00\x00", (8, 6)),
        (b"RIFF....WEBPVP8 ..........\x08\x00\x06\x00", (8, 6)),
        (b"RIFF....WEBPVP8L....\x2f\x07\x40\x01\x00", (8, 6)),
        (b'<?xml version="1.0"?><svg width="8" height="6px">', (8, 6)),
        (b'<svg viewBox="0 0 80 60.5">', (80, 60)),
        (b"\x89PNG\r\n\x1a\n", (0, 0)),
        (b"\xff\xd8\xff\xe0\xff", (0, 0)),
        (b"\xff\xd8" + b"\xff" * 50, (0, 0)),
        (b"text", (0, 0)),
    ],
)
def test_picture_size_is_read_from_the_first_bytes(data, size):
    assert picture_size(data) == size


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report 1.pdf", "report-1.pdf"),
        ("تقرير.pdf", "تقرير.pdf"),
        ('a"b\r\nc<d>.PDF', "a-b-c-d.PDF"),
        ("...", "file"),
        ("x" * 300 + ".pdf", "x" * 150 + ".pdf"),
        ("noending", "noending"),
    ],
)
def test_file_name_is_safe_in_an_address_and_on_a_disk(name, safe):
    assert safe_name(name) == safe


def test_media_type_follows_the_ending():
    assert media_type("a.PDF") == "application/pdf"
    assert media_type("a.what") == "application/octet-stream"
