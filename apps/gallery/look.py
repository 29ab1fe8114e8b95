"""Styles and script of the page: which view is shown, and what Gradio's own styles lack."""

from .home import HOME

# Before a call, in the browser: the errors of the one before go.
CLEAR = "(...values) => { zooClear(); return values; }"

_STYLE = """
html { scrollbar-gutter: stable; }
.gradio-container { width: 100%; max-width: 84rem !important; margin: 0 auto !important; overflow-x: clip; }
.gradio-container .app { padding: 1rem !important; }
.gradio-container .app, .gradio-container .wrap, .contain, .contain > .column, #zoo-frame { width: 100%; }
.html-container { padding: 0 !important; }
.prose a { padding: 0; text-align: left; }
:root { --body-text-color-subdued: #57534e; --block-label-text-color: #44403c; --block-info-text-color: #57534e;
  --block-title-text-color: #44403c; --input-placeholder-color: #6b6762; --slider-color: #0f766e;
  --button-primary-background-fill: #0f766e; --button-primary-background-fill-hover: #115e59;
  --button-primary-text-color: #fff; --checkbox-background-color-selected: #0f766e;
  --zoo-accent: #0f766e; --zoo-line: #d6d3d1; --zoo-paper: #fff; }
.dark { --body-text-color-subdued: #b8b2ac; --block-label-text-color: #d6d3d1; --block-info-text-color: #b8b2ac;
  --block-title-text-color: #d6d3d1; --input-placeholder-color: #a8a29e; --zoo-accent: #5eead4; --zoo-line: #44403c;
  --zoo-paper: #292524; }

/* Navigation beside the view; above it on a narrow screen. */
#zoo-frame { flex-wrap: nowrap; align-items: flex-start; gap: 2.5rem; }
#zoo-side { flex: 0 0 13rem !important; min-width: 0 !important; width: 13rem; position: sticky; top: 0;
  max-height: 100vh; overflow-y: auto; padding: .5rem .5rem .5rem .7rem; }
#zoo-main { flex: 1 1 0 !important; min-width: 0 !important; width: 100%; }
.zoo-brand { font-size: 1.5rem; font-weight: 700; letter-spacing: -.02em; color: var(--body-text-color) !important;
  text-decoration: none !important; }
.zoo-links h2 { margin: .9rem 0 .15rem !important; font-size: .8rem !important; font-weight: 600;
  color: var(--body-text-color-subdued) !important; }
.zoo-links a { display: block; margin-left: -.6rem; padding: .28rem .6rem; border-radius: .4rem; line-height: 1.35;
  color: var(--body-text-color) !important; text-decoration: none !important; }
.zoo-links > a:first-child { margin-top: .6rem; }
.zoo-links a, .zoo-links a:hover { transition: none; }
.zoo-links a:hover, .zoo-links a:focus-visible { background: var(--background-fill-secondary); }
.zoo-links a[aria-current] { background: var(--zoo-accent); color: var(--zoo-paper) !important; }
.zoo-select { display: none; width: 100%; padding: .6rem; margin-top: .4rem; font-size: 1rem;
  border: 1px solid var(--zoo-line); border-radius: .5rem; background: var(--zoo-paper);
  color: var(--body-text-color); }
:is(a, button, select, summary):focus-visible { outline: 3px solid var(--zoo-accent); outline-offset: 2px; }
@media (max-width: 60rem) {
  #zoo-frame { flex-direction: column; gap: .75rem; align-items: stretch; }
  #zoo-side, #zoo-main { flex: none !important; }
  #zoo-side { position: static; width: 100%; max-height: none; overflow: visible; padding: 0; }
  .zoo-links { display: none; }
  .zoo-select { display: block; }
  .zoo-columns { flex-direction: column; }
}

/* Views: all are there, one is shown. */
.zoo-view { display: none !important; width: 100%; }
.zoo-view h1 { margin: .4rem 0 .2rem !important; font-size: 1.75rem !important; letter-spacing: -.02em; }
.zoo-view h1:focus { outline: none; }
.zoo-view h2 { margin: 1.6rem 0 .5rem !important; font-size: 1.2rem !important; }
.zoo-lead { font-size: 1.05rem; max-width: 46rem; }
.zoo-columns { flex-wrap: nowrap; align-items: flex-start; }
.zoo-columns > .column { min-width: 0 !important; flex: 1 1 0; width: 100%; }
.zoo-credits, .zoo-credits * { font-size: .85rem; color: var(--body-text-color-subdued); }

/* The first page. */
.zoo-cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15.5rem), 1fr)); gap: .8rem;
  padding: 0 !important; margin: 0 !important; list-style: none !important; }
.zoo-cards li { position: relative; margin: 0 !important; padding: .9rem 1rem; border: 1px solid var(--zoo-line);
  border-radius: .8rem; background: var(--zoo-paper); list-style: none; }
.zoo-cards li:hover { border-color: var(--zoo-accent); }
.zoo-cards a { display: block; font-weight: 650; font-size: 1.05rem; color: var(--zoo-accent) !important;
  text-decoration: none; }
.zoo-cards a::after { content: ""; position: absolute; inset: 0; }  /* the whole card is the link */
.zoo-cards p { display: block; margin: .3rem 0 0 !important; font-size: .92rem; line-height: 1.4; }
.zoo-cards .zoo-models, .zoo-timeline .zoo-used { font-size: .82rem; color: var(--body-text-color-subdued); }
.zoo-timeline { padding: 0 !important; margin: 0 0 2rem !important; list-style: none !important;
  border-left: 2px solid var(--zoo-accent); }
.zoo-timeline li { position: relative; display: flex; gap: 1rem; margin: 0 !important; padding: .35rem 0 .35rem 1.2rem;
  list-style: none; }
.zoo-timeline li::before { content: ""; position: absolute; left: -6px; top: .85rem; width: 10px; height: 10px;
  border-radius: 50%; background: var(--zoo-accent); }
.zoo-timeline p { margin: 0 !important; line-height: 1.4; }
.zoo-timeline a { color: var(--zoo-accent) !important; }
.zoo-year { flex: 0 0 3rem; font-variant-numeric: tabular-nums; font-weight: 650; }
.zoo-paper { font-weight: 600; }

/* Records. */
.zoo-record { min-height: 2rem; }
.zoo-record h3 { margin: .8rem 0 .3rem !important; font-size: .95rem !important; }
.zoo-record .zoo-unsure { margin: 0 0 .4rem !important; font-weight: 600; }
.zoo-bars { display: grid; grid-template-columns: minmax(5rem, max-content) 1fr max-content; gap: .35rem .7rem;
  align-items: center; margin: 0; }
.zoo-bars > span { overflow-wrap: anywhere; }
.zoo-bar { height: .8rem; border-radius: .4rem; background: var(--background-fill-secondary); overflow: hidden;
  border: 1px solid var(--zoo-line); }
.zoo-bar > i { display: block; height: 100%; min-width: 1px; background: var(--zoo-accent); }
.zoo-swatches { display: flex; flex-wrap: wrap; gap: .5rem .9rem; }
.zoo-swatches > span { display: flex; align-items: center; gap: .4rem; }
.zoo-swatches i { width: 1.6rem; height: 1.6rem; border-radius: .35rem; border: 1px solid var(--zoo-line); }
.zoo-scroll { overflow-x: auto; }
.zoo-record table { width: 100%; border-collapse: collapse; }
.zoo-record th, .zoo-record td { padding: .35rem .5rem !important; text-align: left; vertical-align: top;
  border: none !important; border-bottom: 1px solid var(--zoo-line) !important; }
.zoo-record td:last-child { min-width: 9rem; }
footer { gap: 1rem; }
footer .divider { display: none !important; }
.zoo-record th { white-space: nowrap; }
.zoo-record table, .zoo-record tr { border: none !important; }
.zoo-record .zoo-bar { display: block; min-width: 4rem; }
.zoo-facts { margin: .8rem 0 0 !important; color: var(--body-text-color-subdued); }
.zoo-outputs > .block:has(.zoo-record) { order: -1; }  /* above the picture that was made of it */

/* What an app makes only when asked to takes no room before. */
.zoo-when:has([aria-label="Empty value"]) { display: none !important; }

/* What stands in a corner of a picture, its label and its buttons, gets a strip of its own above it. */
.block:has(> .float[data-testid="block-label"]) { padding-top: 2.4rem !important; }
.block:has(> [data-testid="block-label"]) > [data-testid="block-label"] { max-width: calc(100% - 7rem);
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.block :not(.preview, .block):has(.icon-button-wrapper.top-panel) { position: static !important; }

.toast-title.error, .toast-text.error, .toast-message-text { color: #7f1d1d !important; }
.dark :is(.toast-title.error, .toast-text.error, .toast-message-text) { color: #fecaca !important; }

/* Gradio's button for more files has a button in it; files are cleared and uploaded anew. */
.icon-button[aria-label="common.upload"] { display: none; }

/* Whole pictures with whole captions below them. */
.grid-container { grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)) !important;
  grid-template-rows: none !important; grid-auto-rows: auto !important; }
.grid-wrap.fixed-height { min-height: 0 !important; max-height: none !important; }
.thumbnail-item.thumbnail-lg { display: flex; flex-direction: column; height: 100% !important;
  aspect-ratio: auto !important; background: none !important; }
.thumbnail-item.thumbnail-lg > img { height: auto !important; }
.caption-label { position: static !important; max-width: 100% !important; border: none !important;
  white-space: normal !important; color: var(--body-text-color); opacity: 1 !important; }
.preview .caption { white-space: normal !important; }
"""

