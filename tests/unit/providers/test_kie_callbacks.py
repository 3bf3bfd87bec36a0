"""What is read of a callback."""

import base64
import hashlib
import hmac
import json

import pytest

from providers.kie import MAX_NAME
from providers.kie_callbacks import is_signed, task_of
from tests.fixtures import recorded

T = "bd8f4b1a52048d0f17a38b49591abfa1"


@pytest.mark.parametrize("name", ["callback_success", "callback_fail"])
def test_a_documented_callback_is_understood(name: str) -> None:
    body = recorded("kie", name)["body"]
    assert task_of(json.dumps(body).encode()) == body["data"]["taskId"]


@pytest.mark.parametrize(
    "body",
    [
        {"taskId": T, "code": 200, "msg": "Success", "data": {"task_id": T}},  # the signed example
        {"task_id": T, "callbackType": "task_completed"},
        {"taskId": T, "data": None},
        {"taskId": T, "data": "x"},
        {"task_id": T, "taskId": 7, "data": {"taskId": "", "task_id": "a\nb"}},
        {"code": 501, "data": {"taskId": T, "state": "fail"}, "taskId": "another"},
    ],
)
def test_the_id_stands_in_one_of_four_places(body: object) -> None:
    assert task_of(json.dumps(body).encode()) == T


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"taskId=1",
        b"null",
        b"[]",
        b'"%s"' % T.encode(),
        b"{}",
        b'{"data": {"taskId": null}}',
        b'{"taskId": ["a"]}',
        b'{"taskId": "\\ud83d"}',
        b'{"taskId": "a\\u0000b"}',
        b'{"taskId": "%s"}' % (b"a" * (MAX_NAME + 1)),
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"taskId": "a"',
        b"1" * 5_000,
    ],
)
def test_what_names_no_task_is_no_callback(body: bytes) -> None:
    assert task_of(body) is None


def signature(task_id: str, timestamp: str, key: str) -> str:
    message = f"{task_id}.{timestamp}".encode()
    return base64.b64encode(hmac.new(key.encode(), message, hashlib.sha256).digest()).decode()


def test_a_signature_is_of_task_and_time() -> None:
    right = signature(T, "1769670760", "key")
    assert is_signed(T, "1769670760", right, "key")
    assert not is_signed(T, "1769670761", right, "key")
    assert not is_signed("another", "1769670760", right, "key")
    assert not is_signed(T, "1769670760", right, "another")


@pytest.mark.parametrize("wrong", ["", "é", "\udcff", "a" * 10_000])
def test_what_is_no_signature_is_none(wrong: str) -> None:
    assert not is_signed(T, wrong, wrong, "key")
