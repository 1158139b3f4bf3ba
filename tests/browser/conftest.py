"""A real Chromium, headless: installed by apt-get where we are root, else the tests say why they are skipped."""

import os
import shutil
import subprocess

import pytest

PROGRAMS = ("chromium", "chromedriver")


@pytest.fixture(scope="session")
def browser():
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: pip install selenium")
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    if not all(map(shutil.which, PROGRAMS)):
        install()
    options = Options()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1200,900"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


def install():
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.skip("no chromium and chromedriver here, and no right to install them: apt-get install chromium chromium-driver")
    for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium", "chromium-driver"]):
        done = subprocess.run(["apt-get", "-qq", *command], capture_output=True, text=True, timeout=600)
        if done.returncode:
            pytest.skip(f"apt-get {command[0]} failed: {done.stderr.strip()[-300:]}")
