"""Links that lead nowhere: which are asked, what is said of them, and how much it may cost."""

import json
import socket
import time
from datetime import timedelta

import pytest
from reach.server import HUSH, SOON, page, redirect

from publisher.errors import Level
from publisher.reach import Limits, Reach


def statuses(**by_path):
    """Answer each path with its status, 200 for others."""
    return lambda method, path: page(b"", by_path.get(path[1:].partition("?")[0], "200 OK"))


@pytest.mark.parametrize("status", ["404 Not Found", "410 Gone"])
def test_a_page_that_is_not_there_is_a_warning_at_the_line_of_the_link(site, serve, follow, status):
    server = serve(statuses(gone=status))
    site.item(
        "a.en.md", "A", body=f"One.\n\nSee [this]({server.url}/gone) and [that]({server.url}/)."
    )
    (problem,) = follow(server)
    assert (problem.path, problem.line, problem.level) == ("content/a.en.md", 7, Level.WARNING)
    assert f"{server.url}/gone leads nowhere: {status}" in problem.message


def test_links_stand_in_front_matter_too(site, serve, follow):
    server = serve(page(b"", "404 Not Found"))
    site.write(
        "content/a.en.md",
        f"""---
title: A
date: 2026-03-01
kind: event
event:
  start: 2026-04-01 10:00
  url: {server.url}/event
image: {{src: {server.url}/photo.jpg, alt: A photo}}
video: {server.url}/video
downloads:
  - url: {server.url}/report.pdf
---
![Picture]({server.url}/picture.png)
""",
    )
    lines = {
        problem.message.split("/")[3].split(" ")[0]: problem.line for problem in follow(server)
    }
    assert lines == {"event": 7, "photo.jpg": 8, "video": 9, "report.pdf": 11, "picture.png": 13}


def test_an_address_written_in_its_own_script_or_relative_is_found_in_the_file(site, serve, follow):
    server = serve(page(b"", "404 Not Found"))
    text = (site.root / "publisher.toml").read_text().replace("https://example.org", server.url)
    site.configure(text)
    site.item("a.en.md", "A", body=f"[a]({server.url}/سلام)\n\n[b](/about/us/)\n\n[c](</a b>)")
    assert sorted(problem.line for problem in follow(server)) == [5, 7, 9]


def test_a_link_shared_by_translations_is_one_warning_where_it_is_written(site, serve, follow):
    server = serve(page(b"", "404 Not Found"))
    site.item("a.en.md", "A", video=f"{server.url}/film")
    site.write("content/a.ar.md", "---\ntitle: ألف\n---\nنص.\n")
    (problem,) = follow(server)
    assert (problem.path, problem.line) == ("content/a.en.md", 4)
    assert len(server.heads) == 2, "one HEAD, one GET"


def test_a_link_in_many_files_is_said_once_and_counted(site, serve, follow):
    server = serve(page(b"", "404 Not Found"))
    for number in range(30):
        site.item(f"{number}.en.md", f"Item {number}", body=f"[x]({server.url}/x#part{number})")
    (problem,) = follow(server)
    assert "(and in 29 more files)" in problem.message


def test_pages_of_items_examples_and_own_files_are_not_asked(site, serve, follow):
    server = serve(page())
    asked = []

    def resolver(host, port):
        asked.append(host)
        return ("127.0.0.1",)

    site.write("content/file.pdf", b"%PDF-1.4")
    site.item("b.en.md", "B")
    site.item(
        "a.en.md",
        "A",
        downloads="[file.pdf]",
        body="[a](b.en.md) [b](https://example.org/en/b/) [c](http://site.test/) "
        "[d](mailto:a@b.org) [e](http://localhost:1/) [f](https://news.example.org/feeds/x) "
        '`<a href="http://in-code.org/">`',
    )
    assert follow(resolver=resolver) == ()
    assert follow(server, resolver=resolver) == ()
    assert asked == []


def test_a_server_that_minds_head_is_asked_with_get(site, serve, follow):
    def picky(method, path):
        return page(b"", "200 OK" if method == "GET" else path[1:4] + " No")

    server = serve(picky)
    links = " ".join(f"[x]({server.url}/{status})" for status in (405, 403, 501, 404))
    site.item("a.en.md", "A", body=links)
    assert follow(server) == ()
    assert {f"GET /{status}" for status in (405, 403, 501, 404)} <= set(server.asked)


