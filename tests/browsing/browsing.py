"""A headless Chromium for tests: open a page, look at it, and hear what it complains of.

```python
def test_it_opens(browser: Browser, tmp_path: Path) -> None:
    page = browser.open(tmp_path / "report.html", width=375, dark=True)
    page.scroll_through()
    assert page.evaluate("document.title") == "digits"
    page.check_sound()
```

The fixture ``browser`` is one for all tests of a run; each page has storage of its own.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devtools import DevTools, ProtocolError

__all__ = ["Browser", "Page", "find_chromium"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_OPTIONS = (
    "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--disable-extensions", "--disable-sync", "--disable-gpu", "--hide-scrollbars", "--mute-audio",
    "--force-color-profile=srgb",
)  # fmt: skip
_POLL_S = 0.02
_SETTLED = "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r(true))))"
_SCROLL = """(async () => {
  const settled = () => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight / 2) {
    scrollTo({top: y, behavior: "instant"});
    await settled();
    await new Promise(r => setTimeout(r, 10));
  }
  await settled();
})()"""


def find_chromium() -> str | None:
    """Return the browser of this machine, or None."""
    own = os.environ.get("BROWSER_PATH")
    return own or next((found for name in _NAMES if (found := shutil.which(name))), None)


class Browser:
    """A headless Chromium; a context manager.

    Args:
        program: The executable.
        profile: A folder for its files.
        patience: Seconds in which it answers.
    """

    def __init__(self, program: str, profile: Path, patience: float = 60.0) -> None:
        read_by_it, to = os.pipe()
        back, written_by_it = os.pipe()
        command = [program, *_OPTIONS, f"--user-data-dir={profile}"]
        self._process = subprocess.Popen(  # the protocol is spoken on descriptors 3 and 4
            ["bash", "-c", f'exec "$@" 3<&{read_by_it} 4>&{written_by_it}', "bash", *command],
            pass_fds=(read_by_it, written_by_it),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read_by_it)
        os.close(written_by_it)
        self._pipes = to, back
        self._tools = DevTools(to, back, patience)

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        try:
            self._tools.call("Browser.close")
            self._process.wait(20)
        except (ProtocolError, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        for pipe in self._pipes:
            os.close(pipe)

    def open(
        self,
        target: str | Path,
        *,
        width: int = 1200,
        height: int = 900,
        dark: bool = False,
        settle: bool = True,
    ) -> Page:
        """Return a page that has loaded.

        Args:
            target: A file, or a URL.
            width: Of the window, in CSS pixels; up to 600 it is a phone, with two dots a pixel.
            height: Of the window.
            dark: Whether the system prefers a dark theme.
            settle: Whether to wait for the event ``load``.

        Raises:
            ProtocolError: It does not load.
        """
        context = self._tools.call("Target.createBrowserContext")["browserContextId"]
        made = self._tools.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = self._tools.call(
            "Target.attachToTarget", targetId=made["targetId"], flatten=True
        )
        page = Page(self._tools, attached["sessionId"], context)
        page.resize(width, height)
        page.prefer(dark=dark)
        url = target if isinstance(target, str) else target.resolve().as_uri()
        page.visit(url, settle=settle)
        return page


class Page:
    """One page of a browser, and what became known of it.

    Attributes:
        console: What it wrote, as ``level: text``; what the browser says of it is there as well,
            such as violations of its security policy.
        exceptions: Those that no script caught.
        requests: The URLs that it asked for, the page itself left out, and data in URLs too.
    """

    def __init__(self, tools: DevTools, session: str, context: str) -> None:
        self._tools, self._session, self._context = tools, session, context
        self.console: list[str] = []
        self.exceptions: list[str] = []
        self.requests: list[str] = []
        self._loads = 0
        tools.listen(session, self._hear)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def visit(self, url: str, *, settle: bool = True) -> None:
        """Go to a URL, and wait until it has loaded.

        Raises:
            ProtocolError: It does not load.
        """
        before = self._loads
        answer = self._call("Page.navigate", url=url)
        if answer.get("errorText"):
            raise ProtocolError(f"{url}: {answer['errorText']}")
        if settle:
            self._await_load(before)

    def reload(self) -> None:
        """Load the page again."""
        before = self._loads
        self._call("Page.reload")
        self._await_load(before)

    def resize(self, width: int, height: int) -> None:
        """Give the window another size; up to 600 pixels of width it is a phone."""
        phone = width <= 600
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=2 if phone else 1, mobile=phone,
        )  # fmt: skip

    def prefer(self, *, dark: bool = False, printing: bool = False) -> None:
        """Tell the page of another theme of the system, or that it is to be printed."""
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call(
            "Emulation.setEmulatedMedia", media="print" if printing else "", features=[theme]
        )

    def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, as JSON has it; promises are awaited.

        Raises:
            ProtocolError: It throws.
        """
        answer = self._call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True,
            userGesture=True,
        )  # fmt: skip
        if "exceptionDetails" in answer:
            raise ProtocolError(f"{expression!r}: {_told(answer['exceptionDetails'])}")
        return answer["result"].get("value")

    def wait_until(self, expression: str, patience: float = 30.0) -> Any:
        """Return the value of an expression as soon as it is truthy.

        Raises:
            ProtocolError: It is not, in ``patience`` seconds; or it throws.
        """
        deadline = time.monotonic() + patience
        while not (value := self.evaluate(expression)):
            if time.monotonic() > deadline:
                raise ProtocolError(f"{expression!r} is {value!r} after {patience:g} s")
            self._tools.attend(_POLL_S)
        return value

    def press(self, key: str) -> None:
        """Press and release a key, such as ``"Tab"``, ``"Enter"`` or ``"a"``."""
        named = len(key) > 1
        text = {"Enter": "\r"}.get(key, "" if named else key)
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40}
        for kind in ("keyDown", "keyUp"):
            self._call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key if named else "",
                text=text if kind == "keyDown" else "", windowsVirtualKeyCode=codes.get(key, 0),
            )  # fmt: skip

    def drag(self, start: tuple[float, float], end: tuple[float, float], steps: int = 8) -> None:
        """Press the mouse at a point of the window, move it to another one, and let it go.

        Args:
            start: In CSS pixels from the upper left corner.
            end: Likewise.
            steps: How many moves there are in between.
        """
        (x, y), (to_x, to_y) = start, end
        self._mouse("mouseMoved", x, y)
        self._mouse("mousePressed", x, y)
        for step in range(1, steps + 1):
            self._mouse("mouseMoved", x + (to_x - x) * step / steps, y + (to_y - y) * step / steps)
        self._mouse("mouseReleased", to_x, to_y)

    def _mouse(self, kind: str, x: float, y: float) -> None:
        self._call(
            "Input.dispatchMouseEvent", type=kind, x=x, y=y, clickCount=1,
            button="none" if kind == "mouseMoved" else "left",
            buttons=0 if kind == "mouseReleased" else 1,
        )  # fmt: skip

    def scroll_through(self) -> None:
        """Scroll from the top to the end, so that all has been in view once."""
        self.evaluate(_SCROLL)

    def screenshot(self, path: Path, *, full: bool = False) -> Path:
        """Write a PNG of what is in view, or of the full page, and return its path."""
        self.evaluate(_SETTLED)
        options: dict[str, Any] = {}
        if full:
            size = self._call("Page.getLayoutMetrics")["cssContentSize"]
            options = {"captureBeyondViewport": True, "clip": {**size, "scale": 1}}
        data = self._call("Page.captureScreenshot", format="png", **options)["data"]
        path.write_bytes(base64.b64decode(data))
        return path

    def print_to(self, path: Path) -> Path:
        """Write the page as a PDF, as its own rules for print have it, and return its path."""
        data = self._call("Page.printToPDF", printBackground=True)["data"]
        path.write_bytes(base64.b64decode(data))
        return path

    def check_sound(self, *, allowed: tuple[str, ...] = ()) -> None:
        """Fail if the page asked for anything, raised, or wrote an error or a warning.

        Args:
            allowed: The beginnings of URLs that it may ask for.
        """
        self.evaluate(_SETTLED)
        asked = [url for url in self.requests if not url.startswith(allowed or ("data:", "blob:"))]
        told = [line for line in self.console if line.startswith(("error", "warning"))]
        assert not asked, f"it asked for {asked}"
        assert not self.exceptions, self.exceptions
        assert not told, told

    def close(self) -> None:
        """Close it, and forget what it stored."""
        self._tools.forget(self._session)
        self._tools.call("Target.disposeBrowserContext", browserContextId=self._context)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._tools.call(method, self._session, **parameters)

    def _await_load(self, before: int, patience: float = 60.0) -> None:
        deadline = time.monotonic() + patience
        while self._loads == before:
            if time.monotonic() > deadline:
                raise ProtocolError(f"the page has not loaded in {patience:g} s")
            self._tools.attend(_POLL_S)

    def _hear(self, name: str, told: Mapping[str, Any]) -> None:
        if name == "Page.loadEventFired":
            self._loads += 1
        elif name == "Runtime.consoleAPICalled":
            words = (str(each.get("value", each.get("description", ""))) for each in told["args"])
            self.console.append(f"{told['type']}: {' '.join(words)}")
        elif name == "Log.entryAdded":
            entry = told["entry"]
            self.console.append(f"{entry['level']}: {entry['text']}")
        elif name == "Runtime.exceptionThrown":
            self.exceptions.append(_told(told["exceptionDetails"]))
        elif name == "Network.requestWillBeSent" and not _is_page(told):
            self.requests.append(told["request"]["url"])


def _is_page(told: Mapping[str, Any]) -> bool:
    """Return whether a request is that for the page itself."""
    return told.get("type") == "Document" and told["requestId"] == told["loaderId"]


def _told(details: Mapping[str, Any]) -> str:
    return str(details.get("exception", {}).get("description") or details["text"])
