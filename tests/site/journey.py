"""What people do in the shop, as steps for a browser that need nothing but the shop's address.

Each function takes a fresh page (see `browser.visitor`) and the base URL, and asserts as it goes. The shop's data is
only what its own sample catalogue and earlier steps have put there: several may run against one shop, in any order.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, Request, Route, expect

from tests.site.browser import PHONE, SMALL_PHONE, chromium, visitor

AXE: Final = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_FAILED_REQUESTS: Final = {"forgiven": ("Failed to load resource",)}
"""For steps in which a request fails: Chromium reports each on the console itself."""

_LISTS_LAG_MS: Final = 2_500
"""Lists and details may be 2 seconds old (the API's description)."""

Product = dict[str, Any]


def _open(page: Page, base_url: str, path: str = "/") -> None:
    page.goto(f"{base_url.rstrip('/')}{path}")
    expect(page.locator("main")).not_to_have_attribute("aria-busy", "true")


def _api(page: Page, method: str, path: str, body: object = None) -> Any:
    """The API as the page's own session sees it."""
    return page.evaluate(
        """async ([method, path, body]) => {
            const answer = await fetch(`/api${path}`, {
                method,
                headers: { 'content-type': 'application/json' },
                body: body === null ? undefined : JSON.stringify(body),
            });
            return answer.json();
        }""",
        [method, path, body],
    )


def _products(page: Page) -> list[Product]:
    found: list[Product] = _api(page, "GET", "/products?limit=100")["items"]
    return found


def _plenty(page: Page) -> Product:
    return max(_products(page), key=lambda each: int(each["stock"]))


def _orders(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _api(page, "GET", "/orders")["items"]
    return found


def _won(amount: int) -> str:
    return f"₩{amount:,}"


def _put_in_cart(page: Page, product: Product, quantity: int) -> None:
    _api(page, "PUT", f"/cart/items/{product['id']}", {"quantity": quantity})


# --- Buying


def sells(page: Page, base_url: str) -> None:
    """Browse, search, look closer, add, change the quantity, order, reload: the order stays, the cart is empty."""
    _open(page, base_url)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("[data-product]")).not_to_have_count(0)
    product = _plenty(page)
    name, price = product["name"]["ko"], product["price"]

    page.get_by_role("searchbox").fill(name)
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url(re.compile(r"\?q="))
    expect(page.locator("h1")).to_contain_text(name)
    page.get_by_role("link", name=name, exact=True).click()
    page.wait_for_url(re.compile(rf"/products/{product['id']}$"))
    expect(page.locator("h1")).to_have_text(name)
    expect(page.locator(".facts > .price")).to_have_text(_won(price))

    page.locator("#add").click()
    expect(page.locator("#toast")).to_contain_text(name)
    expect(page.locator("#cart-count")).to_have_text("1")
    page.locator("#toast a").click()
    page.wait_for_url(re.compile(r"/cart$"))
    page.locator(f"#quantity-{product['id']}-more").click()
    expect(page.locator(f"#quantity-{product['id']}")).to_have_value("2")
    expect(page.locator("#order")).to_contain_text(_won(2 * price))

    page.reload()
    expect(page.locator(f"#quantity-{product['id']}")).to_have_value("2")
    page.locator("#order").click()
    page.wait_for_url(re.compile(r"/orders/.+"))
    number = page.locator("#order-id").inner_text()
    expect(page.locator(".sum")).to_contain_text(_won(2 * price))
    expect(page.locator("#cart-count")).to_be_hidden()

    page.reload()
    expect(page.locator("#order-id")).to_have_text(number)
    expect(page.locator(".receipt")).to_contain_text(name)
    _open(page, base_url, "/orders")
    expect(page.locator(f"[data-order='{number}']")).to_contain_text(_won(2 * price))
    _open(page, base_url, "/cart")
    expect(page.locator("#order")).to_have_count(0)


def browses(page: Page, base_url: str) -> None:
    """Categories, more, "back" to where one was, a search without result, no such page."""
    _open(page, base_url)
    total = _api(page, "GET", "/products?limit=1")["total"]
    shown = page.locator("[data-product]")
    first_page = shown.count()
    if total > first_page:
        page.locator("#more").click()
        expect(shown).to_have_count(min(total, 2 * first_page))
    last = shown.last
    last.scroll_into_view_if_needed()
    last.get_by_role("link").click()
    page.wait_for_url(re.compile(r"/products/"))
    page.go_back()
    expect(shown).to_have_count(min(total, 2 * first_page))
    expect(last).to_be_in_viewport()

    category = _api(page, "GET", "/categories")["items"][0]
    page.locator(f".chip[href='/?category={category['id']}']").click()
    expect(page.locator("h1")).to_have_text(category["name"]["ko"])
    expect(shown).to_have_count(category["products"])

    page.get_by_role("searchbox").fill("이런상품은없습니다")
    expect(page.get_by_role("heading", name="찾는 상품이 없어요")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_focused()
    _open(page, base_url, f"/?q={'가' * 101}")
    expect(page.get_by_role("heading", name="찾는 상품이 없어요")).to_be_visible()
    _open(page, base_url, "/?sort=nonsense")
    expect(shown).to_have_count(first_page)
    _open(page, base_url, "/there/is/nothing")
    expect(page.locator("h1")).to_have_text("페이지를 찾을 수 없어요")


def speaks_both(page: Page, base_url: str) -> None:
    """Korean by the browser's wish, English by one click and after a reload, and back; without losing one's place."""
    _open(page, base_url)
    product = _plenty(page)
    _open(page, base_url, f"/products/{product['id']}")
    html = page.locator("html")
    expect(html).to_have_attribute("lang", "ko")
    expect(page.locator("h1")).to_have_text(product["name"]["ko"])
    page.get_by_role("button", name="English").click()
    expect(html).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text(product["name"]["en"])
    expect(page.locator("#add")).to_have_text("Add to cart")
    expect(page.get_by_role("button", name="English")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(html).to_have_attribute("lang", "en")
    expect(page.locator("h1")).to_have_text(product["name"]["en"])
    assert page.title().startswith(product["name"]["en"])
    page.get_by_role("button", name="한국어").click()
    expect(html).to_have_attribute("lang", "ko")
    expect(page.locator("#add")).to_have_text("장바구니에 담기")
    assert page.locator(".facts > .price").inner_text() == _won(product["price"])


def keyboard_only(page: Page, base_url: str) -> None:
    """A purchase with Tab, Enter and letters; the focus is always seen, and put where the new page begins."""
    _open(page, base_url)
    product = _plenty(page)
    page.reload()
    expect(page.locator("[data-product]")).not_to_have_count(0)
    _tab_to(page, ".skip", most=1)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    expect(page.locator("[data-product]")).not_to_have_count(0)
    _tab_to(page, "#search")
    page.keyboard.type(product["name"]["ko"])
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_focused()
    _tab_to(page, f"[data-product='{product['id']}'] .name a")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_focused()
    _tab_to(page, "#add")
    page.keyboard.press("Enter")
    expect(page.locator("#cart-count")).to_have_text("1")
    _tab_to(page, "#toast a")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_focused()
    _tab_to(page, f"#quantity-{product['id']}-more")
    page.keyboard.press("Space")
    expect(page.locator(f"#quantity-{product['id']}")).to_have_value("2")
    expect(page.locator(f"#quantity-{product['id']}-more")).to_be_focused()
    _tab_to(page, "#order")
    page.keyboard.press("Enter")
    expect(page.locator("#order-id")).to_be_visible()
    expect(page.locator("h1")).to_be_focused()


def _tab_to(page: Page, selector: str, *, most: int = 150) -> None:
    """With Tab alone; every stop on the way has a visible mark."""
    for _ in range(most):
        page.keyboard.press("Tab")
        marked, there = page.evaluate(
            """(selector) => {
                const element = document.activeElement;
                const marks = [element, ...element.querySelectorAll('*')].flatMap((each) =>
                    [undefined, '::after'].map((part) => getComputedStyle(each, part).outlineStyle));
                const marked = element === document.body || marks.some((style) => style !== 'none');
                return [marked, element.matches(selector)];
            }""",
            selector,
        )
        assert marked, f"no visible focus on the way to {selector}: {page.evaluate('document.activeElement.outerHTML')}"
        if there:
            return
    raise AssertionError(f"{selector} is not reached with Tab")


# --- When something is wrong


@contextmanager
def _orders_pass(page: Page, decide: Any) -> Iterator[list[str]]:
    """`decide(number, route)` for every POST of an order; yields the idempotency keys that were seen."""
    keys: list[str] = []

    def handle(route: Route, request: Request) -> None:
        if request.method != "POST":
            route.fallback()
            return
        keys.append(request.headers["idempotency-key"])
        decide(len(keys), route)

    page.route("**/api/orders", handle)
    try:
        yield keys
    finally:
        page.unroute("**/api/orders", handle)


def loses_no_purchase(page: Page, base_url: str) -> None:
    """The answer is lost, then a server dies: the same request again, one order, one click."""
    _open(page, base_url)
    product, before = _plenty(page), len(_orders(page))
    _put_in_cart(page, product, 1)
    _open(page, base_url, "/cart")

    def decide(number: int, route: Route) -> None:
        if number == 1:
            route.fetch()  # it arrives, and its answer is lost
            route.abort("connectionreset")
        elif number == 2:
            route.fulfill(status=503, content_type="text/html", body="<h1>503</h1>")
        else:
            route.fallback()

    with _orders_pass(page, decide) as keys:
        page.locator("#order").dblclick()
        expect(page.locator("#order")).to_have_attribute("aria-busy", "true")
        expect(page.locator("#order-id")).to_be_visible()
    assert len(keys) == 3
    assert len(set(keys)) == 1
    assert len(_orders(page)) == before + 1


def survives_a_reload(page: Page, base_url: str) -> None:
    """No answer at all and the page is closed over it: the purchase waits, and is finished with its own key."""
    _open(page, base_url)
    product, before = _plenty(page), len(_orders(page))
    _put_in_cart(page, product, 1)
    _open(page, base_url, "/cart")

    def decide(number: int, route: Route) -> None:
        if number == 1:
            route.fetch()
        route.abort("connectionreset")

    with _orders_pass(page, decide) as keys:
        page.locator("#order").click()
        expect(page.locator("#order")).to_have_attribute("aria-busy", "true")
        _open(page, base_url, "/cart")
        expect(page.get_by_role("alert")).to_be_visible()
    with _orders_pass(page, lambda _, route: route.fallback()) as later:
        page.locator("#finish").click()
        expect(page.locator("#order-id")).to_be_visible()
    assert set(later) == set(keys)
    assert len(_orders(page)) == before + 1


def explains_stock(page: Page, base_url: str) -> None:
    """More than there is: nothing is bought, the page says what is left, and takes it with one click."""
    _open(page, base_url)
    scarce = min((each for each in _products(page) if 0 < each["stock"] < 99), key=lambda each: int(each["stock"]))
    _put_in_cart(page, scarce, scarce["stock"] + 1)
    _open(page, base_url, "/cart")
    page.locator("#order").click()
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("재고가 부족해요")
    expect(notice).to_contain_text(scarce["name"]["ko"])
    expect(notice).to_be_focused()
    assert not _orders(page)
    page.locator("#fix").click()
    expect(page.locator(f"#quantity-{scarce['id']}")).to_have_value(str(scarce["stock"]))
    expect(notice).to_have_count(0)


def shows_what_is_sold_out(page: Page, base_url: str) -> None:
    """The last ones are bought: the shelf says so, and the product can be looked at but not added."""
    _open(page, base_url)
    scarce = min((each for each in _products(page) if 0 < each["stock"] < 99), key=lambda each: int(each["stock"]))
    _put_in_cart(page, scarce, scarce["stock"])
    _open(page, base_url, "/cart")
    page.locator("#order").click()
    expect(page.locator("#order-id")).to_be_visible()
    page.wait_for_timeout(_LISTS_LAG_MS)
    _open(page, base_url, f"/?q={scarce['name']['ko']}")
    card = page.locator(f"[data-product='{scarce['id']}']")
    expect(card).to_contain_text("품절")
    expect(card.get_by_role("button")).to_have_count(0)
    _check(page, "sold out, list")
    card.get_by_role("link").click()
    expect(page.locator(".facts").get_by_role("button", name="품절")).to_be_disabled()
    expect(page.locator("#add")).to_have_count(0)
    _check(page, "sold out, product")


def says_what_is_missing(page: Page, base_url: str) -> None:
    """A product that is not there, or an order of somebody else."""
    for path in ("/products/999999999", "/products/no-number", "/orders/01900000-0000-7000-8000-000000000000"):
        _open(page, base_url, path)
        expect(page.locator("h1")).to_have_text("페이지를 찾을 수 없어요")


def waits_for_the_api(page: Page, base_url: str) -> None:
    """API down: said plainly, tried again by hand; offline: said, and gone with the line's return."""
    page.route("**/api/**", lambda route: route.fulfill(status=503, content_type="text/html", body="<h1>503</h1>"))
    _open(page, base_url)
    expect(page.locator("h1")).to_have_text("잠시 연결이 어려워요")
    page.unroute("**/api/**")
    page.locator("#again").click()
    expect(page.locator("[data-product]")).not_to_have_count(0)
    page.context.set_offline(True)
    expect(page.locator("#offline")).to_contain_text("인터넷")
    page.context.set_offline(False)
    expect(page.locator("#offline")).to_be_empty()


def sells_without_carts(page: Page, base_url: str) -> None:
    """The store of carts is away: said at once, and people order all the same; it comes back by itself."""
    _open(page, base_url)
    product, other = sorted(_products(page), key=lambda each: -int(each["stock"]))[:2]
    _put_in_cart(page, product, 1)
    _open(page, base_url, "/cart")
    expect(page.locator("#order")).to_be_visible()
    body = {"type": "urn:cloudmart:problem:unavailable", "title": "Unavailable", "status": 503}
    away = json.dumps(body)
    page.route(
        "**/api/cart**",
        lambda route: route.fulfill(status=503, content_type="application/problem+json", body=away),
    )
    _open(page, base_url, f"/products/{other['id']}")
    page.locator("#add").click()
    expect(page.locator("#cart-count")).to_have_text("2")
    _open(page, base_url, "/cart")
    expect(page.locator("#away")).to_contain_text("장바구니를 잠시 불러올 수 없어요")
    expect(page.locator(f"#quantity-{product['id']}")).to_have_value("1")
    expect(page.locator(f"#quantity-{other['id']}")).to_have_value("1")
    _check(page, "cart, away")
    page.locator(f"#quantity-{other['id']}-more").click()
    expect(page.locator(f"#quantity-{other['id']}")).to_have_value("2")
    page.reload()
    expect(page.locator(f"#quantity-{other['id']}")).to_have_value("2")
    page.locator("#order").click()
    expect(page.locator(".sum")).to_contain_text(_won(product["price"] + 2 * other["price"]))
    expect(page.locator("#cart-count")).to_be_hidden()
    _open(page, base_url, "/cart")
    expect(page.locator("h1")).to_have_text("장바구니를 잠시 불러올 수 없어요")
    page.unroute("**/api/cart**")
    # The page looks every 6 seconds whether the store of carts is back.
    expect(page.locator("h1")).to_have_text("장바구니가 비어 있어요")


# --- How it is made


def is_accessible(page: Page, base_url: str) -> None:
    """axe-core finds nothing (WCAG 2.2 A and AA, best practices) on any page, empty or full."""
    _open(page, base_url)
    product = _plenty(page)
    _check(page, "list")
    _open(page, base_url, "/?q=zzzzzz")
    _check(page, "no result")
    _open(page, base_url, "/cart")
    _check(page, "empty cart")
    _open(page, base_url, f"/products/{product['id']}")
    page.locator("#add").click()
    expect(page.locator("#toast a")).to_be_visible()
    _check(page, "product, with a message")
    _open(page, base_url, "/cart")
    _check(page, "cart")
    page.locator("#order").click()
    expect(page.locator("#order-id")).to_be_visible()
    _check(page, "confirmation")
    _open(page, base_url, "/orders")
    _check(page, "orders")
    _fits(page, base_url, product)


def fits(page: Page, base_url: str) -> None:
    """Nothing scrolls sideways, with something in the cart and with an order."""
    _open(page, base_url)
    product = _plenty(page)
    _put_in_cart(page, product, 99)
    _fits(page, base_url, product)
    _open(page, base_url, "/cart")
    page.locator(f"#quantity-{product['id']}-fewer").click()
    # The sum is drawn anew with the answer, and its button with it.
    expect(page.locator("#order")).to_contain_text(_won(98 * product["price"]))
    page.locator("#order").click()
    expect(page.locator("#order-id")).to_be_visible()
    _fits(page, base_url, product)


def _fits(page: Page, base_url: str, product: Product) -> None:
    for path in ("/", f"/products/{product['id']}", "/cart", "/orders"):
        _open(page, base_url, path)
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], f"{path} scrolls sideways: {wide}"


def _check(page: Page, what: str) -> None:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })"
        ".then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => "
        "html.slice(0, 160) + ' ' + failureSummary)]))"
    )
    assert not found, f"{what}: {found}"


