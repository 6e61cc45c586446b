import time
from xml.etree import ElementTree

import pytest

from publisher.content import open_library

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x03\x00\x00\x00\x02\x08\x02\x00\x00\x00"
    b"\x12\x16\xf1M"
)


def body_of(site, now, text, path="2026/a.en.md"):
    site.item(path, "A", body=text)
    library = open_library(site.settings, now=now)
    (item,) = [item for item in library.items if item.path == f"content/{path}"]
    body = library.body(item)
    ElementTree.fromstring(f"<div>{body.html}</div>")
    return body


def html_of(site, now, text, path="2026/a.en.md"):
    return body_of(site, now, text, path).html


def doubts(site, now, text, path="2026/a.en.md"):
    site.item(path, "A", body=text)
    return list(open_library(site.settings, now=now).body_problems())


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a **b** ~~c~~", "<p>a <strong>b</strong> <del>c</del></p>"),
        ("a&nbsp;b<br>c", "<p>a\u00a0b<br />c</p>"),
        ("a&#1;b\x07c", "<p>abc</p>"),
        (
            "https://example.org/a?b=1&c=2",
            '<p><a href="https://example.org/a?b=1&amp;c=2">https://example.org/a?b=1&amp;c=2</a></p>',
        ),
        ("[x](/about)", '<p><a href="https://example.org/about">x</a></p>'),
        ("[x](//cdn.example/y)", '<p><a href="https://cdn.example/y">x</a></p>'),
        ("[x](#part)", '<p><a href="https://example.org/en/a/#part">x</a></p>'),
        ("[x](javascript:alert)", "<p><a>x</a></p>"),
        ("[x](ftp://example.org/)", "<p><a>x</a></p>"),
        ("[x](mailto:a@example.org)", '<p><a href="mailto:a@example.org">x</a></p>'),
        (
            '<a href="/مؤتمر">x</a>',
            '<p><a href="https://example.org/%D9%85%D8%A4%D8%AA%D9%85%D8%B1">x</a></p>',
        ),
        (
            '<p style="color:red" onclick="x()" lang="fr" dir="ltr">a</p>',
            '<p lang="fr" dir="ltr">a</p>',
        ),
        ("<!-- hidden -->\n\nShown", "<p>Shown</p>"),
        ("<form><input name=x>a</form>", "a"),
        ("## Head {#anchor}", "<h2>Head</h2>"),
        ("`{{ x }}` stays", "<p><code>{{ x }}</code> stays</p>"),
        ("```\n{{< figure >}}\n```", "<pre><code>{{&lt; figure &gt;}}\n</code></pre>"),
        (
            '<iframe src="//www.youtube.com/embed/abcdef12345"></iframe>',
            '<p><a href="https://www.youtube.com/watch?v=abcdef12345">www.youtube.com</a></p>',
        ),
        ('<iframe src="javascript:alert(1)"></iframe>x', "x"),
    ],
)
def test_text_becomes_clean_absolute_html(site, now, text, html):
    assert html_of(site, now, text) == html


def test_video_element_becomes_a_link_with_its_poster(site, now):
    html = html_of(
        site,
        now,
        '<video src="https://example.org/v.mp4" poster="https://example.org/p.jpg"></video>',
    )
    assert '<a href="https://example.org/v.mp4"><img src="https://example.org/p.jpg"' in html


