"""Headless Chromium, as Debian ships it, and what it shows of a page."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By

# Git-ignored; for people to look at.
SCREENSHOTS = Path(__file__).parents[2] / "screenshots"
PAGE_S = 120
# What MLflow offers to those who come for the first time.
OFFERS = ("mlflow.assistant.chat_panel.close",)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1440,1000",
    "--force-color-profile=srgb",
)
# A numbered disc at an element's upper right corner; says whether there is such an element.
MARK = """
const element = document.querySelector(arguments[0]);
if (!element) return false;
const place = element.getBoundingClientRect(), disc = document.createElement("div");
disc.textContent = arguments[1];
disc.style.cssText = `position:absolute; left:${place.right + scrollX - 13}px;
  top:${place.top + scrollY - 9}px; width:26px; height:26px; border-radius:13px; color:white;
  background:#b3261e; font:bold 16px/26px sans-serif; text-align:center; z-index:9`;
document.body.append(disc);
return true;
"""


class Browser:
    """One window of a browser."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver

    def open(self, address: str, *wanted: str) -> str:
        """Open a page and wait for these texts; gives all visible text."""
        # From a blank page: another address of the same application would not be loaded anew.
        self._driver.get("about:blank")
        self._driver.get(address)
        deadline = time.monotonic() + PAGE_S
        while True:
            text = self.text()
            missing = [one for one in wanted if one not in text]
            if not missing:
                self._decline_offers()
                return text
            assert time.monotonic() < deadline, f"{address} does not show {missing}:\n{text}"
            time.sleep(0.2)

    def frame_text(self) -> str:
        """All visible text of the page within the page; none as long as there is no such page."""
        try:
            self._driver.switch_to.frame(0)
            return self.text()
        except WebDriverException:
            # None yet, or replaced while it was read.
            return ""
        finally:
            self._driver.switch_to.default_content()

    def text(self) -> str:
        """All visible text."""
        script = "return document.body ? document.body.innerText : ''"
        return str(self._driver.execute_script(script)).replace("\N{NO-BREAK SPACE}", " ")

    def show(self, width: int, media: str = "screen") -> None:
        """Take on the width of a device, and show pages as on a screen or on paper ("print")."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})

    def run(self, script: str) -> Any:
        """Return what a script returns; it may return a promise."""
        return self._driver.execute_script(script)

    def widest_image(self) -> int:
        """Width in pixels of the widest image that could be read, 0 if there is none."""
        script = "return Math.max(0, ...[...document.images].map(i => i.naturalWidth))"
        return int(self._driver.execute_script(script))

    def resize(self, width: int, height: int) -> None:
        """Give the window's content this size in pixels, without scroll bars."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self._driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})

    def mark(self, *selectors: str) -> None:
        """Put a number beside each element: 1 for the first selector, and so on."""
        for number, selector in enumerate(selectors, 1):
            found = self._driver.execute_script(MARK, selector, number)
            assert found, f"the page has no {selector!r} to mark"

    def keep(self, name: str) -> None:
        """Keep a screenshot for people to look at, once the page stands still."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.picture(SCREENSHOTS / f"{name}.png")

    def picture(self, file: Path) -> None:
        """Write a screenshot to a file, once the page stands still."""
        before = b""
        for _ in range(20):
            now = self._driver.get_screenshot_as_png()
            if now == before:
                break
            before = now
            time.sleep(0.5)
        file.write_bytes(before)

    def _decline_offers(self) -> None:
        for offer in OFFERS:
            for button in self._driver.find_elements(
                By.CSS_SELECTOR, f'[data-component-id="{offer}"]'
            ):
                # It may go by itself.
                with suppress(WebDriverException):
                    button.click()


@contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    """A browser with a new profile; skips the test where there is none."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("no chromium and chromedriver: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    window = webdriver.Chrome(options, webdriver.ChromeService(driver))
    try:
        yield Browser(window)
    finally:
        window.quit()
