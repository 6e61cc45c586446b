"""Which files of a site changed since a commit, by asking git."""

import os
import shutil
import subprocess
from pathlib import Path

import click

_NAMES = ("-z", "--no-renames", "--ignore-submodules=all")
_PATIENCE = 60  # seconds; a big repository on a slow disk


def changed_since(root: Path, ref: str) -> frozenset[str]:
    """Return the site's files that differ from where the present work left a branch, tag or commit.

    Also what is not committed or not even known to git; deleted files too. Paths are relative to
    the site, which may be a folder of its repository.

    Raises click.BadParameter when there is no repository or no such commit.
    """
    if ref.startswith("-"):
        raise _wrong(f'"{ref}" is no name of a commit; it starts with "-"')
    if _git(root, "rev-parse", "--is-inside-work-tree").strip() != b"true":
        raise _wrong(f"{root} is in no git repository, so nothing is known of its changes")
    commit = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if not commit:
        raise _wrong(
            f'git knows no commit "{ref}" here; fetch it first '
            "(a pipeline often has the last commit only)"
        )
    given = commit.strip().decode()
    # What others did on that branch meanwhile is not among our changes.
    base = _git(root, "merge-base", given, "HEAD").strip().decode() or given
    place = place_in_repository(root)
    committed = _git(root, "diff", *_NAMES, "--name-only", base, "HEAD", "--", ".")
    # Of the ways to see what is not committed, only this one never writes into the repository.
    standing = _git(root, "status", *_NAMES, "--porcelain", "--untracked-files=all", "--", ".")
    names = [*committed.split(b"\0"), *(line[3:] for line in standing.split(b"\0"))]
    return frozenset(os.fsdecode(name).removeprefix(place) for name in names if name)


def place_in_repository(root: Path) -> str:
    """Return where a site lies in its repository, with "/" at the end; "" at its top or in none."""
    return os.fsdecode(_git(root, "rev-parse", "--show-prefix").rstrip(b"\n"))


def _git(root: Path, *words: str) -> bytes:
    """Return what git says; nothing when it fails or is not there."""
    program = shutil.which("git")
    if program is None:
        return b""
    # A repository may name a program to be run as its file monitor; looking should run nothing.
    options = ("--no-optional-locks", "-c", "core.fsmonitor=false")
    done = subprocess.run(  # noqa: S603, no shell; the one word from outside is checked above
        [program, "-C", str(root), *options, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_PATIENCE,
        check=False,
    )
    return done.stdout if done.returncode == 0 else b""


def _wrong(said: str) -> click.BadParameter:
    return click.BadParameter(said, param_hint="--since")
