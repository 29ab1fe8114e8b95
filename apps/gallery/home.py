"""The navigation of the gallery and its first page: a card for each app, by topic, and the timeline of the models."""

import html
from dataclasses import dataclass

from zoo.hub.registry import Architecture, architectures

HOME = "home"  # the name of the first page's view


@dataclass(frozen=True)
class Entry:
    """What one view of the page is called, and under which topic it is listed."""

    name: str  # of the view; its address is #name
    title: str
    summary: str
    topic: str
    checkpoints: tuple[str, ...] = ()


def grouped(entries: list[Entry], topics: tuple[str, ...]) -> dict[str, list[Entry]]:
    """The entries by topic; topics that are not in `topics` come last."""
    order = [*topics, *sorted({each.topic for each in entries} - set(topics))]
    found = {group: [each for each in entries if each.topic == group] for group in order}
    return {group: members for group, members in found.items() if members}


def navigation(groups: dict[str, list[Entry]]) -> str:
    """Links to all views; on a narrow screen, where they would take its whole height, a list to choose from."""
    links, options = [_link(HOME, "All apps")], [_option(HOME, "All apps")]
    for group, members in groups.items():
        links.append(f"<h2>{html.escape(group)}</h2>")
        links += [_link(each.name, each.title) for each in members]
        inner = "".join(_option(each.name, each.title) for each in members)
        options.append(f'<optgroup label="{html.escape(group, quote=True)}">{inner}</optgroup>')
    return (
        '<header><a class="zoo-brand" href="#home">The zoo</a></header>'
        f'<nav class="zoo-links" aria-label="Apps">{"".join(links)}</nav>'
        f'<select class="zoo-select" aria-label="App">{"".join(options)}</select>'
    )


def _link(name: str, title: str) -> str:
    return f'<a href="#{html.escape(name, quote=True)}">{html.escape(title)}</a>'


def _option(name: str, title: str) -> str:
    return f'<option value="{html.escape(name, quote=True)}">{html.escape(title)}</option>'


def first_page(groups: dict[str, list[Entry]]) -> str:
    """The first page. Without any app it says so."""
    parts = [
        "<h1>The landmarks of deep learning, at work</h1>",
        "<p class='zoo-lead'>Choose an app, and give it a photograph or a text of yours. All of it runs on this "
        "machine; nothing that you upload leaves it.</p>",
    ]
    if not groups:
        parts.append("<p>No app is installed.</p>")
    models = {checkpoint: each for each in architectures().values() for checkpoint in each.checkpoints}
    for group, members in groups.items():
        cards = "".join(_card(each, models) for each in members)
        parts.append(f"<h2>{html.escape(group)}</h2><ul class='zoo-cards'>{cards}</ul>")
    parts.append("<h2>The models, 1958 to today</h2>")
    parts.append(timeline([each for members in groups.values() for each in members]))
    return "".join(parts)


def _card(entry: Entry, models: dict[str, Architecture]) -> str:
    used = list(dict.fromkeys(models[name] for name in entry.checkpoints if name in models))
    made = " · ".join(f"{each.title}, {each.year}" for each in used)
    return (
        f"<li><a href='#{html.escape(entry.name, quote=True)}'>{html.escape(entry.title)}</a>"
        f"<p>{html.escape(entry.summary)}</p><p class='zoo-models'>{html.escape(made)}</p></li>"
    )


def timeline(entries: list[Entry]) -> str:
    """All landmarks, oldest first: year, model, what was new, and links to the apps that use it."""
    rows = []
    for each in architectures().values():
        users = [entry for entry in entries if set(entry.checkpoints) & set(each.checkpoints)]
        links = ", ".join(_link(user.name, user.title) for user in users)
        title, address = html.escape(each.title), html.escape(each.url, quote=True)
        rows.append(
            f"<li><span class='zoo-year'>{each.year}</span>"
            f"<div><a class='zoo-paper' href='{address}' target='_blank' rel='noopener noreferrer'>{title}</a>"
            f"<p>{html.escape(each.new)}</p>{f'<p class=zoo-used>In {links}</p>' if links else ''}</div></li>"
        )
    return f"<ol class='zoo-timeline'>{''.join(rows)}</ol>"