def does_not_jump(page: Page, base_url: str) -> None:
    """Nothing moves while a page comes up: cumulative layout shift below 0.01 (good is 0.1, web.dev)."""
    _open(page, base_url)
    product = _plenty(page)
    for path in ("/", f"/products/{product['id']}", "/cart", "/orders"):
        _open(page, base_url, path)
        page.wait_for_load_state("networkidle")
        shifted = page.evaluate(
            """new Promise((resolve) => {
                const seen = ({ value, sources }) => [value, sources.map(({ node }) => node?.outerHTML?.slice(0, 120))];
                const observer = new PerformanceObserver((list) => resolve(list.getEntries().map(seen)));
                observer.observe({ type: 'layout-shift', buffered: true });
                setTimeout(() => resolve([]), 100);
            })"""
        )
        assert sum(value for value, _ in shifted) < 0.01, f"{path}: {shifted}"


def take_picture(page: Page, base_url: str, file: Path) -> None:
    """The front page, as docs show it."""
    _open(page, base_url)
    page.locator("[data-product]").first.wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=file)


@dataclass(frozen=True)
class Journey:
    """Steps, and who takes them."""

    steps: Callable[[Page, str], None]
    visitor: dict[str, Any] = field(default_factory=dict)
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.steps.__name__

    def walk(self, browser: Browser, base_url: str) -> None:
        with visitor(browser, **self.visitor) as page:
            try:
                self.steps(page, base_url)
            except Exception as failed:
                failed.add_note(f"{self}, at {page.url}: {page.locator('body').inner_text()[:800]}")
                raise