@pytest.mark.parametrize("status", ["401 No", "403 No", "429 Slow down", "418 Teapot", "999 No"])
def test_a_server_that_will_not_tell_programs_is_left_in_peace(site, serve, follow, status):
    server = serve(page(b"", status))
    site.item("a.en.md", "A", body=f"[x]({server.url}/a) [y]({server.url}/b)")
    assert follow(server) == ()


@pytest.mark.parametrize("said", [page(b"", "503 Busy"), b"", b"no HTTP at all\r\n\r\n"])
def test_a_server_in_trouble_is_named_once_and_no_link_is_called_dead(site, serve, follow, said):
    server = serve(said)
    site.item("a.en.md", "A", body=f"[x]({server.url}/a) [y]({server.url}/b)")
    (problem,) = follow(server)
    assert "could not be checked" in problem.message
    assert "nowhere" not in problem.message


def test_nobody_listening_is_dead(site, serve, follow):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = f"127.0.0.1:{listening.getsockname()[1]}"
    site.item("a.en.md", "A", body=f"[x](http://{place}/)")
    gone = type("Gone", (), {"place": place})()
    (problem,) = follow(gone)
    assert "nobody listens there" in problem.message


def test_private_addresses_are_said_and_not_asked(site, serve, follow, now):
    server = serve(page())
    site.item(
        "a.en.md",
        "A",
        body=f"[x](http://127.0.0.1:8080/) [y](http://169.254.169.254/) [z](http://10.0.0.1/) "
        f"[n](http://inside.org/) [s]({server.url})",
    )
    found = follow(
        resolver=lambda host, port: ("192.168.0.7",) if host == "inside.org" else (host,)
    )
    assert len(found) == 4
    assert all("leads to a private address" in problem.message for problem in found)
    assert server.heads == []


def test_a_redirect_into_the_private_is_not_followed(site, serve, follow):
    server = serve(redirect("http://169.254.169.254/"))
    site.item("a.en.md", "A", body=f"[x]({server.url}/a)")
    follow(server)
    assert set(server.asked) == {"HEAD /a"}


def test_what_answers_is_not_asked_again_for_a_week_what_is_dead_for_an_hour(
    site, serve, follow, now
):
    server = serve(statuses(gone="404 No"))
    site.item("a.en.md", "A", body=f"[x]({server.url}/there) [y]({server.url}/gone)")
    first = follow(server)
    assert len(first) == 1
    asked = len(server.asked)
    assert follow(server, at=now + timedelta(minutes=59)) == first
    assert len(server.asked) == asked
    follow(server, at=now + timedelta(minutes=61))
    assert server.asked[asked:] == ["HEAD /gone", "GET /gone"]
    follow(server, at=now + timedelta(days=7, minutes=1))
    assert "HEAD /there" in server.asked[asked + 2 :]


@pytest.mark.parametrize(
    "spoilt",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b'{"form": 1}',
        b'{"form": 1, "links": 3}',
        b'{"form": 1, "links": {"x": 1}}',
        b'{"form": 1, "links": {"x": ["a", "b", "c"]}}',
        b'{"form": 9, "links": {}}',
        b"[" * 100_000,
    ],
)
def test_a_spoilt_memory_is_forgotten(site, serve, follow, spoilt):
    server = serve(statuses(gone="404 No"))
    site.item("a.en.md", "A", body=f"[y]({server.url}/gone)")
    path = site.write("var/cache/links.json", spoilt)
    assert len(follow(server)) == 1
    assert json.loads(path.read_bytes())["links"]


def test_a_memory_that_cannot_be_written_stops_nothing(site, serve, follow):
    server = serve(statuses(gone="404 No"))
    site.item("a.en.md", "A", body=f"[y]({server.url}/gone)")
    site.write("var/cache/links.json/in-the-way", b"")
    assert len(follow(server)) == 1


