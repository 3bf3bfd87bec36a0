"""How calls come over the wire, and what is refused before anything is done."""

from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import pytest

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
        async with talk.http.post(f"{url}?chat_id=1001", data={"text": "form"}) as response:
            assert (await response.json())["ok"]
    assert [message.text for message in talk.anna.messages] == ["query", "json", "json", "form"]
    assert talk.telegram.calls[0].method == "sendMessage"


async def test_the_token_may_be_percent_encoded() -> None:
    async with talking() as talk:
        token = talk.telegram.token.replace(":", "%3A")
        async with talk.http.get(f"{talk.telegram.url}/bot{token}/getMe") as response:
            assert (await response.json())["ok"]


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


async def test_an_empty_string_is_as_good_as_nothing() -> None:
    async with talking() as talk:
        assert (await talk.call("sendMessage", chat_id=1001, text="x", reply_markup=""))["ok"]
        assert await talk.refusal("sendMessage", chat_id=1001, text="") == "message text is empty"
        assert await talk.refusal("sendMessage", chat_id="", text="x") == "chat_id is empty"


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": 1001}, "message text is empty"),
        ("sendMessage", {"chat_id": "anna", "text": "x"}, 'wrong type of "chat_id": an integer'),
        ("sendMessage", {"chat_id": 1001, "text": "x", "txt": "y"}, 'unknown field "txt"'),
        (
            "sendMessage",
            {"chat_id": 1001, "text": "x", "protect_content": "perhaps"},
            'wrong type of "protect_content": a boolean',
        ),
        (
            "sendMessage",
            {"chat_id": 1001, "text": "x", "reply_markup": "{"},
            "can't parse reply keyboard markup JSON object",
        ),
        (
            "sendMessage",
            {"chat_id": 1001, "text": "x", "reply_markup": []},
            "object expected as reply markup",
        ),
        (
            "sendMessage",
            {"chat_id": 1001, "text": "x", "reply_parameters": {"message": 1}},
            'unknown field "message" of ReplyParameters',
        ),
        (
            "sendMessage",
            {"chat_id": 1001, "text": "x", "entities": [{"type": "bold", "offset": 0}]},
            'can\'t find field "length" of MessageEntity',
        ),
        ("sendPhoto", {"chat_id": 1001}, "there is no photo in the request"),
        ("sendDocument", {"chat_id": 1001}, "there is no document in the request"),
        (
            "sendPhoto",
            {"chat_id": 1001, "photo": "attach://nothing"},
            "there is no photo in the request",
        ),
        ("sendChatAction", {"chat_id": 1001, "action": "paint"}, "wrong parameter action"),
        ("sendMediaGroup", {"chat_id": 1001, "media": "["}, "can't parse media JSON object"),
        (
            "sendMediaGroup",
            {"chat_id": 1001, "media": [{"type": "sticker", "media": "x"}]},
            'can\'t parse InputMedia: type "sticker" is unsupported',
        ),
        ("getFile", {}, "file_id not specified"),
        ("getUpdates", {"limit": 101}, "getUpdates takes a limit of 1-100"),
        ("getUpdates", {"timeout": 51}, "getUpdates takes a limit of 1-100"),
        ("getUpdates", {"allowed_updates": "message"}, "can't parse allowed updates JSON"),
        (
            "sendMessage",
            {"chat_id": 1001, "text": "x", "business_connection_id": "1"},
            "business connection not found",
        ),
        (
            "sendMessage",
            {"chat_id": 1001, "text": "x", "message_thread_id": 5},
            "message thread not found",
        ),
    ],
)
async def test_what_is_not_as_documented_is_refused(
    method: str, params: dict[str, Any], words: str
) -> None:
    async with talking() as talk:
        assert words in await talk.refusal(method, **params)
    assert not talk.anna.messages


async def test_unknown_parameters_pass_when_not_strict() -> None:
    async with talking() as talk:
        talk.telegram.strict = False
        assert (await talk.call("sendMessage", chat_id=1001, text="x", txt="y"))["ok"]


async def test_a_body_that_is_no_json_object() -> None:
    async with talking() as talk:
        url = f"{talk.telegram.url}/bot{talk.telegram.token}/sendMessage"
        for body in (b"{", b"[]"):
            headers = {"Content-Type": "application/json"}
            async with talk.http.post(url, data=body, headers=headers) as response:
                assert response.status == 400


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


async def test_an_older_server_lacks_methods_and_fields() -> None:
    async with talking() as talk:
        talk.telegram.server_version = "9.3"
        assert (await talk.call("sendMessageDraft", chat_id=1001, draft_id=1, text="x"))["ok"]
        styled = {"inline_keyboard": [[{"text": "a", "callback_data": "b", "style": "danger"}]]}
        assert 'unknown field "style"' in await talk.refusal(
            "sendMessage", chat_id=1001, text="x", reply_markup=styled
        )
        talk.telegram.strict = False  # a field of a later version is refused even so
        assert 'unknown field "can_stop"' in await talk.refusal(
            "sendMessageDraft", chat_id=1001, draft_id=1, text="x", can_stop=True
        )
        rich = await talk.call("sendRichMessage", chat_id=1001, rich_message={"html": "<p>x</p>"})
        assert (rich["error_code"], rich["description"]) == (404, "Not Found: method not found")
        message_id = await talk.say()
        media = {"type": "photo", "media": "attach://p"}
        body = await talk.upload(
            "editMessageMedia",
            "p",
            png(),
            "p.png",
            chat_id=1001,
            message_id=message_id,
            media=media,
        )
        assert body["description"] == "Bad Request: there is no media in the message to edit"
        talk.telegram.server_version = "9.2"
        draft = await talk.call("sendMessageDraft", chat_id=1001, draft_id=1, text="x")
        assert draft["error_code"] == 404
