"""Debian's Chromium, driven by its chromedriver in plain WebDriver (W3C), headless, with a profile of its own."""
import base64
import contextlib
import json
import re
import shutil
import subprocess
import urllib.error
import urllib.request

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def missing():
    """What is not installed; None when all is there."""
    return next((name for name in ("chromium", "chromedriver") if not shutil.which(name)), None)


class Browser:
    def __init__(self, port, profile):
        self.base = f"http://127.0.0.1:{port}"
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        flags = [*FLAGS, f"--user-data-dir={profile}", "--window-size=1280,900", "about:blank"]
        wanted = {"browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                  "goog:chromeOptions": {"binary": shutil.which("chromium"), "args": flags}}
        session = self.command("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.base += f"/session/{session['sessionId']}"

    def command(self, method, path, body=None):
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with self.opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None

    def chrome(self, method, **parameters):
        """A command of the DevTools protocol."""
        return self.command("POST", "/goog/cdp/execute", {"cmd": method, "params": parameters})

    def open(self, url):
        self.command("POST", "/url", {"url": url})

    def run(self, script, *arguments):
        return self.command("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, condition, seconds=30):
        """Resolves inside the page, at the change that makes the condition (an expression) true: returns its value."""
        self.command("POST", "/timeouts", {"script": int(seconds * 1000)})
        return self.command("POST", "/execute/async", {"args": [], "script": f"""
            const done = arguments[0], look = () => {{ const value = ({condition}); if (value) {{ seen.disconnect(); done(value); }} return value; }};
            const seen = new MutationObserver(look);
            if (!look()) seen.observe(document, {{subtree: true, childList: true, characterData: true, attributes: true}});"""})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).innerText", selector)

    def press(self, *keys):
        """Keys one after the other, as a person types them."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.command("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def look(self, width=1280, height=900, dark=False):
        """As on a screen of this size, and as this person likes it."""
        self.chrome("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.chrome("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def screenshot(self, path):
        image = self.chrome("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(image["data"]))

    def log(self, kind):
        return self.command("POST", "/se/log", {"type": kind})

    def requested(self):
        """The URL of each request that the browser has made since last asked."""
        messages = (json.loads(entry["message"])["message"] for entry in self.log("performance"))
        return [message["params"]["request"]["url"] for message in messages
                if message["method"] == "Network.requestWillBeSent"]

    def close(self):
        self.command("DELETE", "")


@contextlib.contextmanager
def browser(folder):
    driver = subprocess.Popen([shutil.which("chromedriver"), "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder)})
    try:
        port = next(match[1] for line in driver.stdout if (match := re.search(r"started successfully on port (\d+)", line)))
        opened = Browser(port, folder / "profile")
        try:
            yield opened
        finally:
            opened.close()
    finally:
        driver.terminate()
        driver.wait(timeout=30)
        driver.stdout.close()
