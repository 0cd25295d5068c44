"""Lines over a logarithmic axis, as an SVG of one page."""
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 70, 150, 40, 60


def _text(x, y, words, anchor="middle", size=13, extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{extra}>{words}</text>'


def draw(title, across, series, label=str, spacing=0.5):
    """The SVG as text.

    title: what is drawn upwards, and its unit; across: what is drawn across; series: a list of (name, colour, {x: y}), all with the same x;
    label: what is written at an x; spacing: between two of the lines that help reading.
    """
    places = sorted(series[0][2])
    highest = math.ceil(max(max(points.values()) for _, _, points in series) / spacing) * spacing

    def x(place):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(place / places[0]) / math.log(places[-1] / places[0])

    def y(value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / highest

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" fill="#222">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 24, title, "start", 15),
    ]
    for step in range(round(highest / spacing) + 1):
        value = step * spacing
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#ddd"/>')
        lines.append(_text(LEFT - 8, y(value) + 4, f"{value:g}", "end"))
    for place in places:
        lines.append(f'<line x1="{x(place):.1f}" x2="{x(place):.1f}" y1="{y(0):.1f}" y2="{y(0) + 5:.1f}" stroke="#222"/>')
        lines.append(_text(x(place), HEIGHT - BOTTOM + 22, label(place)))
    lines.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, across))
    last = -math.inf
    for name, colour, points in sorted(series, key=lambda each: y(each[2][places[-1]])):
        path = " ".join(f"{x(place):.1f},{y(points[place]):.1f}" for place in places)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{x(place):.1f}" cy="{y(points[place]):.1f}" r="3" fill="{colour}"/>' for place in places]
        last = max(y(points[places[-1]]) + 4, last + 16)
        lines.append(_text(WIDTH - RIGHT + 10, last, name, "start", 13, f' style="fill:{colour}"'))
    return "\n".join([*lines, "</svg>"])