JOURNEYS: Final = (
    Journey(sells),
    Journey(sells, {"size": PHONE}, "sells_on_a_phone"),
    Journey(browses, _FAILED_REQUESTS),
    Journey(speaks_both),
    Journey(keyboard_only),
    Journey(loses_no_purchase, _FAILED_REQUESTS),
    Journey(survives_a_reload, _FAILED_REQUESTS),
    Journey(explains_stock, _FAILED_REQUESTS),
    Journey(shows_what_is_sold_out),
    Journey(says_what_is_missing, _FAILED_REQUESTS),
    Journey(waits_for_the_api, _FAILED_REQUESTS),
    Journey(sells_without_carts, _FAILED_REQUESTS),
    Journey(fits, {"size": SMALL_PHONE}, "fits_a_small_phone"),
    Journey(fits, {"size": SMALL_PHONE, "language": "en-US"}, "fits_a_small_phone_in_english"),
    Journey(is_accessible),
    Journey(is_accessible, {"size": PHONE, "dark": True, "language": "en-US"}, "is_accessible_on_a_dark_phone"),
    Journey(does_not_jump),
    Journey(does_not_jump, {"size": PHONE}, "does_not_jump_on_a_phone"),
)


def walk_all(base_url: str) -> None:
    """Every journey, one after the other, in one browser. A failure says which, and what the page showed."""
    with chromium() as browser:
        for journey in JOURNEYS:
            journey.walk(browser, base_url)
