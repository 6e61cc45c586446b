"""A check of the machines that share a site."""

from typing import TYPE_CHECKING

from publisher.app import keeping
from publisher.checks.finding import Answer, Result

if TYPE_CHECKING:
    from publisher.app import App


def at_work(app: "App") -> Answer:
    """Say who runs `publisher run` or `worker` now, and see that somebody opens editions."""
    if not app.is_shared:
        return Result.OK, "machines: this one; SQLite is for one", ""
    found = sorted(keeping.machines(app).values())
    if not found:
        return Result.OK, "machines: none at work now; `publisher send` sends when it is called", ""
    said = f"machines: {len(found)} at work, {', '.join(found)}"
    if not any(holder.endswith(" with content") for holder in found):
        return (
            Result.WARNING,
            f"{said}; none has content/, so nobody builds feeds or opens editions",
            "start `publisher run` on the machine with content/",
        )
    return Result.OK, said, ""
