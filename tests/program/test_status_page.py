"""The status page in a real browser: live, safe, and usable by keyboard and on a phone."""
import json
import time

import pytest
from browser import browser, missing
from conftest import KEYS
from gate import ENDPOINT, SEED, free_port

pytestmark = [pytest.mark.one_worker,
              pytest.mark.skipif(missing() is not None, reason=f"{missing()} is not installed (./check installs it)")]
INVOKE = ("POST", "/endpoints/myEndpoint/invocations", b"{}")
DENIED = ("POST", "/endpoints/other/invocations", b"{}")
MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture
def page(chromium, start_gate):
    """The page of a gate, open, with a policy whose names are markup."""
    policy = {"Statement": [*SEED["Statement"], {"Sid": MARKUP, "Effect": "Deny", "Principal": "*", "Action": "sagemaker:DeleteEndpoint",
                                                 "Resource": "*"}]}
    gate = start_gate(policy=policy, admin={"address": f"127.0.0.1:{free_port()}"})
    chromium.gate, chromium.at = gate, f"http://{gate.config['admin']['address']}/"
    chromium.look()
    chromium.log("browser"), chromium.requested()
    chromium.open(chromium.at)
    chromium.until("document.getElementById('pill').textContent === 'Ready'")
    yield chromium
    chromium.open("about:blank")


def polls(page, count):
    """Until so many more answers have been shown."""
    page.command("POST", "/timeouts", {"script": 60000})
    page.command("POST", "/execute/async", {"args": [count], "script": """
        const [count, done] = arguments, answers = () => performance.getEntriesByName(new URL('status.json', location).href).length;
        const wanted = answers() + count, look = () => answers() >= wanted ? requestAnimationFrame(() => done()) : setTimeout(look, 50);
        look();"""})


def test_live_and_silent_in_the_console(page):
    page.until("document.querySelector('#rate .value').textContent === '0/s'")
    for _ in range(20):
        assert page.gate.ask(*INVOKE)[0] == 200
    page.until("document.querySelector('#rate .value').textContent !== '0/s'")
    page.until("[...document.querySelectorAll('#policies-list tbody tr:first-child td')].some((cell) => cell.textContent === '20')")
    page.until("document.querySelector('#latency .value').textContent !== '–'")
    text = page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; }); return document.body.innerText")
    for shown in ("InvokeEndpoint", "main", page.gate.config["listeners"][0]["address"], "default identity", "…" + KEYS["AWS_ACCESS_KEY_ID"][-4:],
                  "never", "timeouts.drain", str(page.gate.directory / "policy.json"), MARKUP):
        assert shown in text, shown
    assert page.run("return document.querySelectorAll('main img, main b').length") == 0
    assert not any(secret in text for secret in KEYS.values() if secret != "true")
    assert page.log("browser") == []
    assert {url for url in page.requested() if not url.startswith(("data:", "about:", "chrome:"))} == {page.at, page.at + "status.json"}


def test_a_denial_is_shown_within_two_seconds(page):
    """A machine that is busy with something else gets five chances."""
    for attempt in range(5):
        page.run("""const name = arguments[0]; window.shown = null;
            new MutationObserver(() => { if (!window.shown && document.getElementById('denials').innerText.includes(name)) window.shown = Date.now(); })
                .observe(document.getElementById('denials'), {subtree: true, childList: true, characterData: true});""", f"endpoint/d{attempt}x")
        assert page.gate.ask("POST", f"/endpoints/d{attempt}x/invocations", b"{}")[0] == 403
        happened = time.time()
        page.until(f"document.getElementById('denials').innerText.includes('endpoint/d{attempt}x')")
        if page.run("return window.shown") / 1000 - happened < 2:
            assert "new denial" in page.text("#said")
            return
    raise AssertionError("never within 2 s")


def test_denials_that_are_alike_are_one(page):
    for _ in range(3):
        page.gate.ask(*DENIED)
    page.gate.ask("GET", "/nothing")
    page.until("document.querySelectorAll('.denial').length === 2 && document.getElementById('denials').innerText.includes('3 times')")
    assert "Not authorized to perform" in page.text("#denials") and "GET /nothing" in page.text("#denials")


def test_by_keyboard(page):
    """To the denials, open the statement, copy it; what has the focus keeps it while the page changes."""
    page.chrome("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.gate.ask(*DENIED)
    page.until("document.querySelector('.denial summary')")
    tab, enter = "\ue004", "\ue007"
    page.press(tab, enter)
    assert page.run("return document.activeElement.id") == "denials"
    page.press(tab)
    assert page.run("return document.activeElement.tagName") == "SUMMARY"
    assert page.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.press(enter, tab, tab)
    assert page.run("return document.activeElement.innerText") == "Copy statement"
    page.gate.ask("POST", "/endpoints/another/invocations", b"{}")
    page.until("document.querySelectorAll('.denial').length === 2")
    polls(page, 2)
    assert page.run("return document.activeElement.matches('.copy') && document.activeElement.closest('details').open")
    page.press(enter)
    page.until("document.getElementById('said').textContent === 'Copied'")
    assert page.run("return navigator.clipboard.readText().then(JSON.parse)") == {
        "Effect": "Allow", "Principal": "*", "Action": "sagemaker:InvokeEndpoint", "Resource": ENDPOINT + "other"}


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_on_any_screen(page, width, dark):
    """Nothing is wider than the screen, and colours are as the person likes them."""
    page.look(width, 800, dark)
    page.gate.ask("POST", f"/endpoints/{'a-rather-long-name-' * 3}0/invocations", b"{}")
    page.until("document.querySelector('.denial')")
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    polls(page, 1)
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    assert page.run("return [...document.querySelectorAll('.scroll')].every((one) => one.scrollWidth <= one.clientWidth)")
    light = page.run("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((part) => part > 128)")
    assert light is not dark


def test_audit_mode_suggests_a_policy(page):
    page.gate.reload(listeners=[{**listener, "mode": "audit"} for listener in page.gate.config["listeners"]])
    assert page.gate.ask(*DENIED)[0] == 200
    page.until("document.querySelector('[data-key=suggestion]')")
    page.run("document.querySelector('[data-key=suggestion] details').open = true")
    document = json.loads(page.text("[data-key=suggestion] pre"))
    assert [statement["Resource"] for statement in document["Statement"]] == [ENDPOINT + "other"]
    assert "audit" in page.text("#policies")


def test_it_says_when_nobody_answers(page):
    page.gate.stop()
    page.until("document.getElementById('pill').textContent.startsWith('No answer since')")


def test_trouble_is_told(page):
    page.gate.reload(timeouts={"connect": "never"})
    page.until("document.getElementById('trouble').innerText.includes('A newer configuration is not in force')")


def test_pages_of_other_origins_read_nothing(page):
    page.open(page.gate.url + "/")
    assert page.run("return location.origin") == page.gate.url
    for mode in ("cors", "no-cors"):
        assert page.run("return fetch(arguments[0], {mode: arguments[1]}).then(() => 'read', (error) => error.name)",
                        page.at + "status.json", mode) == "TypeError"
