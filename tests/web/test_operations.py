"""What watches over a site asks, and what it is told."""

import re

import pytest
from sqlalchemy import insert

from publisher.app import building
from publisher.store import write
from publisher.store.tables import runs
from publisher.web.metrics import METRICS
from tests.conftest import SETTINGS
from tests.web.test_feeds import until

PROXIED = {"X-Forwarded-For": "203.0.113.9"}


def test_health_is_one_word(still_web):
    assert still_web.get("/healthz").text == "ok\n"
    assert still_web.get("/readyz").text == "ready\n"


def test_who_is_not_ready_tells_strangers_no_more_than_that(web, site):
    secret = site.root / "var/secret"
    secret.chmod(0o644)
    answer = web.ask("GET", "/readyz", headers=PROXIED)
    assert (answer.status, answer.text) == (503, "not ready\n")
    assert "P008" in web.get("/readyz").text
    secret.chmod(0o600)
    until(lambda: web.get("/readyz").status == 200)


def test_every_number_of_the_table_is_told(stored_web):
    app = stored_web.app
    stored_web.get("/nothing")
    stored_web.get("/feeds/en/nothing.rss")
    building.build(app)
    stored_web.get("/feeds/manifest.json")
    with write(app.engine) as conn:
        conn.execute(
            insert(runs).values(job="build", started_at=1, ended_at=1772452800, outcome="done")
        )
    text = stored_web.get("/metrics").text
    for name, kind, _, _ in METRICS:
        assert f"# HELP {name}{'_info' if kind == 'info' else ''} " in text, name
    assert 'publisher_http_requests_total{route="nowhere",status="404"} 2.0' in text
    assert 'publisher_last_run_seconds{job="build",outcome="done"} 1.7724528e+09' in text
    assert "publisher_deliveries_waiting 0.0" in text
    assert "process_resident_memory_bytes" in text


@pytest.mark.parametrize(
    "headers",
    [
        PROXIED,
        {"Forwarded": "for=203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"Authorization": "Bearer "},
        PROXIED | {"Authorization": "Bearer wrong"},
    ],
)
def test_metrics_are_nothing_to_strangers(still_web, headers):
    if "Authorization" in headers and len(headers) == 1:
        headers = headers | PROXIED
    answer = still_web.ask("GET", "/metrics", headers=headers)
    assert answer.status == 404
    assert answer.body == still_web.ask("GET", "/nothing", headers=headers).body


def test_the_token_opens_metrics_from_anywhere(site, open_web):
    site.configure(SETTINGS + 'metrics_token_file = "var/metrics"\n')
    site.write("var/metrics", "a-long-secret\n")
    browser = open_web()
    right = PROXIED | {"Authorization": "Bearer a-long-secret"}
    assert browser.ask("GET", "/metrics", headers=right).status == 200
    wrong = PROXIED | {"Authorization": "Bearer a-long-secreT"}
    assert browser.ask("GET", "/metrics", headers=wrong).status == 404


def test_logs_name_the_route_and_nobody_who_asked(open_web, capfd):
    from starlette.responses import PlainTextResponse

    from publisher.ops import log
    from publisher.web.visit import Page

    log.configure(json=True, level="debug")
    try:
        browser = open_web(Page("/place/{token}", get=lambda visit: PlainTextResponse("bye")))
        browser.get(
            "/place/a-secret-token?email=reader@example.org", **{"X-Forwarded-For": "192.0.2.7"}
        )
        browser.get("/secret-path")
        told = capfd.readouterr().err
    finally:
        log.configure(json=False, level="warning")
    assert '"route": "/place/{token}", "status": 200' in told
    assert not re.search("secret|reader@|192.0.2.7", told)
