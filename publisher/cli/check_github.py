"""Problems as GitHub's workflow commands, which show each at its line in a pull request.

Source: docs.github.com, "Workflow commands for GitHub Actions", and the escaping in
actions/toolkit, packages/core/src/command.ts; read in November 2026.
"""

from publisher.errors import Problem

_TITLE = "publisher"


def command_of(problem: Problem, prefix: str) -> str:
    """Return the one line that shows a problem.

    prefix  where the site lies in its repository, with "/" at the end
    """
    place = f"file={_property(prefix + problem.path)}"
    if problem.line:
        place += f",line={problem.line}"
    said = problem.message + (f"; {problem.hint}" if problem.hint else "")
    return f"::{problem.level.value} {place},title={_TITLE}::{_data(said)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
