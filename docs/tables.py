"""Write the tables of README.md and docs/ from the registry, the cards and the benchmarks: `python docs/tables.py`.

Also weights/SHA256SUMS, the sums of the cards. With `--check` it fails when they are stale. A table stands between
<!-- table: NAME --> and <!-- end -->.
"""

import json
import re
import sys
from pathlib import Path

from zoo.hub import checkpoint, sums
from zoo.hub.registry import architectures

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "docs/results.md", "docs/finetuning.md")
# Metrics of generators, which have a table of their own.
SAMPLES = ("frechet_distance", "kernel_distance", "precision", "recall")
# Metrics of generated faces, likewise: metric -> column.
FACES = {
    "accuracy_gender": "gender",
    "accuracy_ethnicity": "ethnicity",
    "accuracy_age": "age",
    "nearest_distance": "to training, median",
    "nearest_distance_low": "nearest percentile",
}


def timeline() -> str:
    """One row for each model, oldest first: what was new in it, and the checkpoints that ship."""
    lines = ["| year | model | what was new | checkpoints |", "|---:|---|---|---|"]
    for about in architectures().values():
        shipped = ", ".join(f"`{name}`" for name in about.checkpoints)
        lines.append(f"| {about.year} | [{about.title}]({about.file}) | {about.new} | {shipped or '-'} |")
    return "\n".join(lines)


def checkpoints() -> str:
    """One row for each checkpoint, with its first result."""
    lines = ["| checkpoint | what it does | weights | measured |", "|---|---|---:|---|"]
    for name in checkpoint.list():
        card = checkpoint.card(name)
        headline = figure(card.headlines()[0], card.training["missed"])
        lines.append(f"| `{name}` | {card.summary} | {megabytes(card)} | {headline} |")
    return "\n".join(lines)


def results() -> str:
    """A table for each checkpoint: every figure of its card but those that have tables of their own."""
    parts = []
    for name in checkpoint.list():
        card = checkpoint.card(name)
        training = card.training
        count = f"{training['wall_time_s'] / 60:.0f}"
        minutes = f"{count} minute{'' if count == '1' else 's'}{accelerator(training['hardware'])}"
        parts.append(f"### {name}\n\n{card.summary}")
        parts.append(
            f"{card.parameters:,} parameters, {megabytes(card)} of weights ({card.weights['dtype']}). "
            f"Made by `{training['command']}` in {minutes}."
        )
        lines = ["| metric | split | value | role | paper | how it is measured |", "|---|---|---:|---|---:|---|"]
        for row in card.metrics:
            separate = row["metric"] in SAMPLES or (row["metric"] in FACES and row["role"] != "result")
            if not separate:
                lines.append(f"| {' | '.join(cells(row, training['missed']))} |")
        if len(lines) > 2:
            parts.append("\n".join(lines))
    return "\n\n".join(parts)


def cells(row: dict, missed: dict) -> tuple[str, ...]:
    """A row of a card as cells of a table."""
    value = f"{row['value']:.2f}{spread(row)} {row['unit']}".rstrip()
    if row["role"] == "result" and row["metric"] in missed:
        value += f" (target {missed[row['metric']]:g} missed)"
    paper = "-" if row["paper"] is None else f"{row['paper']:g}"
    return row["metric"], row["split"], value, row["role"], paper, row["protocol"]


def megabytes(card) -> str:
    return f"{card.weights['bytes'] / 1e6:.2f} MB"


def spread(row: dict) -> str:
    return "" if row["std"] is None else f" +- {row['std']:.2f}"


def accelerator(hardware: str) -> str:
    """What a training ran on beside the cores of a processor, if anything."""
    _, _, other = hardware.partition(" cores, ")
    return f" on {other}" if other else ""


def figure(row: dict, missed: dict) -> str:
    """A result in a few words: "accuracy 99.29 % (test; paper 99.2)"."""
    facts = [row["split"]]
    if row["metric"] in missed:
        facts.append(f"**target {missed[row['metric']]:g} missed**")
    if row["paper"] is not None:
        facts.append(f"paper {row['paper']:g}")
    return f"{row['metric']} {row['value']:.2f}{spread(row)} {row['unit']}".rstrip() + f" ({'; '.join(facts)})"


def samples() -> str:
    """Distances between samples and data for each feature space: generators first, then real images to compare with."""
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
    """How often faces have the attributes asked for, and how far the nearest training face is, beside real faces."""
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
    """The last results of each script in benchmarks/, with the machine; a ratio compares values of the same run."""
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
    """Accuracy over photographs of each class, as docs/figures/finetuning.py measured it."""
    facts = json.loads((ROOT / "docs/figures/finetuning.json").read_text(encoding="utf-8"))
    rows, methods = facts["rows"], facts["methods"]  # method -> what it is called
    lines = [f"| photographs of each class | {' | '.join(methods.values())} |", "|---:|---:|---:|---:|"]
    for row in rows:
        spread = " +- {:.1f}" if row["draws"] > 1 else ""
        cells = (f"{{:.1f}}{spread} %".format(*row[method]) for method in methods)
        lines.append(f"| {row['photographs']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def rejection() -> str:
    """What fine-tuned classifiers accept and reject, as docs/figures/rejection.py measured it."""
    rows = json.loads((ROOT / "docs/figures/rejection.json").read_text(encoding="utf-8"))["rows"]
    columns = ("classes", "fine-tuned from", "examples of each", "accuracy", "accepted")
    columns += ("rejected: similar classes", "rejected: other things")
    lines = [f"| {' | '.join(columns)} |", "|---|---|---:|---:|---:|---:|---:|"]
    for row in rows:
        rates = (f"{row[rate]:.1f} %" for rate in ("accuracy", "accepted", "similar", "different"))
        lines.append(f"| {row['classes']} | `{row['base']}` | {row['examples']} | {' | '.join(rates)} |")
    return "\n".join(lines)


TABLES = (timeline, checkpoints, results, samples, faces, color, benchmarks, finetuning, rejection)


def written(text: str) -> str:
    """The text with the part between each pair of markers written anew."""
    tables = {each.__name__: each for each in TABLES}
    pattern = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
    return pattern.sub(lambda match: f"{match[1]}{tables[match[2]]()}\n{match[3]}", text)


def write_sums(check: bool) -> None:
    """Write weights/SHA256SUMS anew where a card was changed, or say that it is stale."""
    path, new = ROOT / "weights" / sums.FILE, sums.text(ROOT / "weights")
    if path.exists() and path.read_text(encoding="utf-8") == new:
        return
    if not check:
        path.write_text(new, encoding="utf-8")
    said = "is stale; run `make docs` and commit the result" if check else "was written anew; run `make docs` again"
    sys.exit(f"{path.relative_to(ROOT)} {said}")


def main() -> None:
    write_sums("--check" in sys.argv[1:])
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
