"""Records on the page: probabilities as bars, colours as swatches, rows as a table.

The value of the component is the record itself, which is what a client of the API gets; the browser draws it.
"""

# Text is set as text, never as HTML: labels come from cards and texts from anywhere.
_DRAW = """
const make = (tag, words, kind) => {
  const node = document.createElement(tag);
  if (words !== undefined) node.textContent = words;
  if (kind) node.className = kind;
  return node;
};
const readable = name => String(name).replaceAll("_", " ");
const heading = name => { const words = readable(name); return words[0].toUpperCase() + words.slice(1); };
const percent = value => (100 * value).toFixed(1) + " %";
const isFraction = (name, value) => typeof value === "number" && /^(probability|confidence|fraction)$/.test(name);
const bar = fraction => {
  const frame = make("span", undefined, "zoo-bar"), full = make("i");
  full.style.width = 100 * Math.min(1, Math.max(0, fraction)) + "%";
  frame.append(full);
  return frame;
};
const named = row => {
  const name = readable(row.label), example = readable(row.object || "");
  return name.includes(example) ? name : `${name} (${example})`;
};
const bars = rows => {
  const grid = make("div", undefined, "zoo-bars");
  for (const row of rows) {
    grid.append(make("span", named(row)), bar(row.probability), make("span", percent(row.probability)));
  }
  return grid;
};
const swatches = rows => {
  const list = make("div", undefined, "zoo-swatches");
  for (const row of rows) {
    const each = make("span"), patch = make("i");
    patch.style.background = row.colour;
    each.append(patch, `${row.name} ${row.colour}, ${Math.round(100 * row.fraction)} %`);
    list.append(each);
  }
  return list;
};
const cell = (name, value) => {
  const td = make("td");
  if (isFraction(name, value)) td.append(bar(value), percent(value));
  else if (value === undefined) td.textContent = "-";
  else if (value === null) td.textContent = name === "label" ? "not sure" : "-";
  else if (value === true || value === false) td.textContent = value ? "yes" : "no";
  else td.textContent = typeof value === "object" ? JSON.stringify(value) : name === "label" ? readable(value) : value;
  return td;
};
const table = rows => {
  const scroll = make("div", undefined, "zoo-scroll"), grid = make("table"), head = make("tr"), body = make("tbody");
  const names = [...new Set(rows.flatMap(Object.keys))];
  for (const name of names) head.append(make("th", heading(name)));
  for (const row of rows) {
    const line = make("tr");
    for (const name of names) line.append(cell(name, row[name]));
    body.append(line);
  }
  const top = make("thead");
  top.append(head);
  grid.append(top, body);
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", "Results");
  scroll.append(grid);
  return scroll;
};
const isBars = value => value.every(row => typeof row.label === "string" && typeof row.probability === "number");
const isSwatches = value => value.every(row => /^#[0-9a-f]{6}$/i.test(row.colour) && typeof row.fraction === "number");
const isRows = value => Array.isArray(value) && value.length && value.every(row => row && typeof row === "object");
const facts = value => {
  const each = Object.entries(value).map(([name, each]) => `${heading(name)}: ${cell(name, each).textContent}`);
  return make("p", each.join(" · "), "zoo-facts");
};
const isFacts = value => value && typeof value === "object" && !Array.isArray(value);
const record = value => {
  const parts = [], plain = {};
  if (value.in_distribution === false) {
    parts.push(make("p", "Not sure: none of the known classes. The nearest:", "zoo-unsure"));
  }
  for (const [name, each] of Object.entries(value)) {
    if (isFacts(each)) { parts.push(make("h3", heading(name)), facts(each)); continue; }
    if (!isRows(each)) { plain[name] = each; continue; }
    const drawn = isBars(each) ? bars(each) : isSwatches(each) ? swatches(each) : table(each);
    parts.push(make("h3", heading(name)), drawn);
    if (isBars(each)) for (const told of ["label", "probability", "in_distribution"]) delete plain[told];
  }
  if (Object.keys(plain).length) parts.push(facts(plain));
  return parts;
};
const draw = () => {
  const root = element.querySelector(".zoo-record"), value = props.value;
  if (!root) return;
  root.replaceChildren(...(isRows(value) ? [table(value)] : value && !Array.isArray(value) ? record(value) : []));
};
draw();
watch("value", draw);
"""


def record_view(gradio, label: str):
    """A component whose value is a record (a dict of JSON values), or a list of them."""
    # No subclass: Gradio would write a .pyi file beside this one.
    return gradio.HTML(
        label=label,
        show_label=True,
        container=True,
        html_template='<div class="zoo-record" aria-live="polite"></div>',
        js_on_load=_DRAW,
        padding=True,
    )
