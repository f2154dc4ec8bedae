"""The incident folder: whole files, every revision, nothing led elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agcod_guard.delivery import files as module
from agcod_guard.delivery.files import IncidentFolder
from agcod_guard.errors import DataError

INCIDENT = "20261122T111505Z-eu-3f9a"
FIRST = {"packet.txt": b"one", "sample-request.txt": b"raw", "calls.csv": b"a,b"}
SECOND = FIRST | {"packet.txt": b"two", "calls.csv": b"a,b\nc,d"}


@pytest.fixture
def packets(tmp_path: Path) -> IncidentFolder:
    return IncidentFolder(tmp_path / "data")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_files_stand_in_the_incidents_folder(packets, tmp_path):
    folder = packets.write(INCIDENT, FIRST)

    assert folder == tmp_path / "data" / "incidents" / INCIDENT
    assert contents(folder) == FIRST
    assert packets.folder_of(INCIDENT) == folder


def test_only_the_owner_can_read_them(packets):
    old = os.umask(0)
    try:
        folder = packets.write(INCIDENT, FIRST)
    finally:
        os.umask(old)

    everything = [folder.parent.parent, folder.parent, folder, *folder.rglob("*")]
    modes = {path.stat().st_mode & 0o777 for path in everything if path.is_dir()}
    assert modes == {0o700}
    assert {p.stat().st_mode & 0o777 for p in everything if p.is_file()} == {0o600}


def test_packet_txt_is_the_newest_and_every_revision_is_kept(packets):
    packets.write(INCIDENT, FIRST)
    folder = packets.write(INCIDENT, SECOND)

    assert contents(folder) == SECOND
    assert [path.name for path in packets.revisions(INCIDENT)] == ["1", "2"]
    assert [contents(path) for path in packets.revisions(INCIDENT)] == [FIRST, SECOND]


def test_revisions_are_counted_as_numbers(packets):
    for number in range(11):
        packets.write(INCIDENT, {"packet.txt": str(number).encode()})

    names = [path.name for path in packets.revisions(INCIDENT)]
    assert names == [str(number) for number in range(1, 12)]


def test_what_has_not_changed_is_not_written_again(packets):
    folder = packets.write(INCIDENT, FIRST)
    before = {path: path.stat().st_ino for path in folder.rglob("*")}

    packets.write(INCIDENT, FIRST)

    assert {path: path.stat().st_ino for path in folder.rglob("*")} == before


def test_a_revision_that_loses_a_file_is_a_new_one(packets):
    packets.write(INCIDENT, FIRST)
    packets.write(INCIDENT, {"packet.txt": b"one"})

    assert len(packets.revisions(INCIDENT)) == 2


def test_newest_gives_the_files_and_nothing_else(packets):
    folder = packets.write(INCIDENT, FIRST)
    (folder / ".packet.txt.tmp").write_bytes(b"half")
    (folder / "link.txt").symlink_to("/etc/hostname")

    assert packets.newest(INCIDENT) == {name: folder / name for name in FIRST}


def test_an_incident_without_files_has_none(packets):
    assert packets.newest(INCIDENT) == {}
    assert packets.revisions(INCIDENT) == []


@pytest.mark.parametrize(
    "incident_id",
    [
        "",
        "..",
        "../../etc",
        f"{INCIDENT}/..",
        f"{INCIDENT}\n",
        "20261122T111505Z-../-3f9a",
        "20261122T111505Z-eu-3f9a0",
        "20261122T111505Z-eu-3F9A",
    ],
)
def test_no_other_name_can_be_an_incident(packets, tmp_path, incident_id):
    for ask in (packets.folder_of, packets.newest, packets.revisions):
        with pytest.raises(DataError):
            ask(incident_id)
    with pytest.raises(DataError):
        packets.write(incident_id, FIRST)
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=50, deadline=None)
@given(name=st.text(max_size=20))
def test_no_file_name_leads_out_of_the_folder(name, tmp_path_factory):
    data_dir = tmp_path_factory.getbasetemp() / "names"
    packets = IncidentFolder(data_dir)
    try:
        folder = packets.write(INCIDENT, {name: b"x"})
    except DataError:
        return
    assert (folder / name).parent == folder
    assert (folder / name).read_bytes() == b"x"


@pytest.mark.parametrize("name", ["../x.txt", ".x.txt", "revisions", "a/b.txt", ""])
def test_a_file_with_an_impossible_name_is_refused(packets, name):
    with pytest.raises(DataError):
        packets.write(INCIDENT, {name: b"x"})


@pytest.mark.parametrize("level", ["incidents", f"incidents/{INCIDENT}"])
def test_no_folder_is_reached_through_a_link(packets, tmp_path, level):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    planted = tmp_path / "data" / level
    planted.parent.mkdir(parents=True)
    planted.symlink_to(elsewhere)

    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        packets.write(INCIDENT, FIRST)
    assert list(elsewhere.iterdir()) == []


def test_revisions_are_not_written_through_a_link(packets, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = packets.folder_of(INCIDENT)
    folder.mkdir(parents=True)
    (folder / "revisions").symlink_to(elsewhere)

    with pytest.raises(OSError, match=r"Not a directory|symbolic links"):
        packets.write(INCIDENT, FIRST)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["packet.txt", ".packet.txt.tmp"])
def test_a_planted_link_is_replaced_and_not_written_through(packets, tmp_path, name):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    folder = packets.folder_of(INCIDENT)
    folder.mkdir(parents=True)
    (folder / name).symlink_to(victim)

    packets.write(INCIDENT, FIRST)

    assert victim.read_bytes() == b"precious"
    assert contents(folder) == FIRST
    assert not (folder / "packet.txt").is_symlink()


def test_a_pipe_in_the_place_of_a_file_does_not_stall_the_write(packets):
    folder = packets.folder_of(INCIDENT)
    folder.mkdir(parents=True)
    os.mkfifo(folder / "packet.txt")

    packets.write(INCIDENT, FIRST)

    assert contents(folder) == FIRST


def test_the_data_folder_itself_may_be_a_link(packets, tmp_path):
    (tmp_path / "disk2").mkdir()
    (tmp_path / "data").symlink_to(tmp_path / "disk2")

    packets.write(INCIDENT, FIRST)

    assert contents(tmp_path / "disk2" / "incidents" / INCIDENT) == FIRST


@pytest.mark.parametrize("level", ["data", "data/incidents"])
def test_a_file_in_the_place_of_a_folder_is_an_os_error(packets, tmp_path, level):
    blocker = tmp_path / level
    blocker.parent.mkdir(exist_ok=True)
    blocker.write_bytes(b"in the way")

    with pytest.raises(OSError, match=r"exists|Not a directory"):
        packets.write(INCIDENT, FIRST)
    assert blocker.read_bytes() == b"in the way"


def test_a_folder_in_the_place_of_a_file_leaves_no_half_file(packets):
    folder = packets.write(INCIDENT, FIRST)
    (folder / "packet.txt").unlink()
    (folder / "packet.txt").mkdir()

    with pytest.raises(OSError, match="directory"):
        packets.write(INCIDENT, SECOND)
    assert not list(folder.rglob(".*"))


class Crash(BaseException):
    """The process dies here: no handler of ours runs for it."""


@pytest.mark.parametrize("step", range(1, 40))
def test_a_crash_at_any_step_leaves_whole_files_only(packets, monkeypatch, step):
    packets.write(INCIDENT, FIRST)
    crash_at_call(monkeypatch, step)
    try:
        packets.write(INCIDENT, SECOND)
    except Crash:
        pass
    else:
        assert step > 12
    monkeypatch.undo()
    assert packets.newest(INCIDENT).keys() == FIRST.keys()
    newest = {name: p.read_bytes() for name, p in packets.newest(INCIDENT).items()}
    assert all(newest[name] in (FIRST[name], SECOND[name]) for name in FIRST)
    if newest["packet.txt"] == SECOND["packet.txt"]:
        assert newest == SECOND, "the letter came before what it says is attached"
    kept = [contents(path) for path in packets.revisions(INCIDENT)]
    assert kept in ([FIRST], [FIRST, SECOND])

    folder = packets.write(INCIDENT, SECOND)

    assert contents(folder) == SECOND
    kept = [contents(path) for path in packets.revisions(INCIDENT)]
    assert kept == [FIRST, SECOND]
    assert not list(folder.rglob(".*"))


def crash_at_call(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the step-th call of the system from now on never return."""
    calls = iter(range(1, 1_000))
    for name in ("write", "fsync", "rename"):
        real = getattr(os, name)

        def dying(*args, real=real, **keywords):
            if next(calls) == step:
                raise Crash
            return real(*args, **keywords)

        monkeypatch.setattr(module.os, name, dying)


def test_a_short_write_is_written_on(packets, monkeypatch):
    real = os.write
    monkeypatch.setattr(module.os, "write", lambda fd, data: real(fd, data[:2]))

    folder = packets.write(INCIDENT, FIRST)

    assert contents(folder) == FIRST


FULL_DISK = """
import resource, sys
from pathlib import Path
from agcod_guard.delivery.files import IncidentFolder
packets = IncidentFolder(Path(sys.argv[1]))
packets.write(sys.argv[2], {"packet.txt": b"old"})
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
try:
    packets.write(sys.argv[2], {"calls.csv": b"new", "packet.txt": b"x" * 9000})
except OSError as error:
    sys.exit(f"OSError {error.errno}")
"""


def test_a_full_disk_is_an_os_error_and_the_old_revision_stands(packets, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "data"), INCIDENT],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr.startswith("OSError"), done.stderr
    folder = packets.folder_of(INCIDENT)
    assert contents(folder) == {"packet.txt": b"old"}
    assert [contents(it) for it in packets.revisions(INCIDENT)] == [contents(folder)]
    assert not list(folder.rglob(".*"))
