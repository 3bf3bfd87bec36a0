"""Doubtful prompts: messages such as greetings, which would be drawn and charged by mistake.

The list holds whole messages only: "спасибо" is thanks, "спасибо, сказала лиса лесу" is a prompt.
Whatever is not listed here is a prompt, and drawn at once.
"""

import re
import unicodedata
from enum import StrEnum
from functools import cache

from bot.prompts.grammar import clean, grammar_of
from providers.base import Product

LONGEST_TALK = 12  # words


class Doubt(StrEnum):
    """Why a person is asked before their words are drawn."""

    TALK = "talk"  # likely said to the bot, or to the others in a group
    ONE_WORD = "one_word"  # a prompt, or a slip of the thumb


PHRASES = """
привет, приветик, приветствую, здравствуй, здравствуйте, здрасте, здорово, хай, хей, салют, алло
доброе утро, утро доброе, с добрым утром, добрый день, добрый вечер, доброй ночи, спокойной ночи
доброго дня, доброго вечера, доброго времени суток, хорошего дня, хорошего вечера
пока, до свидания, до встречи, до завтра, всего доброго, privet, poka
hello, hi, hey, hiya, yo, howdy, greetings, bye, goodbye, see you, see ya, see you later
good morning, good afternoon, good evening, good night, good day, have a nice day

спасибо, спасибки, спасибочки, спс, пасиб, благодарю, мерси, большое спасибо, спасибо за помощь
spasibo, thanks, thank you, thx, ty, cheers, many thanks, thanks a lot

класс, классно, круто, супер, отлично, прекрасно, замечательно, великолепно, шикарно, здорово
красиво, красота, огонь, топ, бомба, кайф, прикольно, идеально, вау, ого, молодец, умница, неплохо
нравится, не нравится, хорошая работа, так держать, то что надо
плохо, ужас, ужасно, фу, блин, жаль, извини, извините, прости, простите
wow, cool, nice, great, super, awesome, amazing, beautiful, perfect, excellent, lovely, brilliant
love it, i love it, i like it, well done, good job, great job, nice job, good bot, nice one
not bad, bad, awful, sorry

да, нет, ага, угу, ок, окей, ладно, хорошо, понятно, понял, поняла, ясно, конечно, точно, давай
стоп, хватит, отмена, не надо, не знаю, все понятно, все ясно, лол, ха, хах, хаха, ахаха
yes, no, yeah, yep, nope, ok, okay, sure, fine, understood, got it, i see, never mind, stop, cancel
lol, omg, haha

как дела, как ты, как жизнь, как настроение, что делаешь, что нового, кто ты, ты кто, как тебя зовут
ты тут, ты здесь, кто тут, есть кто, ты бот, ты робот, ты живой, расскажи о себе
что ты умеешь, что умеешь, что ты можешь, что это, что это такое, можно вопрос, у меня вопрос
сколько стоит, сколько это стоит, сколько стоит картинка, сколько стоит одна картинка, почем, цена
какая цена, сколько у меня токенов, сколько токенов
как пользоваться, как тобой пользоваться, как этим пользоваться, как это работает, как ты работаешь
как начать, как рисовать, что делать, что дальше, что писать, что нужно писать
помощь, помоги, помогите, тест, проверка, проверка связи, раз два три
how are you, how are you doing, how is it going, hows it going, whats up, whats new, who are you
what are you, what is your name, whats your name, are you there, anyone here, are you a bot
what can you do, what do you do, what is this, can i ask, i have a question
how much, how much is it, how much is this, how much does it cost, how much is a picture, price
how does it work, how does this work, how do you work, how to use, how to use this, how to use it
how do i use this, how do i use it, how to start, how do i start, what now, what should i write
help, help me, can you help, can you help me, test, testing

не работает, ничего не работает, почему не работает, ты не работаешь, ты сломался, не получается
не получилось, ничего не получилось, не то, не то что надо, почему так долго, долго еще
сколько ждать, сколько еще ждать, где картинка, где моя картинка, где мои картинки
верни деньги, верните деньги, верни токены, верните токены, дорого, слишком дорого
почему так дорого, можно дешевле, где взять токены, как купить токены, где купить токены
как пополнить, как пополнить баланс, как оплатить, как отменить, отмени, хочу картинку, нарисуй
нарисуй картинку, повтори, еще раз, еще одну, можно еще, давай еще
извини за беспокойство, извините за беспокойство
it does not work, it doesnt work, does not work, doesnt work, not working, it is not working
not what i wanted, not what i asked for, why so long, why is it so slow, how long
how long does it take, where is my picture, wheres my picture, where are my pictures
refund, give me a refund, money back, give me my money back, i want my money back
i want a refund, expensive, too expensive
how to pay, how do i pay, how do i buy tokens, how do i get tokens, how do i get more tokens
how to cancel, how do i cancel, i want a picture, draw, draw a picture, again, once more, one more
another one, sorry to bother you
"""
FILLERS = """
а, и, ну, ой, ох, о, очень, большое, огромное, мне, вам, тебе, всем, вас, тебя, это, так, как
еще, просто, реально, прям, уж, же, пожалуйста, плиз, бот, дружище, друг, друзья, ребята, народ
oh, very, so, much, really, just, too, its, this, that, thats, please, pls, bot, buddy, friend
everyone, all, there, guys
"""
_WORD = re.compile(r"[^\W_]+")
_APOSTROPHES = re.compile(r"['’ʼ`]")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")  # "привееет"
_ENDS_AS_QUESTION = re.compile(r"[?？؟][^\w]*\Z")
_GAPS = re.compile(r"[\s,;]+")


def doubt_of(
    text: str, product: Product, *, with_picture: bool = False, aside: bool = False
) -> Doubt | None:
    """Why to ask before `text` is drawn; None: it is a prompt.

    Flags leave no doubt. One word for a picture of one's own says what to make of it. Said `aside`
    are words to a picture in a group, where people talk about it among themselves.
    """
    prompt, flags = grammar_of(product).split(clean(text))
    if flags:
        return None
    if aside or _ENDS_AS_QUESTION.search(prompt) or _is_talk(prompt):
        return Doubt.TALK
    if _count(prompt) == 1 and not with_picture:
        return Doubt.ONE_WORD
    return None


def _is_talk(prompt: str) -> bool:
    """Whether it is nothing but phrases of the list, or has no letter and no digit at all."""
    words = _words(prompt)
    if len(words) > LONGEST_TALK:
        return False
    return not words or _talk().fullmatch("".join(f"{each} " for each in words)) is not None


def _words(text: str) -> list[str]:
    plain = _APOSTROPHES.sub("", text.casefold().replace("ё", "е"))
    return [_DRAWN_OUT.sub(r"\1", each) for each in _WORD.findall(plain)]


def _count(prompt: str) -> int:
    """Words, each letter being one in scripts that write no gaps."""
    wide = sum(each.isalpha() and unicodedata.east_asian_width(each) == "W" for each in prompt)
    return wide or sum(bool(_WORD.search(each)) for each in _GAPS.split(prompt))


def _any_of(phrases: str) -> str:
    each = (" ".join(_words(phrase)) for phrase in re.split(r"[,\n]", phrases))
    return "(?:" + "|".join(re.escape(phrase) for phrase in each if phrase) + ") "


@cache  # on first use: it takes 0.06 s to compile
def _talk() -> re.Pattern[str]:
    fillers, phrases = _any_of(FILLERS), _any_of(PHRASES)
    return re.compile(rf"(?:{fillers})*{phrases}(?:{fillers}|{phrases})*")
