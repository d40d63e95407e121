"""Opens the page of a report in a browser and looks at it as people would.

    python drive.py SCENARIO CHROMIUM PAGE AXE
"""

import pathlib
import sys

from playwright.sync_api import Page, sync_playwright

scenario, chromium, path, axe = sys.argv[1:]
address = pathlib.Path(path).as_uri()
seen: list[str] = []


def watch(page: Page) -> Page:
    """Keeps what a page must not do."""
    page.on("console", lambda message: seen.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: seen.append(f"error: {error}"))
    page.on("dialog", lambda dialog: (seen.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("popup", lambda popup: seen.append(f"popup: {popup.url}"))
    page.on("request", lambda it: it.url.split("#")[0] == address or seen.append(f"request: {it.url}"))
    return page


def expect(is_so: bool, what: object) -> None:
    if not is_so:
        raise SystemExit(f"not so: {what}")


def visible(page: Page, selector: str) -> int:
    return page.locator(f"{selector}:visible").count()


def shown_states(page: Page) -> set[str]:
    states = page.eval_on_selector_all(
        "tr.case, article.case, article.finding",
        "all => all.filter(it => it.checkVisibility()).map(it => it.dataset.state)",
    )
    return set(states)


def filter(page: Page) -> None:
    articles = visible(page, "article")
    page.fill("#filter-text", "silent")
    expect(visible(page, "article") == 1, "one case is silent")
    expect("silent" in page.inner_text("article:visible"), "and that is shown")
    expect(visible(page, ".problems li") == 1, "as in the list on top")
    expect(not page.is_visible("#findings"), "no heading stands over nothing")
    expect("filter?text=silent" in page.url, page.url)
    expect(page.inner_text("#filter-count").startswith("1 of "), page.inner_text("#filter-count"))
    page.reload()
    expect(visible(page, "article") == 1, "the address keeps the filter")
    expect(page.input_value("#filter-text") == "silent", "and shows it")
    page.press("#filter-text", "Escape")
    expect(visible(page, "article") == articles, "all is back")
    expect("filter" not in page.url, page.url)

    for state, name in [("error", "wrong"), ("warning", "doubtful"), ("ok", "as expected")]:
        page.get_by_label(name, exact=True).check(force=True)
        expect(shown_states(page) == {state}, f"{name}: {shown_states(page)}")
    page.get_by_label("all", exact=True).check(force=True)

    page.select_option("#filter-module", "verdicts/bugs")
    expect(visible(page, "details.module") == 1, "one module")
    expect(visible(page, "table.modules tbody tr") == 1, "and one row")
    expect(visible(page, "article") == 4, visible(page, "article"))
    page.fill("#filter-text", "no such thing anywhere")
    expect(page.is_visible("#nothing"), "it says that there is nothing")
    page.click("#filter-clear")
    expect(visible(page, "article") == articles, "all is back")


def links(page: Page) -> None:
    anchor = page.locator("details.module:not([open]) tr.case[id]").first.get_attribute("id")
    folded = page.locator(f"[id='{anchor}']")
    expect(not folded.is_visible(), "it is folded")
    page.goto(f"{address}#{anchor}")
    expect(folded.is_visible(), f"{anchor} is opened by its link")
    # A filter that hides it gives way.
    page.fill("#filter-text", "silent")
    page.evaluate("anchor => { location.hash = anchor }", anchor)
    page.wait_for_function("document.getElementById('filter-text').value === ''")
    expect(folded.is_visible(), "the filter gives way")
    # From outside, in a fresh page.
    fresh = watch(page.context.new_page())
    fresh.goto(f"{address}#{anchor}")
    expect(fresh.locator(f"[id='{anchor}']").is_visible(), "and in a fresh page")
    # Every link on the page leads somewhere.
    missing = fresh.evaluate(
        "() => [...document.querySelectorAll('a[href]')].map(it => it.hash.slice(1))"
        ".filter(id => !document.getElementById(decodeURIComponent(id)))"
    )
    expect(missing == [], missing)
    first = fresh.locator(".problems a").first
    target = first.get_attribute("href")[1:]
    first.click()
    fresh.wait_for_function("id => document.activeElement.id === id", arg=target)


def keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.evaluate("document.activeElement.className") == "skip", "first there is a way past the beginning")
    page.keyboard.press("/")
    page.keyboard.type("flaky")
    expect(page.input_value("#filter-text") == "flaky", "/ leads to the filter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator("input[name=state]:checked").get_attribute("value") == "error", "arrows choose a state")
    page.keyboard.press("Tab")
    expect(page.evaluate("document.activeElement.id") == "filter-module", "then comes the module")
    page.focus("#filter-text")
    page.keyboard.press("Escape")
    summary = page.locator("details.module > summary").first
    before = page.locator("details.module").first.get_attribute("open")
    summary.focus()
    page.keyboard.press("Enter")
    after = page.locator("details.module").first.get_attribute("open")
    expect((before is None) != (after is None), "Enter opens and closes")
    outline = summary.evaluate("it => getComputedStyle(it).outlineStyle")
    expect(outline != "none", "what has the focus can be seen")


def lightness(page: Page, of: str) -> float:
    value = page.evaluate(f"getComputedStyle(document.body).{of}")
    numbers = [float(it) for it in value[value.index("(") + 1 : -1].split(",")[:3]]
    return sum(numbers) / 3


def dark(page: Page) -> None:
    expect(lightness(page, "backgroundColor") > 200 > 100 > lightness(page, "color"), "dark on light")
    page.emulate_media(color_scheme="dark")
    expect(lightness(page, "backgroundColor") < 60 < 200 < lightness(page, "color"), "light on dark")


def accessible(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true })")
    for scheme in ["light", "dark"]:
        page.emulate_media(color_scheme=scheme)
        page.evaluate(pathlib.Path(axe).read_text())
        # Only colours are others in the dark.
        only = {} if scheme == "light" else {"runOnly": ["color-contrast"]}
        result = page.evaluate("options => axe.run(document, options)", {"resultTypes": ["violations"], **only})
        told = [
            f"{it['id']}: {it['help']}: {it['nodes'][0]['html'][:200]} {it['nodes'][0]['failureSummary']}"
            for it in result["violations"]
        ]
        expect(told == [], f"{scheme}: " + "\n".join(told))


def narrow(page: Page) -> None:
    for width in [360, 390, 768]:
        page.set_viewport_size({"width": width, "height": 800})
        page.click("#open-all")
        wide = page.evaluate("document.documentElement.scrollWidth")
        expect(wide <= width, f"{wide} pixels in {width}")


def hostile(page: Page) -> None:
    page.click("#open-all")
    page.fill("#filter-text", "<img src=x")
    page.wait_for_timeout(200)
    page.press("#filter-text", "Escape")
    expect(page.locator("script").count() == 1, "one script")
    expect(page.locator("style").count() == 1, "one style")
    expect(page.locator("img, iframe, object, embed, link, base, textarea").count() == 0, "nothing from elsewhere")
    odd = page.evaluate(
        "() => [...document.querySelectorAll('*')].filter(it => [...it.attributes]"
        ".some(at => at.name.startsWith('on') || at.name === 'style' || /^\\s*javascript:/i.test(at.value) && at.name === 'href'))"
        ".map(it => it.outerHTML.slice(0, 200))"
    )
    expect(odd == [], odd)
    expect("<script>alert(1)</script>" in page.inner_text("main"), "the text is there")
    expect("{{ 7*7 }}" in page.inner_text("main"), "and is no template")


def without_script(page: Page) -> None:
    expect(not page.is_visible("#filter"), "there is no filter that would do nothing")
    expect(visible(page, "article") > 20, "what is wrong is there")
    page.locator("details.module:not([open]) > summary").first.click()
    anchor = page.locator("details.module:not([open]) tr.case[id]").first.get_attribute("id")
    page.goto(f"{address}#{anchor}")
    expect(page.locator(f"[id='{anchor}']").is_visible(), "links open what they lead to")


def many(page: Page) -> None:
    expect(page.locator("tr.case").count() == 2000, "all cases")
    expect(visible(page, "tr.case") == 0, "folded, as nothing is wrong")
    page.fill("#filter-text", "bug")
    expect(visible(page, "tr.case") > 0, "found")


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    context = browser.new_context(
        viewport={"width": 1280, "height": 900},
        java_script_enabled=scenario != "without_script",
        color_scheme="light",
    )
    page = watch(context.new_page())
    page.goto(address)
    {
        it.__name__: it
        for it in [filter, links, keyboard, dark, accessible, narrow, hostile, without_script, many]
    }[scenario](page)
    browser.close()

expect(seen == [], "\n".join(seen))
