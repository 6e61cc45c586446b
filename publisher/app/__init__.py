"""The composition root: the only place that wires rooms to each other.

An `App` is one site, opened. The verbs of the business are its methods; the command line, the clock,
the web and the sample site all call these.
"""

from publisher.app.site import App, Progress, Sent, nobody_waits, open_app

__all__ = ["App", "Progress", "Sent", "nobody_waits", "open_app"]
