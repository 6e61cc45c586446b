"""The composition root: the only place that wires rooms to each other.

An `App` is one site, opened; the verbs of the business are functions of it, a module for each trade:
`building`, `editions`, `sending`, `incoming`, `editing`, `people`, `explaining`, `keeping`. The
command line, the clock, the web and the sample site all call these.
"""

from publisher.app.site import App, Progress, nobody_waits, open_app

__all__ = ["App", "Progress", "nobody_waits", "open_app"]
