"""/metrics: what Prometheus collects, each number taken when it is asked for."""

import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from starlette.responses import Response

from publisher import __version__
from publisher.app.numbers import numbers
from publisher.errors import StoreError
from publisher.web.pages import PRIVATE
from publisher.web.refused import Refused
from publisher.web.visit import Page, Visit

if TYPE_CHECKING:
    from publisher.app import App
    from publisher.web.counts import Counts

# name, kind, labels, meaning; docs/reference/web.md has the same table.
METRICS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("publisher", "info", (), "The version that runs"),
    ("publisher_http_requests_total", "counter", ("route", "status"), "Answers given"),
    ("publisher_http_seconds_total", "counter", ("route",), "Time that pages took to be made"),
    ("publisher_subscribers", "gauge", ("state",), "Subscribers in each state"),
    ("publisher_deliveries_waiting", "gauge", (), "Deliveries that are due and have not left"),
    ("publisher_last_run_seconds", "gauge", ("job", "outcome"), "When a job last ended so"),
    ("publisher_feeds_changed_seconds", "gauge", (), "When the feeds last changed"),
)


def metrics_page(counts: "Counts") -> Page:
    """Return the row of /metrics; it shows these counts beside what the database knows."""

    def show(visit: Visit) -> Response:
        if not _may_see(visit):
            raise Refused(404, "metrics are for this machine, or for who has the token")
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Collected(visit.app, counts))
        text = generate_latest(registry)
        return Response(text, 200, {"cache-control": PRIVATE}, "text/plain; version=0.0.4")

    return Page("/metrics", get=show)


def _may_see(visit: Visit) -> bool:
    token = visit.settings.web.metrics_token
    scheme, _, given = visit.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer":
        return hmac.compare_digest(given.strip().encode(), token.encode())
    return visit.is_local


class _Collected:
    """Yields every number of the table."""

    def __init__(self, app: "App", counts: "Counts") -> None:
        self._app, self._counts = app, counts

    def collect(self) -> Iterator[Metric]:
        found = dict(self._values())
        for name, kind, labels, meaning in METRICS:
            family = _family(name, kind, labels, meaning)
            for key, value in found.get(name, {}).items():
                _add(family, key, value)
            yield family

    def _values(self) -> Iterator[tuple[str, dict[tuple[str, ...], float]]]:
        counts = self._counts
        yield "publisher", {(__version__,): 1}
        asked = dict(counts.requests).items()
        yield "publisher_http_requests_total", {(r, str(status)): n for (r, status), n in asked}
        yield "publisher_http_seconds_total", {(r,): s for r, s in dict(counts.seconds).items()}
        try:
            known = numbers(self._app)
        except StoreError:  # what the web counted is told all the same; /readyz tells the rest
            return
        yield "publisher_subscribers", {(state,): n for state, n in known.subscribers.items()}
        yield "publisher_last_run_seconds", {(*key,): at for key, at in known.last_runs.items()}
        yield "publisher_deliveries_waiting", {(): known.waiting}
        if known.feeds_changed_at is not None:
            yield "publisher_feeds_changed_seconds", {(): known.feeds_changed_at}


def _family(name: str, kind: str, labels: tuple[str, ...], meaning: str) -> Metric:
    if kind == "info":
        return InfoMetricFamily(name, meaning)
    if kind == "counter":
        return CounterMetricFamily(name, meaning, labels=labels)
    return GaugeMetricFamily(name, meaning, labels=labels)


def _add(family: Metric, key: tuple[str, ...], value: float) -> None:
    if isinstance(family, InfoMetricFamily):
        family.add_metric((), {"version": key[0]})
    elif isinstance(family, (CounterMetricFamily, GaugeMetricFamily)):
        family.add_metric(key, value)