# Gradio knows nothing of views, and which one is shown must not depend on when it draws what.
_SCRIPT = """
const zooName = () => decodeURIComponent(location.hash.slice(1));
function zooShow(moved) {
  const known = document.getElementById("view-" + zooName());
  const name = known || !document.getElementById("zoo-main") ? zooName() || "HOME" : "HOME";
  document.documentElement.dataset.view = name;
  for (const link of document.querySelectorAll(".zoo-links a")) {
    if (link.hash === "#" + name) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  for (const select of document.querySelectorAll(".zoo-select")) select.value = name;
  if (!moved) return;
  zooClear();
  scrollTo(0, 0);
  const heading = document.querySelector("#view-" + name + " h1");
  if (heading) { heading.tabIndex = -1; heading.focus({preventScroll: true}); }
}
function zooMend() {  // names that Gradio leaves out, for those who listen to the page
  for (const empty of document.querySelectorAll('[aria-label="Empty value"]:not([role])')) {
    empty.setAttribute("role", "img");
  }
  for (const header of document.querySelectorAll(".toast-header[role]")) {  // a button in a button
    header.removeAttribute("role");
    header.removeAttribute("tabindex");
  }
  for (const button of document.querySelectorAll(".image-container button:has(img):not([aria-label])")) {
    button.setAttribute("aria-label", "Enlarge the picture");
  }
  for (const view of document.querySelectorAll(".zoo-view")) {
    const titles = [...view.querySelectorAll("[data-sample]")].map(each => each.dataset.sample);
    view.querySelectorAll(".gallery-item:not([aria-label]):has(img)").forEach(
      (item, number) => item.setAttribute("aria-label", titles[number] ?? "Sample"));
  }
}
function zooClear() {  // the errors of an earlier run
  for (const button of document.querySelectorAll(".toast-close")) button.click();
}
addEventListener("hashchange", () => zooShow(true));
addEventListener("change", event => {
  if (event.target.matches?.(".zoo-select")) location.hash = event.target.value;
});
addEventListener("keydown", event => {
  const links = [...document.querySelectorAll(".zoo-links a")], at = links.indexOf(document.activeElement);
  const step = {ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1}[event.key];
  if (at < 0 || !step) return;
  event.preventDefault();
  links[(at + step + links.length) % links.length].focus();
});
let zooWaiting = false;
new MutationObserver(() => {
  if (zooWaiting) return;
  zooWaiting = true;
  setTimeout(() => { zooWaiting = false; zooMend(); }, 50);
}).observe(document.documentElement, {childList: true, subtree: true});
zooShow(false);
"""


def style(names: list[str]) -> str:
    """The page's style sheet, for views of these names."""
    shown = ", ".join(f'html[data-view="{name}"] #view-{name}' for name in [HOME, *names])
    return f"{_STYLE}\n{shown} {{ display: flex !important; }}\n"


def head() -> str:
    """What the page's <head> holds besides."""
    return f"<script>{_SCRIPT.replace('HOME', HOME)}</script>"
