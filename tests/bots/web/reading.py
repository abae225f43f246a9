"""A page as somebody has it who reads its HTML and presses its buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "input"}


@dataclass
class Form:
    """A form: where it goes, its fields as they are sent, its buttons that send a value."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    """The words of its buttons."""


@dataclass
class Message:
    """One line of the conversation."""

    id: str
    mine: bool
    text: str = ""
    language: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    form: Form | None = None


@dataclass
class Sheet:
    """A whole page. `elements` are all that were opened, with their attributes."""

    forms: list[Form] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def form(self, action: str, field_: str) -> Form:
        """The form that goes there and has this field."""
        return next(
            one
            for one in self.forms
            if one.action.partition("?")[0] == action and field_ in one.fields
        )

    @property
    def said(self) -> list[str]:
        """What the other side has said."""
        return [one.text for one in self.messages if not one.mine]

    def first(self, tag: str, **wanted: str) -> dict[str, str]:
        """The attributes of the first such element."""
        return next(
            given
            for name, given in self.elements
            if name == tag and all(given.get(key) == value for key, value in wanted.items())
        )


def read(html: str) -> Sheet:
    """Read a page; AssertionError where its elements do not close as they should."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert not reader.path, f"never closed: {reader.path}"
    return reader.sheet


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.sheet = Sheet()
        self.path: list[tuple[str, dict[str, str]]] = []
        self._form: Form | None = None
        self._message: Message | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.sheet.elements.append((tag, given))
        if tag == "div" and "data-id" in given:
            self._message = Message(given["data-id"], "mine" in given["class"].split())
            self.sheet.messages.append(self._message)
        elif tag == "form":
            self._form = Form(given["action"])
            self.sheet.forms.append(self._form)
            if self._message is not None:
                self._message.form = self._form
        elif tag == "input" and self._form is not None:
            self._form.fields[given["name"]] = given.get("value", "")
        elif tag == "button" and self._form is not None:
            self._form.labels.append("")
            if given.get("name") == "tap":
                self._form.buttons.append(("", given["value"]))
        elif tag == "a" and self._message is not None:
            self._message.links.append(("", given["href"]))
        elif given.get("class") == "text" and self._message is not None:
            self._message.language = given.get("lang", "")
        if tag not in VOID:
            self.path.append((tag, given))

    def handle_endtag(self, tag: str) -> None:
        opened, given = self.path.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"
        if tag == "form":
            self._form = None
        elif tag == "div" and "data-id" in given:
            self._message = None

    def handle_data(self, data: str) -> None:
        if not self.path:
            return
        tag, given = self.path[-1]
        if given.get("class") == "text" and self._message is not None:
            self._message.text += data
        elif tag == "button" and self._form is not None:
            self._form.labels[-1] += data
            if given.get("name") == "tap":
                label, value = self._form.buttons[-1]
                self._form.buttons[-1] = (label + data, value)
        elif tag == "a" and self._message is not None:
            label, href = self._message.links[-1]
            self._message.links[-1] = (label + data, href)
        name = given.get("id") or given.get("class") or tag
        self.sheet.texts[name] = self.sheet.texts.get(name, "") + data
