"""The page at `/`, used as a person would."""

from playwright.sync_api import Page, expect

from tests.stack import Stack


def enter(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/#key={stack.key}")
    expect(page.locator("#composer")).to_be_visible()


def test_a_key_in_the_address_opens_the_page_and_leaves_the_address(
    page: Page, stack: Stack
) -> None:
    enter(page, stack)
    assert stack.key not in page.url
    page.reload()
    expect(page.locator("#composer")).to_be_visible()
    page.click("#forget-key")
    expect(page.locator("#key-form")).to_be_visible()
    page.reload()
    expect(page.locator("#key-form")).to_be_visible()


def test_a_visitor_is_asked_for_a_key(page: Page, stack: Stack) -> None:
    page.goto(stack.url)
    expect(page.locator("#key-form")).to_be_visible()
    expect(page.locator("#composer")).to_be_hidden()
    page.fill("#key", "atl_live_nonsense")
    page.click("#key-form button")
    expect(page.locator("#notices")).to_contain_text("does not open this service")
    page.fill("#key", stack.key)
    page.click("#key-form button")
    expect(page.locator("#composer")).to_be_visible()
    expect(page.locator("#notices")).to_be_empty()


def test_a_prompt_becomes_pictures(page: Page, stack: Stack) -> None:
    enter(page, stack)
    pictures = page.locator(".card.picture img[src]")
    before = pictures.count()
    # many steps, so that a slow browser still sees them pass
    page.click("summary")
    page.fill("[name=num_inference_steps]", "60")
    page.click(".choice span:text-is('2')")
    page.fill("#prompt", "a red circle left of a blue square")
    page.press("#prompt", "Enter")
    live = page.locator(".card.live")
    expect(live.locator(".words")).to_contain_text("of 60")
    expect(live.locator("img.preview")).to_be_visible()
    expect(pictures).to_have_count(before + 2)
    expect(live).to_have_count(0)

    pictures.first.click()
    viewer = page.locator("#viewer")
    expect(viewer).to_contain_text("a red circle left of a blue square")
    expect(viewer).to_contain_text("128 \u00d7 128")
    page.click("[data-do=again]")
    expect(page.locator("#prompt")).to_have_value("a red circle left of a blue square")

    page.reload()
    expect(pictures.first).to_be_visible()
    page.locator(".card.picture").first.click()
    page.click("[data-do=delete]")
    expect(pictures).to_have_count(before)


def test_an_error_is_shown(page: Page, stack: Stack) -> None:
    enter(page, stack)
    page.click("summary")
    # past what the form itself refuses
    page.locator("[name=width]").evaluate("element => { element.step = 1; }")
    page.fill("[name=width]", "65")
    page.fill("#prompt", "a blue square")
    page.click("#draw")
    expect(page.locator("#notices")).to_contain_text("width")
    expect(page.locator("#notices")).to_contain_text("multiples of 32")


def test_a_job_can_be_canceled(page: Page, stack: Stack) -> None:
    enter(page, stack)
    page.click("summary")
    page.fill("[name=num_inference_steps]", "100")
    page.fill("[name=width]", "256")
    page.fill("[name=height]", "256")
    page.fill("#prompt", "a green triangle")
    page.click("#draw")
    page.locator(".card.live button").click()
    expect(page.locator(".card.failed").first).to_contain_text("Canceled")


def test_the_page_fits_a_phone(page: Page, stack: Stack) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    enter(page, stack)
    width_px = page.locator("body").evaluate("body => body.scrollWidth")
    assert width_px <= 360
    expect(page.locator("#draw")).to_be_in_viewport()


def test_the_reference_is_drawn(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/docs")
    create = page.locator("details.call", has_text="Queue a job.")
    create.locator("summary").click()
    expect(create).to_contain_text("negative_prompt")
    expect(create).to_contain_text("/problems/unknown-model")
