"""The chat of a conversation on the gallery's page."""

import contextlib
import html

from zoo.errors import ZooError

from ..conversation import Conversation
from .look import CLEAR

TICK = 2  # seconds between two checks for what is due


def chat(gradio, app: Conversation) -> dict:
    """Components of a conversation: the messages, a box for a line, and the lines of the samples to click.

    Returns the components of the app's inputs by name, like those of other apps: none.
    """
    said = gradio.Chatbot(label=app.title, height=420, render_markdown=False, buttons=["copy"], feedback_options=None)
    box = gradio.Textbox(label="You", placeholder="Say something", lines=1, max_lines=1, submit_btn="Send")
    talk = gradio.State(None)  # (conversation, what was said), of each page and of each client

    def reply(line, held):
        with errors_shown(gradio):
            conversation, messages = held or (app.begin(), [])
            answer = conversation.reply(line or "")
            messages = [*messages, {"role": "user", "content": line or ""}, {"role": "assistant", "content": answer}]
            return "", shown(messages), (None if conversation.over else (conversation, messages))

    def due(held):
        notices = held[0].due() if held else []
        if not notices:
            return gradio.skip(), gradio.skip()
        messages = [*held[1], {"role": "assistant", "content": "\n".join(notices)}]
        return shown(messages), (held[0], messages)

    # Like an app's, one call at a time: its models are shared.
    event = {"fn": reply, "inputs": [box, talk], "outputs": [box, said, talk]}
    event |= {"concurrency_id": app.name, "concurrency_limit": 1, "js": CLEAR}
    box.submit(**event, api_name=app.name, api_description=app.summary)
    hidden = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
    gradio.Timer(TICK).tick(due, talk, [said, talk], **hidden)
    lines = [[each] for sample in app.samples() for each in sample.inputs["lines"]]
    if lines:
        examples = gradio.Examples(lines, [box], label="Things to say", cache_examples=False)
        examples.load_input_event.then(**event, api_visibility="private")
    return {}


def shown(messages: list[dict]) -> list[dict]:
    """Messages with their text escaped: the page would take it as HTML."""
    return [message | {"content": html.escape(message["content"], quote=False)} for message in messages]


@contextlib.contextmanager
def errors_shown(gradio):
    """A context for a call: a user error becomes a line on the page, which stays until the next call."""
    try:
        yield
    except ZooError as error:
        # The page renders messages as HTML, and file names are part of them.
        raise gradio.Error(html.escape(str(error), quote=False), duration=None, print_exception=False) from error
