import io
import json
import shutil
import threading

import pytest
from partner import settings

from agcod_guard.cli.named import NoSuchIncident, named
from agcod_guard.cli.packet import Request, show_packet
from agcod_guard.data_folder import DataFolder
from agcod_guard.delivery.files import IncidentFolder
from agcod_guard.errors import DataError

FILES = ("packet.txt", "calls.csv", "sample-request.txt", "urgent-t1.eml")
IDS = ["20261122T111510Z-eu-aaaa", "20261122T111510Z-eu-bbbb", "20261123T000000Z-na-cc"]


def shown(folder, wanted, **how):
    out, beside = io.StringIO(), io.StringIO()
    code = show_packet(folder, Request(incident_id=wanted, **how), out, beside)
    assert code == 0
    return out.getvalue(), beside.getvalue()


@pytest.fixture
def own(lived, tmp_path):
    """A copy of the lived data folder that a test may write to."""
    shutil.copytree(lived.settings.data_dir, tmp_path / "own")
    return DataFolder(settings=settings(tmp_path / "own"), clock=lived.clock)


def test_the_newest_packet_is_printed_as_it_is_and_the_paths_beside_it(lived):
    text, paths = shown(lived, "latest")

    [folder] = lived.settings.data_dir.glob("incidents/20261122T111615Z-na-*")
    assert text == (folder / "packet.txt").read_text("utf-8")
    assert paths.splitlines() == [str(folder / name) for name in FILES]


def test_the_beginning_of_an_id_is_enough(lived):
    assert "Partner ID of account: Acmes" in shown(lived, "20261122T111510Z")[0]


def test_an_earlier_revision_can_be_seen(lived):
    text, paths = shown(lived, "20261122T111510Z", revision=1)

    assert "THE OUTAGE IS OVER" not in text
    assert "/revisions/1/packet.txt" in paths


def test_a_revision_that_is_not_there_names_those_that_are(lived):
    with pytest.raises(NoSuchIncident, match="has no revision 99; there are: 1, 2"):
        shown(lived, "20261122T111510Z", revision=99)


def test_a_damaged_ladder_does_not_keep_the_packet_from_whoever_needs_it(own, lived):
    own.settings.data_dir.joinpath("ladder.sqlite").write_bytes(b"damaged " * 500)

    text, beside = shown(own, "latest")

    assert text == shown(lived, "latest")[0]
    assert "Note: " in beside
    assert "the ladder cannot be used" in beside


def test_without_ladder_and_files_the_trouble_is_told(own):
    own.settings.data_dir.joinpath("ladder.sqlite").write_bytes(b"damaged " * 500)

    with pytest.raises(DataError, match="the ladder cannot be used"):
        shown(own, "latest", rebuild=True)
    shutil.rmtree(own.settings.data_dir / "incidents")
    with pytest.raises(DataError, match="the ladder cannot be used"):
        shown(own, "latest")


def test_paths_alone_go_to_stdout(lived):
    text, beside = shown(lived, "latest", paths=True)

    assert text.splitlines()[0].endswith("/packet.txt")
    assert beside == ""


def test_json_has_the_text_and_the_files(lived):
    facts = json.loads(shown(lived, "latest", as_json=True)[0])

    assert facts["packet"].startswith("UNCONFIRMED")
    assert set(facts["files"]) == {*FILES}
    assert facts["revisions"] >= 1


def test_an_unknown_id_is_exit_code_1_and_names_the_nearest(lived, run):
    done = run("packet", "20261122T111511Z-eu", "--data-dir", lived.settings.data_dir)

    assert done.exit_code == 1
    assert done.stderr.startswith(
        f"Error: {lived.settings.data_dir} has no incident '20261122T111511Z-eu'; "
        "the nearest: 20261122T111510Z-eu-"
    )


def test_the_beginning_of_several_names_them(tmp_path):
    with pytest.raises(
        NoSuchIncident, match="-aaaa and 20261122T111510Z-eu-bbbb; write"
    ):
        named("20261122T11", IDS, where=tmp_path)


def test_latest_is_the_one_that_began_last(tmp_path):
    assert named("latest", IDS, where=tmp_path) == IDS[-1]


def test_without_any_incident_it_says_so(nowhere):
    with pytest.raises(NoSuchIncident, match="there is none at all yet"):
        shown(nowhere, "latest")
    assert not nowhere.settings.data_dir.exists()


def test_a_path_for_an_id_leads_nowhere(lived):
    with pytest.raises(NoSuchIncident):
        shown(lived, "../../etc/passwd")


def test_a_rebuilt_packet_takes_in_what_was_set_since(own):
    folder = DataFolder(
        settings=settings(own.settings.data_dir, contact={"name": "Grace Example"}),
        clock=own.clock,
    )

    before, _ = shown(folder, "latest")
    after, _ = shown(folder, "latest", rebuild=True)

    assert "Contact name: Ada Example" in before
    assert "Contact name: Grace Example" in after


def test_a_packet_that_was_deleted_can_be_rebuilt_from_the_journal(own):
    before, _ = shown(own, "20261122T111510Z")
    shutil.rmtree(own.settings.data_dir / "incidents")
    with pytest.raises(NoSuchIncident, match="--rebuild writes it"):
        shown(own, "20261122T111510Z")

    assert shown(own, "20261122T111510Z", rebuild=True)[0] == before


def test_files_without_a_ladder_are_still_shown_but_not_rebuilt(own):
    (own.settings.data_dir / "ladder.sqlite").unlink()

    assert "Partner ID of account" in shown(own, "latest")[0]
    with pytest.raises(NoSuchIncident, match="replay --out"):
        shown(own, "latest", rebuild=True)


def test_two_that_write_one_incident_wait_for_each_other(tmp_path):
    name = "20261122T111510Z-eu-aaaa"
    folder = IncidentFolder(tmp_path)
    start = threading.Barrier(4)

    def write(number):
        start.wait()
        for turn in range(10):
            text = f"{number} {turn}".encode()
            folder.write(name, {"packet.txt": text, "calls.csv": text})

    threads = [threading.Thread(target=write, args=(each,)) for each in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(folder.revisions(name)) == 40
    for revision in folder.revisions(name):
        one, other = (path.read_bytes() for path in revision.iterdir())
        assert one == other
