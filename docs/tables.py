"""Write the tables of README.md and docs/ from cards and measurements: `python docs/tables.py`.

With `--check` it fails when they are stale.
A table stands between <!-- table: NAME --> and <!-- end -->.
"""

import json
import re
import sys
from pathlib import Path

from zoo.hub import checkpoint

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "docs/finetuning.md")
# How close samples are to data has a table of its own.
SAMPLES = ("frechet_distance", "kernel_distance", "precision", "recall")
# So has what faces compare with in these.
FACES = {
    "accuracy_gender": "gender",
    "accuracy_ethnicity": "ethnicity",
    "accuracy_age": "age",
    "nearest_distance": "to training, median",
    "nearest_distance_low": "nearest hundredth",
}


def checkpoints() -> str:
    """One row for each checkpoint: the first result of each metric, and what they compare with."""
    lines = [
        "| checkpoint | what it is | parameters | weights | measured | made by |",
        "|---|---|---:|---:|---|---|",
    ]
    for name in checkpoint.list():
        card = checkpoint.card(name)
        shown = card.headlines() + [row for row in card.metrics if row["role"] != "result"]
        shown = [row for row in shown if row["metric"] not in SAMPLES]
        shown = [row for row in shown if row["metric"] not in FACES or row["role"] == "result"]
        measured = "<br>".join(figure(row, card.training["missed"]) for row in shown)
        cells = (
            f"`{name}`",
            card.summary,
            f"{card.parameters:,}",
            f"{card.weights['bytes'] / 1e6:.2f} MB",
            measured,
            f"`{card.training['command']}`, {card.training['wall_time_s'] / 60:.0f} min{on(card.training['hardware'])}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def on(hardware: str) -> str:
    """What a training ran on beside the cores of a processor, if anything."""
    _, _, other = hardware.partition(" cores, ")
    return f" on {other}" if other else ""


def figure(row, missed) -> str:
    spread = "" if row["std"] is None else f" +- {row['std']:.2f}"
    facts = [row["split"]]
    if row["role"] != "result":
        facts.append(f"*{row['role']}: {row['protocol']}*")
    elif row["metric"] in missed:
        facts.append(f"**target {missed[row['metric']]:g} missed**")
    if row["paper"] is not None:
        facts.append(f"paper {row['paper']:g}")
    return f"{row['metric']} {row['value']:.2f}{spread} {row['unit']}".rstrip() + f" ({'; '.join(facts)})"


def samples() -> str:
    """How close samples are to data, for each space in which that was measured: generators, then what they compare
    with."""
    spaces = {}  # how it was measured -> of what -> metric -> value
    for name in checkpoint.list():
        for row in checkpoint.card(name).metrics:
            what, _, about = row["protocol"].rpartition("; ")
            if row["metric"] in SAMPLES:
                what = (what or "its samples").replace("its samples", f"samples of `{name}`")
                of = spaces.setdefault(about, {}).setdefault(what, {})
                of[row["metric"]] = row["value"]
    lines = [f"| | {' | '.join(metric.replace('_', ' ') for metric in SAMPLES)} |", "|---|---:|---:|---:|---:|"]
    for about, rows in spaces.items():
        lines.append(f"| *{about}* | | | | |")
        for what, values in sorted(rows.items(), key=lambda item: not item[0].startswith("samples")):
            lines.append(f"| {what} | {' | '.join(f'{values[metric]:.4f}' for metric in SAMPLES)} |")
    return "\n".join(lines)


def faces() -> str:
    """Whether faces look as asked, and how near they are to those of training, beside real ones."""
    rows = {}  # of what -> metric -> value
    for row in checkpoint.card("ddpm.utkface").metrics:
        if row["metric"] in FACES:
            what = row["protocol"].split("; ")[0] if row["role"] == "baseline" else "faces of `ddpm.utkface`"
            unit = f" {row['unit']}".rstrip()
            rows.setdefault(what, {})[row["metric"]] = f"{row['value']:.{1 if unit else 3}f}{unit}"
    lines = [f"| | {' | '.join(FACES.values())} |", "|---|---:|---:|---:|---:|---:|"]
    lines += [f"| {what} | {' | '.join(row.get(metric, '-') for metric in FACES)} |" for what, row in rows.items()]
    return "\n".join(lines)


def color() -> str:
    """PSNR gain and chroma over strength, of unet.color."""
    points = checkpoint.card("unet.color").curves["strength"]
    lines = ["| strength | PSNR gain (dB) | chroma (% of the true) |", "|---:|---:|---:|"]
    lines += [f"| {p['strength']:g} | {p['psnr_gain']:+.2f} | {p['chroma_ratio']:.1f} |" for p in points]
    return "\n".join(lines)


def benchmarks() -> str:
    """What each script in benchmarks/ measured last, and on which machine; ratios are of the values in that run."""
    lines = ["| benchmark, machine | case | measured | ratio |", "|---|---|---:|---|"]
    for path in sorted((ROOT / "benchmarks").glob("*.json")):
        facts = json.loads(path.read_text(encoding="utf-8"))
        benchmark = f"`{path.stem}.py`, {facts['hardware']}"  # beside the first of its rows
        for case, row in facts["rows"].items():
            (unit, value), *ratios = row.items()
            ratios = ", ".join(f"{ratio:g} {what}" for what, ratio in ratios) or "-"
            lines.append(f"| {benchmark} | {case} | {value:g} {unit} | {ratios} |")
            benchmark = ""
    return "\n".join(lines)


def finetuning() -> str:
    """Accuracy over photographs of each class, as docs/finetuning.py measured it."""
    facts = json.loads((ROOT / "docs/finetuning.json").read_text(encoding="utf-8"))
    rows, methods = facts["rows"], facts["methods"]  # method -> what it is called
    lines = [f"| photographs of each class | {' | '.join(methods.values())} |", "|---:|---:|---:|---:|"]
    for row in rows:
        spread = " +- {:.1f}" if row["draws"] > 1 else ""
        cells = (f"{{:.1f}}{spread} %".format(*row[method]) for method in methods)
        lines.append(f"| {row['photographs']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def written(text: str) -> str:
    """The text with the part between each pair of markers written anew."""
    tables = {each.__name__: each for each in (checkpoints, samples, faces, color, benchmarks, finetuning)}
    pattern = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
    return pattern.sub(lambda match: f"{match[1]}{tables[match[2]]()}\n{match[3]}", text)


def main() -> None:
    for page in PAGES:
        old = (ROOT / page).read_text(encoding="utf-8")
        new = written(old)
        if "--check" in sys.argv[1:]:
            if new != old:
                sys.exit(f"{page}: its tables are stale; run `make docs` and commit the result")
        elif new != old:
            (ROOT / page).write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
