"""Reserve a body for each segment of an edition, once, whichever process comes upon it first."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, select

from publisher import delivery
from publisher.digests.edition import Edition
from publisher.digests.segment import Segment, Segmenter
from publisher.store.tables import segments

Key = TypeVar("Key")


class Reserved:
    """The bodies of an edition's segments, as far as one process knows them.

    Segments are told apart by their identity, since the segmenter makes equal ones one object:
    comparing the lists of 150,000 signatures would take a second.
    """

    def __init__(self, edition: Edition, segmenter: Segmenter) -> None:
        self._edition, self._segmenter = edition, segmenter
        self._bodies: dict[int, int] = {}
        self._newest = 0

    def look_up(self, conn: Connection) -> None:
        """Learn what other processes have reserved; before anything is, in each transaction."""
        rows = conn.execute(
            select(segments).where(
                segments.c.edition_id == self._edition.id, segments.c.body_id > self._newest
            )
        )
        for row in rows:
            made = Segment.from_json(row.language, json.loads(row.items), json.loads(row.notices))
            self._bodies[id(self._segmenter.same(made))] = row.body_id
            self._newest = max(self._newest, row.body_id)

    def bodies_of(self, conn: Connection, wanted: Mapping[Key, Segment | None]) -> dict[Key, int]:
        """Return the body of each segment, by the same keys; what is new is reserved."""
        distinct = {id(segment): segment for segment in wanted.values() if segment}
        new = [segment for place, segment in distinct.items() if place not in self._bodies]
        if new:
            languages = [segment.language for segment in new]
            numbers = delivery.reserve_bodies(conn, languages, self._edition.digest)
            self._bodies |= zip(map(id, new), numbers, strict=True)
            self._newest = max(self._newest, *numbers)
            conn.execute(insert(segments), [self._row(segment) for segment in new])
        return {key: self._bodies[id(segment)] for key, segment in wanted.items() if segment}

    def _row(self, segment: Segment) -> dict[str, Any]:
        return {
            "edition_id": self._edition.id,
            "body_id": self._bodies[id(segment)],
            "language": segment.language,
            "items": json.dumps(segment.to_json(), ensure_ascii=False),
            "notices": json.dumps(segment.notices, ensure_ascii=False),
            "recipients": 0,
        }
