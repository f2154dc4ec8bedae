"""Draw curves of delay against traffic as SVG, without any library. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

Point = tuple[float, float]
"""Orders a second, seconds."""

WIDTH, HEIGHT = 1020, 560
LEFT, RIGHT, TOP, BOTTOM = 70, 370, 50, 60
LINE = 16

RATES = {
    1 / 1200: "1 in 20 min",
    1 / 300: "1 in 5 min",
    1 / 60: "1 a minute",
    1 / 10: "1 in 10 s",
    1.0: "1 a second",
    10.0: "10 a second",
}
DELAYS_S = {
    1.0: "1 s",
    10.0: "10 s",
    60.0: "1 min",
    180.0: "3 min",
    600.0: "10 min",
    3_600.0: "1 h",
    21_600.0: "6 h",
    86_400.0: "1 day",
}
COLOURS = (
    "#8c564b",
    "#9467bd",
    "#e377c2",
    "#ff7f0e",
    "#2ca02c",
    "#17becf",
    "#bcbd22",
)
BOLD = {"the rule": "#d62728", "the rule, no probes": "#1f77b4"}
DASHED = {"bound for any detector": "#000000", "floor of the policy": "#7f7f7f"}


def drawing(curves: Mapping[str, Sequence[Point]], *, title: str) -> str:
    """Return an SVG document with one line a curve and its name beside it."""
    curves = _merged(curves)
    others = [name for name in curves if name not in BOLD and name not in DASHED]
    colours = dict(zip(others, COLOURS, strict=False)) | BOLD | DASHED
    order = sorted(curves, key=lambda name: (name in BOLD, name in DASHED))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="26" font-size="15">{escape(title)}</text>',
        *_grid(),
        *(_line(name, curves[name], colours[name]) for name in order),
        *_names(curves, colours),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _grid() -> Iterator[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for rate, name in RATES.items():
        x = _x(rate)
        yield _stroke(x, TOP, x, bottom)
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{name}</text>'
    for delay_s, name in DELAYS_S.items():
        y = _y(delay_s)
        yield _stroke(LEFT, y, right, y)
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{name}</text>'
    middle = (LEFT + right) / 2
    yield (
        f'<text x="{middle:.1f}" y="{HEIGHT - 16}" text-anchor="middle">'
        "orders from one machine</text>"
    )


def _stroke(x1: float, y1: float, x2: float, y2: float) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
        ' stroke="#dddddd"/>'
    )


def _line(name: str, points: Sequence[Point], colour: str) -> str:
    path = " ".join(f"{_x(rate):.1f},{_y(delay_s):.1f}" for rate, delay_s in points)
    width = 3.5 if name in BOLD else 1.5
    dashes = ' stroke-dasharray="6 4"' if name in DASHED else ""
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}"'
        f' stroke-width="{width}"{dashes}/>'
    )


def _merged(curves: Mapping[str, Sequence[Point]]) -> dict[str, Sequence[Point]]:
    """Return the curves, those that are the same under one name."""
    names: dict[tuple[Point, ...], str] = {}
    for name, points in curves.items():
        other = names.get(tuple(points))
        names[tuple(points)] = name if other is None else f"{other} = {name}"
    return {name: points for points, name in names.items()}


def _names(
    curves: Mapping[str, Sequence[Point]], colours: Mapping[str, str]
) -> Iterator[str]:
    """Yield a name for each curve, as near to its last point as there is room."""
    x = WIDTH - RIGHT + 24
    ends = {name: points[-1] for name, points in curves.items()}
    y = HEIGHT - BOTTOM + float(LINE)
    for name in sorted(ends, key=lambda name: -_y(ends[name][1])):
        end = ends[name]
        y = min(y - LINE, _y(end[1]))
        weight = ' font-weight="bold"' if name in BOLD else ""
        yield (
            f'<line x1="{_x(end[0]):.1f}" y1="{_y(end[1]):.1f}" x2="{x - 3}"'
            f' y2="{y:.1f}" stroke="{colours[name]}" stroke-width="0.6"/>'
        )
        yield (
            f'<text x="{x}" y="{y + 4:.1f}" fill="{colours[name]}"{weight}>'
            f"{escape(name)}</text>"
        )


def _x(rate: float) -> float:
    low, high = math.log(min(RATES)), math.log(max(RATES))
    share = (math.log(rate) - low) / (high - low)
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(delay_s: float) -> float:
    low, high = math.log(min(DELAYS_S)), math.log(max(DELAYS_S))
    share = (math.log(delay_s) - low) / (high - low)
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
