"""What is asked about before it is drawn, and what is not: by example."""

from functools import partial

import pytest

from bot.prompts.doubt import Doubt, doubt_of
from providers.products import PRODUCTS

doubt = partial(doubt_of, product=PRODUCTS["midjourney"])

TALK = """
привет
Привет!
ПРИВЕТ)))
привееет
Приветик 😊
Здравствуйте
здравствуйте!
Добрый день
доброе утро всем
Добрый вечер, бот!
привет, как дела
Привет! Как дела?
privet
Hi
hello!
hey there
Good morning
hi everyone 👋
спасибо
Спасибо!
спасибооооо
спасибо большое
Спасибо большое, очень красиво!
огромное спасибо вам
класс, спасибо!
Класс!!!
вау
вау, как красиво
очень круто 🔥
супер
Мне очень нравится
не нравится
thanks
Thank you so much!
thanks, it's awesome
wow, that's beautiful
I love it
well done
spasibo
пока
до свидания
bye
да
нет
ок
ОК 👍
хорошо, понял
ну ладно
okay
never mind
ха-ха
сколько стоит?
Сколько стоит
а сколько это стоит
сколько стоит картинка
сколько стоит одна картинка? ))
how much is it
How much does it cost?
как пользоваться
как это работает
что ты умеешь
кто ты
Ты тут?
ты бот?
What's your name
what can you do?
how do I use this
помощь
help
не работает
Верните деньги!
почему так долго
а где моя картинка
можно дешевле
хочу картинку
нарисуй, пожалуйста
помогите пожалуйста
it doesn't work
Refund please
where is my picture
another one please
можно нарисовать кота?
а ты умеешь рисовать людей?
Why is it so expensive?!
нарисуешь мне лису？
«Что это?»
тест
🦊
🔥🔥🔥
👍🏽
👨‍👩‍👧
❤️
🇷🇺
:)
...
!!!
))
—
""".strip().splitlines()

ONE_WORD = """
кот
Кот.
кот!
кот 🐈
лес 🌲🌲
лиса
fox
кот-робот
midjourney
123
猫
картинка
https://example.com/fox.png
ыыы
""".strip().splitlines()

PROMPTS = """
рыжая лиса в снегу
рыжая лиса
red fox
кот в сапогах
кот,пёс
кот и пёс
кот 2
спасибо сказала лиса лесу, акварель
спасибо, сказала лиса лесу
привет из Сочи
привет, нарисуй рыжую лису
открытка «Спасибо за всё»
открытка с надписью «Как дела?» на синем фоне
добрый день в деревне
доброе утро, чашка кофе на подоконнике
hello kitty
good morning coffee
beautiful sunset
a beautiful woman
очень красивый закат
красивый вечер
огонь и лёд
класс математики
супер кот
топ модель
пока идёт дождь
a bot
это друг
друг и ребята
the end of the world
how to train your dragon
who let the dogs out, cartoon
ещё одну лису
верни деньги, сказал гном
again and again, a spiral
help wanted sign
as if nobody asked? yes, like that
雪の中の赤い狐
赤狐
1girl, solo, blue hair
кот --ar 1:1
кот --n 2
привет --ar 16:9
спасибо --seed 5
сколько стоит? --q high
🦊 --ar 1:1
кот —ar 1:1
""".strip().splitlines()


@pytest.mark.parametrize("text", TALK)
def test_talk_is_asked_about(text: str) -> None:
    assert doubt(text) is Doubt.TALK


@pytest.mark.parametrize("text", ONE_WORD)
def test_one_word_is_asked_about(text: str) -> None:
    assert doubt(text) is Doubt.ONE_WORD


@pytest.mark.parametrize("text", PROMPTS)
def test_a_prompt_is_not(text: str) -> None:
    assert doubt(text) is None


@pytest.mark.parametrize("text", ["акварель", "anime", "кот", "в стиле комикса"])
def test_one_word_for_a_picture_of_one_s_own_is_a_request(text: str) -> None:
    assert doubt(text, with_picture=True) is None


@pytest.mark.parametrize("text", ["спасибо", "класс!", "что это?", "🔥", "как тебе?", "hi"])
def test_talk_stays_talk_with_a_picture(text: str) -> None:
    assert doubt(text, with_picture=True) is Doubt.TALK


def test_words_said_in_a_group_to_a_picture_are_talk_and_flags_are_not() -> None:
    assert doubt("смотрите, какой вышел закат", with_picture=True, aside=True) is Doubt.TALK
    assert doubt("в снегу --ar 16:9", with_picture=True, aside=True) is None
    assert doubt("--ar 16:9", with_picture=True, aside=True) is None


@pytest.mark.parametrize("text", ["спасибо большое " * 270, "а и " * 1000, "да" * 2000])
def test_a_message_as_long_as_can_be_is_no_talk(text: str) -> None:
    assert doubt(text) is not Doubt.TALK