def test_many_links_are_asked_at_once_but_few_of_one_host(site, serve, follow):
    def slow(method, path):
        server = servers[int(path.split("/")[1]) - 1]
        end = time.monotonic() + 30
        while server.most_busy < 2 and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(0.02)  # so that a third would meet the second
        return page()

    servers = [serve(slow, host=f"127.0.0.{number}") for number in (1, 2, 3, 4)]
    for number, server in enumerate(servers, 1):
        server.place = f"127.0.0.{number}:{server.port}"
    links = "".join(
        f"[x](http://{server.place}/{number}/{n})\n"
        for number, server in enumerate(servers, 1)
        for n in range(6)
    )
    site.item("a.en.md", "A", body=links)
    assert follow(*servers) == ()
    assert [server.most_busy for server in servers] == [2, 2, 2, 2]


def test_the_budget_is_kept_and_what_is_left_is_counted_newest_first(site, serve, follow):
    silent = {10, 9}  # both who ask this host come to wait here

    def answer(method, path):
        return [HUSH] if int(path[1:]) in silent else page()

    server = serve(answer)
    for number in range(1, 21):
        site.item(
            f"{number}.en.md",
            f"Item {number}",
            date=f"2026-02-{number:02}",
            body=f"[x]({server.url}/{number})",
        )
    began = time.monotonic()
    (problem,) = follow(server, budget=1)
    assert time.monotonic() - began < SOON
    assert "links were not checked within 1 seconds" in problem.message
    assert {"HEAD /20", "HEAD /19"} <= set(server.asked)
    assert "HEAD /1" not in server.asked
    silent = {2, 1}
    again = follow(server, budget=1)
    assert server.asked.count("HEAD /20") == 1, "the next look goes on where this one ended"
    assert int(again[0].message.split()[0]) < int(problem.message.split()[0])


def no_name(host, port):
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


def no_server(host, port):
    raise socket.gaierror(socket.EAI_AGAIN, "try again")


def test_a_wall_that_swallows_everything_is_no_fault_of_the_links(site, serve, follow):
    server = serve(HUSH)
    places = [f"host-{number}.org:{server.port}" for number in range(9)]
    site.item("a.en.md", "A", body="\n".join(f"[x](http://{place}/)" for place in places))
    reach = Reach(
        "https://a.org",
        frozenset(places),
        limits=Limits(seconds=0.1),
        resolver=lambda host, port: ("127.0.0.1",),
    )
    (problem,) = follow(reach=reach)
    assert "reaches no other host" in problem.message


@pytest.mark.parametrize("resolver", [no_name, no_server])
def test_a_machine_that_reaches_nobody_says_so_once(site, follow, resolver):
    links = "\n".join(f"[x](http://host-{n}.org/{m})" for n in range(50) for m in range(4))
    site.item("a.en.md", "A", body=links)
    (problem,) = follow(resolver=resolver)
    assert "links were not checked: this machine reaches no other host" in problem.message
    assert not (site.root / "var/cache/links.json").exists(), "nothing was learned"


def test_one_unknown_host_is_a_dead_link_one_silent_name_server_is_not(site, follow):
    site.item("a.en.md", "A", body="[x](http://mistyped.org/)")
    (problem,) = follow(resolver=no_name)
    assert "there is no host of this name" in problem.message
    (site.root / "var/cache/links.json").unlink()
    (problem,) = follow(resolver=no_server)
    assert "reaches no other host" in problem.message


def test_unknown_hosts_among_others_that_answer_are_dead(site, serve, follow):
    server = serve(page())

    def resolver(host, port):
        return ("127.0.0.1",) if host == "there.org" else no_name(host, port)

    server.place = f"there.org:{server.port}"
    others = [type("Gone", (), {"place": f"gone-{n}.org:80"})() for n in range(3)]
    links = "".join(f"[x](http://{one.place}/)\n" for one in [server, *others])
    site.item("a.en.md", "A", body=links)
    found = follow(server, *others, resolver=resolver)
    assert len(found) == 3
    assert all("there is no host of this name" in problem.message for problem in found)


def test_a_name_of_examples_is_asked_when_a_test_lists_it(site, follow):
    site.item("a.en.md", "A", body="[x](http://localhost/) [y](http://localhost:80/y)")
    listed = type("Listed", (), {"place": "localhost:80"})()
    assert follow() == ()
    assert len(follow(listed, resolver=no_name)) == 2
