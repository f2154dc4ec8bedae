import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.axes import Axes
from agcod_guard.frames import Header

NS = 1_000_000_000


def header(boot_id, *, wall_s, mono_s):
    return Header(
        source="till-7",
        boot_id=boot_id,
        pid=1,
        wall_ns=round(wall_s * NS),
        mono_ns=round(mono_s * NS),
        version="0.1.0",
    )


HOME = header("home", wall_s=1_000.0, mono_s=10.0)


def test_frames_of_the_home_boot_stand_where_their_own_clock_says():
    assert Axes(HOME).axis_s(HOME, 12 * NS) == 12.0


@given(step_s=st.integers(-7_200, 7_200))
def test_a_step_of_the_wall_clock_moves_no_frame_of_the_home_boot(step_s):
    axes = Axes(HOME)
    axes.learn(HOME)
    axes.learn(header("home", wall_s=1_500.0 + step_s, mono_s=510.0))

    assert axes.axis_s(HOME, 600 * NS) == 600.0
    assert axes.wall_s(600.0) == 1_590.0


def test_a_segment_is_a_better_anchor_than_the_reader_itself():
    axes = Axes(HOME)
    assert axes.wall_s(600.0) == 1_590.0

    axes.learn(header("home", wall_s=1_500.5, mono_s=510.0))

    assert axes.wall_s(600.0) == 1_590.5


def test_another_boot_is_placed_by_wall_time():
    other = header("other", wall_s=900.0, mono_s=77.0)

    at_s = Axes(HOME).axis_s(other, 80 * NS)

    assert at_s == 10.0 - 100.0 + 3.0


def test_the_earliest_segment_of_a_boot_is_its_anchor():
    early = header("other", wall_s=900.0, mono_s=77.0)
    late = header("other", wall_s=5_000.0, mono_s=177.0)  # the clock was set
    axes = Axes(HOME)
    axes.learn(late)
    axes.learn(early)

    assert axes.axis_s(late, 177 * NS) == axes.axis_s(early, 77 * NS) + 100.0
    assert axes.wall_s(axes.axis_s(late, 177 * NS)) == 1_000.0


def test_an_earlier_anchor_of_the_home_boot_places_the_others_anew():
    other = header("other", wall_s=900.0, mono_s=77.0)
    axes = Axes(header("home", wall_s=5_000.0, mono_s=110.0))
    axes.learn(other)
    axes.learn(HOME)

    assert axes.axis_s(other, 77 * NS) == 10.0 - 100.0
    assert axes.wall_s(10.0) == 1_000.0


@given(
    mono_ns=st.integers(0, 10**18),
    wall_s=st.integers(0, 2_000_000_000),
    mono_s=st.integers(0, 10_000_000),
)
def test_a_place_converts_back_to_the_time_it_came_from(mono_ns, wall_s, mono_s):
    home = header("home", wall_s=wall_s, mono_s=mono_s)

    at_s = Axes(home).wall_s(Axes(home).axis_s(home, mono_ns))

    assert at_s == pytest.approx(wall_s - mono_s + mono_ns / NS, abs=1e-5)
