"""How calls come over the wire."""

from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from tests.unit.demo.test_telegram_basics import png, talking


async def test_arguments_come_in_the_query_a_form_json_or_both() -> None:
    async with talking() as talk:
        url = f"{talk.telegram.url}/bot{talk.telegram.token}/SENDmessage"
        async with talk.http.get(url, params={"chat_id": "1001", "text": "query"}) as response:
            assert (await response.json())["ok"]
        nested = {"chat_id": 1001, "text": "json", "reply_markup": {"inline_keyboard": []}}
        async with talk.http.post(url, json=nested) as response:
            assert (await response.json())["ok"]
        written = {"chat_id": "1001", "text": "json", "reply_markup": '{"inline_keyboard":[]}'}
        async with talk.http.post(url, json=written) as response:
            assert (await response.json())["ok"]
        mixed = f"{url}?chat_id=1001".replace(":TEST", "%3ATEST")  # as some clients write tokens
        async with talk.http.post(mixed, data={"text": "form"}) as response:
            assert (await response.json())["ok"]
    assert [message.text for message in talk.anna.messages] == ["query", "json", "json", "form"]
    assert talk.telegram.calls[0].method == "sendMessage"


async def test_every_answer_is_dated_by_the_clock_that_dates_messages() -> None:
    async with talking() as talk:
        talk.telegram.stop_clock()
        talk.telegram.move_clock(7200)
        now = int(talk.telegram.clock())
        url = f"{talk.telegram.url}/bot{talk.telegram.token}/"
        for method, params in (("sendMessage", {"chat_id": "1001", "text": "x"}), ("none", {})):
            async with talk.http.get(url + method, params=params) as response:
                assert parsedate_to_datetime(response.headers["Date"]).timestamp() == now
        assert int(talk.anna.messages[-1].sent_at) == now


async def test_chunked_multipart_with_attach_names_and_with_the_parameters_name() -> None:
    async with talking() as talk:
        body = await talk.upload("sendPhoto", "photo", png(), "a.png", chat_id="1001")
        assert body["ok"]

        async def pieces() -> Any:
            data = png()
            yield data[:50]
            yield data[50:]

        form = aiohttp.FormData()
        form.add_field("chat_id", "1001")
        form.add_field("photo", "attach://part7")
        form.add_field("part7", pieces(), filename="b.png")
        url = f"{talk.telegram.url}/bot{talk.telegram.token}/sendPhoto"
        async with talk.http.post(url, data=form) as response:
            assert (await response.json())["ok"]
    assert [len(message.photo) for message in talk.anna.messages] == [1, 1]
