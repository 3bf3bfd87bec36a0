"""Buying as a person does it, in a browser, on the chat page of Telegram's stand-in."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support import World
from tests.unit.demo.test_telegram_page import CHROMIUM, browsing


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
async def test_tokens_are_bought_and_the_waiting_prompt_is_drawn(
    world: World, tmp_path: Path
) -> None:
    anna = await world.customer(tokens=30)
    anna.stars = 60
    async with browsing(f"{world.telegram.url}/#{anna.user_id}", tmp_path) as page:
        key = page.locator(".key")
        await page.locator("#text").fill("рыжая лиса в снегу")
        await page.keyboard.press("Enter")
        await expect(page.locator(".row.in").last).to_contain_text("Не хватает токенов")
        await key.filter(has_text="Купить токены").last.click()
        await expect(page.locator(".row.in").last).to_contain_text("50 ★ — 395 токенов: 5 картинок")
        await key.filter(has_text="50 ★ · 395 токенов").click()
        await expect(page.locator(".invoice")).to_contain_text("Хватит на 5 картинок")
        await key.filter(has_text="Pay ★ 50").click()
        await expect(page.locator(".service").last).to_have_text("★ 50 paid")
        await expect(page.locator("#status")).to_contain_text("★ 10")
        await expect(page.locator(".row.in").last).to_contain_text("Оплачено: 50 ★.")
        await key.filter(has_text="Запустить · 79").click()
        await expect(page.locator(".row.in img")).to_have_count(1)
        await world.closed()
        assert world.balance(anna.user_id) == 30 + 395 - 79
        anna.send("/buy")
        await expect(page.locator(".row.in").last).to_contain_text("Пакеты токенов")
