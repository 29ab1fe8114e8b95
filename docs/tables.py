"""Write the tables in README.md from the cards: `python docs/tables.py`, or `--check` to fail when they are stale."""

import re
import sys
from pathlib import Path

from zoo.hub import checkpoint

README = Path(__file__).resolve().parents[1] / "README.md"


def checkpoints() -> str:
    """One row for each result in the cards, with the figure in the paper where there is one."""
    lines = [
        "| checkpoint | what it is | parameters | weights | measured | paper | made by |",
        "|---|---|---:|---:|---|---|---|",
    ]
    for name in checkpoint.list():
        card = checkpoint.card(name)
        rows = [row for row in card.metrics if row["role"] in ("result", "control")]
        measured = "<br>".join(f"{figure(row)}{' (control)' * (row['role'] == 'control')}" for row in rows)
        paper = "<br>".join("-" if row["paper"] is None else f"{row['paper']:g}" for row in rows)
        cells = (
            f"`{name}`",
            card.summary,
            f"{card.parameters:,}",
            f"{card.weights['bytes'] / 1e6:.2f} MB",
            measured,
            paper,
            f"`{card.training['command']}`, {card.training['wall_time_s'] / 60:.0f} min",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def figure(row) -> str:
    spread = "" if row["std"] is None else f" +- {row['std']:.2f}"
    return f"{row['metric']} {row['value']:.2f}{spread} {row['unit']} ({row['split']})"


def color() -> str:
    """PSNR gain and chroma over strength, of unet.color."""
    points = checkpoint.card("unet.color").curves["strength"]
    lines = ["| strength | PSNR gain (dB) | chroma (% of the true) |", "|---:|---:|---:|"]
    lines += [f"| {p['strength']:g} | {p['psnr_gain']:+.2f} | {p['chroma_ratio']:.1f} |" for p in points]
    return "\n".join(lines)


def written(text: str) -> str:
    """The text with the part between each pair of markers, <!-- table: NAME --> and <!-- end -->, written anew."""
    tables = {"checkpoints": checkpoints, "color": color}
    pattern = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
    return pattern.sub(lambda match: f"{match[1]}{tables[match[2]]()}\n{match[3]}", text)


def main() -> None:
    old = README.read_text(encoding="utf-8")
    new = written(old)
    if "--check" in sys.argv[1:]:
        if new != old:
            sys.exit("README.md: its tables are not those of the cards; run `make docs` and commit the result")
    elif new != old:
        README.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
