"""A person with a keyboard and nothing else: tabs, types, and sees where they are."""

from typing import Any

from tests.web.conftest import PASSWORD

FURTHEST = 150
"""So many presses of Tab are more than any page should need."""
NOTHING: dict[str, Any] = {"words": "", "kind": "", "id": "", "scroller": False}
HERE = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const group = one.type === "radio" || one.type === "checkbox" ? one.closest("fieldset") : null;
  const words = node => node ? node.textContent.replace(/\\s+/g, " ").trim() : "";
  const legend = words(group && group.querySelector("legend"));
  const label = one.getAttribute("aria-label") || [...(one.labels || [])].map(words).join(" ");
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  const seen = document.elementFromPoint(
    Math.min(Math.max(box.left + box.width / 2, 0), innerWidth - 1),
    Math.min(Math.max(box.top + box.height / 2, 0), innerHeight - 1));
  return {
    words: (legend + " " + (label || words(one) || one.name || "")).trim(), group: legend,
    kind: one.tagName.toLowerCase() + (one.type ? "." + one.type : ""), id: one.id,
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    scroller: one.classList.contains("scroll"), checked: one.checked,
    chosen: one.tagName === "SELECT" ? words(one.selectedOptions[0]) : "",
    shown: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight &&
      box.right > 0 && box.left < innerWidth,
    covered: !(seen && (one.contains(seen) || seen.contains(one) || (one.labels || [])[0] &&
      one.labels[0].contains(seen))),
  };
}"""


class Typist:
    """Somebody at a browser who presses keys only.

    Args:
        browser: the browser.
        address: where the application is.
        user: who.
    """

    def __init__(self, browser: Any, address: str, user: str) -> None:
        self.context = browser.new_context(base_url=address, locale="en-US")
        self.page = self.context.new_page()
        self.keys = self.page.keyboard
        self.home()
        self.type("User", user)
        self.type("Password", PASSWORD)
        self.follow("Sign in")

    def home(self) -> None:
        """Open the front page: the one address that is typed."""
        self.page.goto("/")

    def here(self) -> dict[str, Any]:
        """Give what has the focus; whatever has it shows that it does."""
        found: dict[str, Any] = self.page.evaluate(HERE) or NOTHING
        if found is not NOTHING and found["id"] != "main":
            assert found["ring"], f"{self.page.url}: no focus is seen on {found}"
            assert found["shown"], f"{self.page.url}: out of sight: {found}"
            assert not found["covered"], f"{self.page.url}: covered: {found}"
        return found

    def reach(self, words: str, kinds: tuple[str, ...] = (), back: bool = False) -> dict[str, Any]:
        """Press Tab until something of these words, and of these kinds, has the focus."""
        passed = []
        for _n in range(FURTHEST):
            self.keys.press("Shift+Tab" if back else "Tab")
            found = self.here()
            passed.append(found["words"][:40])
            if (
                found["words"].startswith(words)
                and not found["scroller"]
                and (not kinds or found["kind"].startswith(kinds))
            ):
                return found
            if passed.count("Skip to the content") > 1:
                break
        raise AssertionError(f"{self.page.url}: {words!r} is not to be reached: {passed}")

    def follow(self, words: str) -> str:
        """Follow a link or press a button; give what the page then says."""
        self.reach(words, ("a", "button"))
        with self.page.expect_navigation():
            self.keys.press("Enter")
        return self.text()

    def open(self, words: str) -> None:
        """Open what is folded away."""
        self.reach(words, ("summary",))
        self.keys.press("Enter")

    def skip(self) -> None:
        """Go past the head of the page and the areas, to the content."""
        found = self.reach("Skip to the content")
        assert found["kind"] == "a"
        self.keys.press("Enter")

    def text(self) -> str:
        """Give what the page says."""
        return str(self.page.inner_text("main"))

    def type(self, words: str, said: str) -> None:
        """Type into a field."""
        self.reach(words, ("input", "textarea"))
        self.keys.type(said)

    def day(self, words: str, day: str, clock: str = "") -> None:
        """Type a day, and the time of it, part by part as this browser shows them: in American."""
        self.reach(words, ("input.date",))
        year, month, of_month = day.split("-")
        self.keys.type(month + of_month + year)
        if clock:
            hour, minute = map(int, clock.split(":"))
            self.keys.press("ArrowRight")
            self.keys.type(f"{(hour + 11) % 12 + 1:02}{minute:02}{'PM' if hour > 11 else 'AM'}")
        value = self.page.evaluate("document.activeElement.value")
        assert value == (f"{day}T{clock}" if clock else day), value

    def choose(self, words: str, said: str) -> None:
        """Choose from a list by typing how it begins."""
        self.reach(words, ("select",))
        self.keys.type(said)
        chosen = self.here()["chosen"]
        assert chosen.startswith(said), f"{said!r}: {chosen}"

    def mark(self, words: str, said: str) -> None:
        """Choose one of several that are shown all at once, with the arrows."""
        found = self.reach(words, ("input.radio",))
        self.keys.press("Space")
        for _n in range(FURTHEST):
            if found["words"].endswith(said):
                return
            self.keys.press("ArrowDown")
            found = self.here()
        raise AssertionError(f"{words!r}: there is no {said!r}")

    def tick(self, words: str) -> None:
        """Tick a box."""
        self.reach(words, ("input.checkbox",))
        self.keys.press("Space")
        assert self.here()["checked"]

    def sign(self) -> str:
        """Sign with the password, and record."""
        self.type("Password", PASSWORD)
        return self.follow("Sign and record")