def test_table_keeps_its_alignment(site, now):
    html = html_of(site, now, "| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert '<td align="center">1</td>' in html


def test_footnotes_carry_the_items_own_prefix(site, now):
    text = "a[^1]\n\n[^1]: note"
    one = html_of(site, now, text, "a.en.md")
    two = html_of(site, now, text, "b.en.md")
    assert one != two
    for html in (one, two):
        tree = ElementTree.fromstring(f"<div>{html}</div>")
        ids = {element.get("id") for element in tree.iter() if element.get("id")}
        anchors = {a.get("href")[1:] for a in tree.iter("a")}
        assert anchors == ids


def test_links_to_files_of_items_lead_to_their_pages_in_the_same_language(site, now):
    for language in ("en", "ar"):
        site.item(f"2026/b.{language}.md", "B")
    text = "[1](b.md) [2](b.en.md#x) [3](/2026/b.md) [4](gone.md)"
    html = html_of(site, now, text, "2026/a.ar.md")
    assert 'href="https://example.org/ar/b/">1' in html
    assert 'href="https://example.org/en/b/#x">2' in html
    assert 'href="https://example.org/ar/b/">3' in html
    (problem,) = doubts(site, now, text, "2026/a.ar.md")
    assert "gone.md" in problem.message
    assert problem.line == 5


def test_local_pictures_and_files_are_published_with_sizes(site, now):
    site.write("content/2026/p.png", PNG)
    site.write("content/2026/r.pdf", b"%PDF")
    body = body_of(site, now, "![Hall](p.png) [report](./r.pdf) ![x](gone.png)")
    assert [file.path for file in body.files] == ["content/2026/p.png", "content/2026/r.pdf"]
    assert 'alt="Hall" width="3" height="2" />' in body.html
    assert "https://news.example.org/feeds/files/" in body.html
    assert 'src="https://example.org/en/a/gone.png"' in body.html


def test_no_link_reaches_beyond_content(site, now):
    body = body_of(
        site, now, "[x](../../publisher.toml) ![y](../../publisher.toml) [z](/etc/passwd)"
    )
    assert body.files == ()


def test_every_block_of_a_right_to_left_text_has_its_direction(site, now):
    html = html_of(
        site,
        now,
        "نص 2023\n\nOnly English\n\n- بند\n\n`code`\n\n> قول\n\n```\nx = 1\n```",
        "a.ar.md",
    )
    assert '<p dir="rtl">نص 2023</p>' in html
    assert '<p dir="ltr">Only English</p>' in html
    assert '<ul dir="rtl">\n<li dir="rtl">بند' in html
    assert '<code dir="ltr">code</code>' in html
    assert '<blockquote dir="rtl">' in html
    assert '<pre dir="ltr">' in html


def test_right_to_left_paragraph_in_a_left_to_right_text_is_marked(site, now):
    html = html_of(site, now, "English with كلمة\n\nنص عربي فقط")
    assert "<p>English with كلمة</p>" in html
    assert '<p dir="rtl">نص عربي فقط</p>' in html


def test_plain_text_has_paragraphs_lists_and_line_breaks(site, now):
    body = body_of(
        site,
        now,
        "One\nline.\n\n- a\n- b\n\nTwo<br>lines &amp; more.\n\n| a | b |\n|-|-|\n| 1 | 2 |",
    )
    assert body.text == "One line.\n\n- a\n- b\n\nTwo\nlines & more.\n\na | b\n1 | 2"


def test_summary_is_the_editors_else_the_first_paragraph_that_says_anything(site, now):
    assert (
        body_of(
            site, now, "![x](https://example.org/p.png)\n\n# H\n\nFirst *one*.\n\nSecond."
        ).summary
        == "First one."
    )
    site.item("b.en.md", "B", summary="Mine.")
    library = open_library(site.settings, now=now)
    assert library.body(library.find("b", "en")).summary == "Mine."
    long = body_of(site, now, "word " * 400).summary
    assert len(long) <= 600
    assert long.endswith("word…")


def test_picture_without_alternative_text_is_a_warning_with_its_line(site, now):
    (problem,) = doubts(site, now, "Text.\n\n![](https://example.org/p.png)")
    assert (problem.line, problem.is_error) == (7, False)
    assert "alternative" in problem.message


def test_bold_that_shows_its_asterisks_in_arabic_is_a_warning(site, now):
    (problem,) = doubts(site, now, "سطر\n\nهذا **نص،**كلمة", "a.ar.md")
    assert problem.line == 7
    assert not doubts(site, now, "هذا **نص**، `**x**`", "a.ar.md")


def test_unknown_shortcode_is_reported_once_a_name(site, now):
    site.item("b.en.md", "B", body="{{< toc >}}")
    (problem,) = doubts(site, now, "x {{< toc >}} y {{< toc >}}")
    assert '"toc"' in problem.message
    assert "2 files" in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 30_000,
        "<b><i>" * 15_000 + "x",
        "<p>" * 50_000,
        "> " * 20_000 + "x",
        "[" * 50_000,
        "`{{" * 60_000,
        "{{<" * 50_000 + "{%" * 50_000,
        "{{< comment >}}" * 20_000,
        "*a **b " * 30_000,
        "&" * 100_000,
        "<a " * 50_000,
        '<iframe src="' * 20_000,
        '<div title="<">' * 20_000,
        "x " * 300_000,
        "| a " * 5_000 + "\n" + "|-" * 5_000 + "\n" + "| b " * 5_000,
    ],
    ids=range(15),
)
def test_no_text_takes_long_or_grows_large(site, now, text):
    started = time.process_time()
    html = html_of(site, now, text)
    assert time.process_time() - started < 2
    assert len(html) < 1_000_000
    depth = deepest(ElementTree.fromstring(f"<div>{html}</div>"))
    assert depth < 250


def deepest(root):
    depth, level = 0, [root]
    while level:
        depth, level = depth + 1, [child for element in level for child in element]
    return depth
