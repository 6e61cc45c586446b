import os
import subprocess
import sys
import textwrap

import pytest

from publisher.feeds.stage import Stage, exclusive, recover, settle

WRITES = """
    import sys
    from pathlib import Path
    from publisher import faults
    from publisher.feeds.stage import Stage
    stage = Stage(Path(sys.argv[1]))
    for name in ("a.txt", "en/b.txt", "en/c.txt"):
        stage.put(name, b"new")
    stage.put_beside("a.txt.gz", b"new", "a.txt")
    stage.remove_first("en/b.txt.gz")
    stage.remove("old/gone.txt")
    faults.arm(int(sys.argv[2]))
    stage.commit()
"""


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def folder(tmp_path):
    feeds = tmp_path / "feeds"
    (feeds / "old").mkdir(parents=True)
    (feeds / "en").mkdir()
    (feeds / "a.txt").write_bytes(b"old")
    (feeds / "a.txt.gz").write_bytes(b"old")
    (feeds / "en/b.txt").write_bytes(b"old")
    (feeds / "en/b.txt.gz").write_bytes(b"old")
    (feeds / "old/gone.txt").write_bytes(b"old")
    return feeds


def test_a_crash_at_any_point_leaves_the_old_set_or_the_new(tmp_path, folder):
    old = contents(folder)
    new = {"a.txt": b"new", "a.txt.gz": b"new", "en/b.txt": b"new", "en/c.txt": b"new"}
    seen = []
    for point in range(1, 40):
        place = tmp_path / str(point) / "feeds"
        place.parent.mkdir()
        subprocess.run(["cp", "-r", folder, place], check=True)
        code = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(WRITES), place, str(point)], check=False
        ).returncode
        now = contents(place)
        if now["a.txt"] == b"new":  # what was made of a file is never older than it
            assert now["a.txt.gz"] == b"new"
        if now["en/b.txt"] == b"new":
            assert "en/b.txt.gz" not in now
        recover(place)
        seen.append(contents(place))
        assert seen[-1] in (old, new)
        assert not (place / ".next").exists()
        if code == 0:
            break
        assert code == 9
    assert seen[0] == old
    assert seen[-1] == new
    assert len(seen) > 8


def test_recovering_leaves_a_build_at_work_alone(folder):
    stage = Stage(folder)
    stage.put("a.txt", b"new")
    with exclusive(folder):
        recover(folder)
        stage.commit()
    assert (folder / "a.txt").read_bytes() == b"new"


def test_only_one_holds_the_lock(folder):
    with exclusive(folder) as first, exclusive(folder, wait=False) as second:
        assert (first, second) == (True, False)


def test_a_stage_without_its_list_never_happened(folder):
    stage = Stage(folder)
    stage.put("a.txt", b"new")
    settle(folder)
    assert (folder / "a.txt").read_bytes() == b"old"
    assert not (folder / ".next").exists()


def test_nothing_staged_leaves_nothing(folder):
    Stage(folder).commit()
    assert not (folder / ".next").exists()


def test_files_can_be_read_by_the_web_server(folder):
    before = os.umask(0o077)
    try:
        stage = Stage(folder)
        stage.put("a.txt", b"new")
        stage.commit()
    finally:
        os.umask(before)
    assert (folder / "a.txt").stat().st_mode & 0o777 == 0o644


def test_a_stage_left_by_an_older_version_is_finished(folder):
    stage = folder / ".next"
    stage.mkdir()
    (stage / "a.txt").write_bytes(b"new")
    (stage / "list.json").write_text('{"write": ["a.txt"], "remove": ["old/gone.txt"]}')
    settle(folder)
    assert (folder / "a.txt").read_bytes() == b"new"
    assert not (folder / "old").exists()


@pytest.mark.parametrize("path", ["../x", "/etc/x", "en/../../x", ".next/list.json", ""])
def test_no_path_leads_out_of_the_folder(folder, path):
    with pytest.raises(ValueError, match="not a path inside"):
        Stage(folder).put(path, b"x")
