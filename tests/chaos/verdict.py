"""The verdict: what must hold at the end of a round, whatever happened in it."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.demo.kie import Result, Task
from bot.demo.kie.state import UNSET
from bot.demo.telegram.state import Call
from bot.pipeline.submit import LOST_PAUSE_S, MAX_ATTEMPTS
from bot.telegram.messenger import LOST_PAUSES_S
from bot.telegram.session import UNKNOWN_MESSAGE
from bot.texts import load_texts
from storage.audit import broken_invariants
from storage.database import Database
from storage.jobs import Jobs
from tests.chaos.evidence import BEHIND, Evidence, Row, replied_to
from tests.chaos.people import BUDGET, CODE_TOKENS, CODE_USES, GRANT, Fate, Prompt, is_question
from tests.chaos.process import CANCEL_S, End
from tests.support import ADMIN

# Ends without a picture that an item without a task may come to. Anything else is our own doing.
NO_ANSWER, REFUSED, CLASH = "no_answer", "create_refused", "internal"
OF_ITS_INPUT = {"input_broken", "input_gone", "input_not_uploaded"}
ENDED = {"delivered", "failed", "cancelled"}
CODE_TAKEN, CODE_REFUSED, CODE_TOO_OFTEN = 200, 422, 429
# No create follows a lost one sooner. What was torn counts from before it was stored.
REPEAT_S = LOST_PAUSE_S - BEHIND[End.KILLED]
MOST_COPIES = len(LOST_PAUSES_S) + 1  # of one picture, but for those that a process took with it
UNSAID_S = 15.0  # faults and a chat's pace can delay an answer by so much
MONEY = re.compile(r"^(Списано|Charged)", re.MULTILINE)  # stands in every progress message
BAD_LOG = re.compile(
    r"Traceback|CRITICAL|could not be handled|never retrieved|was destroyed|refunded: internal"
)
LOG_RECORD = re.compile(r"^(?=\d{4}-\d\d-\d\dT)", re.MULTILINE)
KNOWN_TASK = re.compile(
    r"\[job=\d+ item=(\d+)\] failed and refunded: internal\n"
    r"(?=Traceback)(?s:.*)UNIQUE constraint failed: items\.task_id"
)


@dataclass(frozen=True)
class Complaint:
    """Something that must not be. `user_id`: whose chat and rows tell more."""

    what: str
    user_id: int | None = None


@dataclass
class Toll:
    """What is allowed, and counted."""

    duplicates: int = 0  # pictures that came once more
    unseen: int = 0  # pictures that never came, with too many lost answers to try once more
    sent_home: int = 0  # pictures that a group did not take and the person got
    clashes: int = 0  # creates that were answered with the task of another item
    questions: int = 0  # words in doubt that were not drawn
    repeats: int = 0  # progress messages that were begun anew
    purchases: int = 0
    returned: int = 0  # refunded, or charged back
    second_creates: int = 0  # tasks that nobody knows of any more
    unsaid_by_kills: int = 0  # refusals that were lost with the process
    unsaid_by_stops: int = 0  # and those that it had not come to say when it was stopped


async def judge(evidence: Evidence, toll: Toll) -> list[Complaint]:
    """Everything that is wrong; what is excused by a fault or a kill is counted in `toll`."""
    complaints = [
        *_prompts(evidence),
        *_grants(evidence),
        *_stars(evidence, toll),
        *_codes(evidence),
        *_creates(evidence, toll),
        *_ends(evidence, toll),
        *_pictures(evidence, toll),
        *_answers(evidence, toll),
        *_leftovers(evidence),
    ]
    async with Database.open(evidence.data_dir / "bot.db") as database:
        complaints += [Complaint(line) for line in await broken_invariants(database)]
        jobs = Jobs(database)
        for job in evidence.jobs.values():
            complaints += _progress(evidence, toll, job)
            view = await jobs.view(job["job_id"])
            texts = load_texts()[view.origin.language]
            wanted = texts.progress(view, product="Midjourney (KIE)", position=None, left_s=None)
            said = _last_words(evidence, job)
            if said is not None and _but_balance(said) != _but_balance(_shown(wanted)):
                what = f"progress of {job['message_id']} ends with {said!r}, not with {wanted!r}"
                complaints.append(Complaint(what, job["user_id"]))
    return complaints


def _prompts(evidence: Evidence) -> Iterator[Complaint]:
    """One job and its items for each prompt that was taken, and none for others."""
    asked = {prompt.key: prompt for prompt in evidence.crowd.prompts}
    for key in evidence.jobs.keys() - asked.keys():
        what = f"a job for message {key}, which is no prompt"
        yield Complaint(what, evidence.jobs[key]["user_id"])
    for key, prompt in asked.items():
        job = evidence.jobs.get(key)
        if job is None:
            if prompt.fate is Fate.TAKEN:
                yield Complaint(f"{prompt} was lost", prompt.user_id)
            continue
        if prompt.fate is Fate.REFUSED:
            what = f"{prompt} was to be refused and is job {job['job_id']}"
            yield Complaint(what, prompt.user_id)
        items = evidence.items[job["job_id"]]
        found = (job["user_id"], job["prompt"], len(items), job["input_file_id"] is not None)
        if found != (prompt.user_id, prompt.words, prompt.quantity, prompt.pictured):
            yield Complaint(f"{prompt} became {found}", prompt.user_id)
        for item in items:
            yield from _item(prompt, item)


def _item(prompt: Prompt, item: Row) -> Iterator[Complaint]:
    told = f"item {item['item_id']} of {prompt}"
    user_id = prompt.user_id
    if item["status"] not in ENDED:
        yield Complaint(f"{told} is still {item['status']}", user_id)
    if item["status"] == "cancelled" and not prompt.customer.may_cancel:
        yield Complaint(f"{told} was cancelled by nobody", user_id)
    if item["attempts"] > MAX_ATTEMPTS:
        yield Complaint(f"{told} was created {item['attempts']} times", user_id)


def _grants(evidence: Evidence) -> Iterator[Complaint]:
    """What was given, was given once."""
    rows = evidence.rows("SELECT user_id, kind, amount FROM ledger WHERE grant_key IS NOT NULL")
    given = [(row["user_id"], row["amount"]) for row in rows if row["kind"] == "grant"]
    if given != [(ADMIN, GRANT)] * evidence.crowd.grants:
        yield Complaint(f"{evidence.crowd.grants} grants became {given}", ADMIN)
    welcomed = sorted(row["user_id"] for row in rows if row["kind"] == "welcome")
    crowd = evidence.crowd.customers
    wrote = {ADMIN, *(c.person.user_id for c in crowd if c.greeted or c.prompts)}
    known = {ADMIN, *(c.person.user_id for c in crowd)}
    if len(set(welcomed)) < len(welcomed) or not wrote <= set(welcomed) <= known:
        yield Complaint(f"{sorted(wrote)} wrote, {welcomed} were welcomed")


def _stars(evidence: Evidence, toll: Toll) -> Iterator[Complaint]:
    """Every Star that moved is in the books once, and so is every one that went back; the ledger's
    side of that is an invariant."""
    paid = {each.charge_id: each for each in evidence.telegram.payments if each.charge_id}
    rows = evidence.rows("SELECT * FROM payments ORDER BY payment_id")
    toll.purchases += len(paid)
    toll.returned += sum(each.refunded for each in paid.values())
    if sorted(row["external_id"] for row in rows) != sorted(paid):
        yield Complaint(f"{len(paid)} charges of Telegram's became {len(rows)} payments")
    for row in rows:
        user_id, charge = row["user_id"], paid.get(row["external_id"])
        told = f"payment {row['payment_id']} of {user_id}"
        if charge is None:
            yield Complaint(f"{told} is none of Telegram's", user_id)
            continue
        booked = (user_id, row["amount"], row["order_id"], row["problem"])
        wanted = (charge.payer["id"], charge.invoice.total_amount, charge.invoice.payload, "")
        if booked != wanted:
            yield Complaint(f"{told} is {booked}, not {wanted}", user_id)
        if (row["refunded_at"] is not None) != charge.refunded:
            what = "went back" if charge.refunded else "did not go back"
            yield Complaint(f"{told} {what}, and the books say otherwise", user_id)
    kept = sum(row["amount"] for row in rows if row["refunded_at"] is None)
    if kept != evidence.telegram.star_balance:
        yield Complaint(f"the bot has {evidence.telegram.star_balance} Stars, the books {kept}")


def _codes(evidence: Evidence) -> Iterator[Complaint]:
    """A code brings its tokens once a person, and no more often than it may be used."""
    given = evidence.rows("SELECT user_id, amount FROM ledger WHERE kind = 'promo'")
    people = {row["user_id"] for row in given}
    whole = all(row["amount"] == CODE_TOKENS for row in given)
    if len(people) != len(given) or len(given) > CODE_USES or not whole:
        yield Complaint(f"a code for {CODE_USES} people gave {given}")
    used = sum(row["used"] for row in evidence.rows("SELECT used FROM promo_codes"))
    if used != len(given):
        yield Complaint(f"a code was used {used} times and gave tokens {len(given)} times")


def _creates(evidence: Evidence, toll: Toll) -> Iterator[Complaint]:
    """A create for each attempt at most; a repeat, and a task that is not known, only where an
    answer was lost; and none while it could still be cancelled."""
    prompts = {p.words: p for p in evidence.crowd.prompts}
    known = {item["task_id"] for items in evidence.items.values() for item in items}
    for words in evidence.creates.keys() - prompts.keys():
        yield Complaint(f"KIE was asked for {words!r}, which nobody wanted")
    for words, prompt in prompts.items():
        job = evidence.jobs.get(prompt.key)
        items = evidence.items[job["job_id"]] if job else []
        creates = [c for c in evidence.creates[words] if c.code != CODE_TOO_OFTEN]
        lost = [create for create in creates if evidence.is_lost(create)]
        for create in creates:
            is_known = create.task_id in known or evidence.is_clash(create)
            toll.second_creates += not is_known and create.task_id is not None
            if create.code == CODE_TAKEN and not is_known and create not in lost:
                what = f"{prompt}: task {create.task_id} is not known, though KIE told it"
                yield Complaint(what, prompt.user_id)
        attempts = sum(item["attempts"] for item in items)
        torn = attempts - len(creates)  # before they came to KIE, or to be counted as turned away
        if torn < 0:
            what = f"{prompt}: {len(creates)} creates, {attempts} attempts"
            yield Complaint(what, prompt.user_id)
        repeated = sum(max(item["attempts"] - 1, 0) for item in items)
        if repeated > len(lost) + torn:
            yield Complaint(f"{prompt}: {repeated} attempts were for nothing", prompt.user_id)
        unanswered = sum(item["failure"] == NO_ANSWER for item in items)
        if unanswered * MAX_ATTEMPTS > len(lost) + torn:
            what = f"{prompt}: {unanswered} without an answer, though {len(lost)} were lost"
            yield Complaint(what, prompt.user_id)
        for number, create in enumerate(creates, 1):
            if number > len(items) + sum(each.at <= create.at - REPEAT_S for each in lost):
                what = f"{prompt}: create {number} came too soon after the last"
                yield Complaint(what, prompt.user_id)
        if job and creates and creates[0].at < job["created_at"] + CANCEL_S:
            yield Complaint(f"{prompt} was created before it was sure", prompt.user_id)
        for task in evidence.tasks[words]:
            if ("image_url" in task.input) != prompt.pictured:
                had = "with" if "image_url" in task.input else "without"
                yield Complaint(f"{prompt} was drawn {had} a picture to start from", prompt.user_id)


def _ends(evidence: Evidence, toll: Toll) -> Iterator[Complaint]:
    """What KIE finished is delivered and nothing of it refunded; all else has a reason."""
    for prompt in evidence.crowd.prompts:
        job = evidence.jobs.get(prompt.key)
        if job is None:
            continue
        without_task: Counter[str] = Counter()
        for item in evidence.items[job["job_id"]]:
            ended = item["status"], item["failure"]
            if item["task_id"] is None:
                if item["status"] != "cancelled":
                    without_task[item["failure"] or item["status"]] += 1
                continue
            task = evidence.task_of[item["task_id"]]
            told = f"item {item['item_id']} of {prompt}, task {task.task_id},"
            if task.input["prompt"] != prompt.words:
                yield Complaint(f"{told} has the task of {task.input['prompt']!r}", prompt.user_id)
            elif ended != (wanted := _end_of(task)):
                what = f"{told} is {ended} {item['failure_detail']}, not {wanted}"
                yield Complaint(what, prompt.user_id)
        yield from _reasons(evidence, toll, prompt, without_task)


def _end_of(task: Task) -> tuple[str, str | None]:
    """What becomes of an item whose task ends as this one did: state and failure."""
    if task.fail is not None:
        return "failed", "generation_failed"
    if task.result == Result():
        return "delivered", None
    if task.result.raw is not UNSET or not task.result_urls:
        return "failed", "no_result"
    return "failed", "result_refused"


def _reasons(
    evidence: Evidence, toll: Toll, prompt: Prompt, ended: Counter[str]
) -> Iterator[Complaint]:
    """As many items of a prompt ended without a task as answers say; `ended`: by the failure."""
    creates = evidence.creates[prompt.words]
    refused = [create for create in creates if create.code == CODE_REFUSED]
    clashes = [
        create for create in creates if create.code == CODE_TAKEN and evidence.is_clash(create)
    ]
    toll.clashes += len(clashes)
    for failure, answers in ((REFUSED, refused), (CLASH, clashes)):
        surely = sum(not evidence.is_torn(create.at) for create in answers)
        if not surely <= ended[failure] <= len(answers):
            what = f"{prompt}: {ended[failure]} ended as {failure}, {len(answers)} answers said so"
            yield Complaint(what, prompt.user_id)
    known = {NO_ANSWER, REFUSED, CLASH} | (OF_ITS_INPUT if prompt.pictured else set())
    for failure in ended.keys() - known:
        if ended[failure]:
            yield Complaint(f"{prompt}: {ended[failure]} ended as {failure}", prompt.user_id)


def _pictures(evidence: Evidence, toll: Toll) -> Iterator[Complaint]:
    """Each picture in its chat, under its prompt, and again only after a lost answer."""
    owners = {
        item["task_id"]: (job, item)
        for job in evidence.jobs.values()
        for item in evidence.items[job["job_id"]]
        if item["task_id"]
    }
    for task_id, calls in evidence.pictures.items():
        if task_id not in owners:
            yield Complaint(f"a picture of task {task_id}, which no item has")
            continue
        job, item = owners[task_id]
        told = f"the picture of item {item['item_id']}"
        here = (job["chat_id"], job["message_id"])
        home = (job["user_id"], None)
        group = evidence.crowd.group(job["chat_id"])
        places = {here} if group is None or group.is_open else {here, home}
        for call in calls:
            place = (call.params["chat_id"], replied_to(call))
            if place not in places:
                yield Complaint(f"{told} was sent to {place}", job["user_id"])
            toll.sent_home += place == home
        if item["status"] != "delivered":
            what = f"{told} was sent, and the item is {item['status']}"
            yield Complaint(what, job["user_id"])
        toll.duplicates += len(calls) - 1
        known = [
            call
            for call, later in zip(calls, [*calls[1:], None], strict=True)
            if not evidence.is_forgotten(call, later)
        ]
        if len(known) > MOST_COPIES:
            yield Complaint(f"{told} was sent {len(known)} times", job["user_id"])
        if any(call.ok for call in known if call is not calls[-1]):
            what = f"{told} was sent again, though the first was answered"
            yield Complaint(what, job["user_id"])
    for task_id, (job, item) in owners.items():
        if item["status"] == "delivered":
            told, calls = f"item {item['item_id']}", evidence.pictures[task_id]
            sent = [_told_id(call) for call in calls]
            lost = sum(not call.ok for call in evidence.sendings[task_id])
            if not calls and lost >= MOST_COPIES:  # each of them may have arrived, and none did
                toll.unseen += 1
            elif item["message_id"] not in sent:
                what = f"{told} is message {item['message_id']}, sent were {sent}"
                yield Complaint(what, job["user_id"])
            if not (evidence.data_dir / "files" / str(item["file_key"])).exists():
                yield Complaint(f"{told} has no file", job["user_id"])


def _told_id(call: Call) -> int:
    """The id of a message as far as the bot can know it from the answer."""
    unread = call.fault is not None and "message_id" in call.fault.without
    return UNKNOWN_MESSAGE if unread or not call.ok else int(call.result["message_id"])


def _is_mute(evidence: Evidence, chat_id: int) -> bool:
    """Whether the chat is a group that lets no text through, at least in the end."""
    group = evidence.crowd.group(chat_id)
    return group is not None and group.is_mute


def _progress(evidence: Evidence, toll: Toll, job: Row) -> Iterator[Complaint]:
    """One progress message a job; another only where nobody could know of the first."""
    user_id, message_id = job["user_id"], job["message_id"]
    calls = _begun(evidence, job)
    toll.repeats += max(len(calls) - 1, 0)
    for call, later in pairwise(calls):
        is_known = call.ok and _told_id(call) != UNKNOWN_MESSAGE
        if is_known and not evidence.is_forgotten(call, later):
            yield Complaint(f"prompt {message_id} got another progress message", user_id)
    is_mute = _is_mute(evidence, job["chat_id"])
    if calls and _told_id(calls[-1]) != job["progress_message_id"]:
        yield Complaint(f"the progress message of prompt {message_id} is forgotten", user_id)
    if job["progress_message_id"] is None and not is_mute:
        yield Complaint(f"prompt {message_id} has no progress message", user_id)
    if job["closed_at"] is None:
        yield Complaint(f"the outcome of prompt {message_id} was not told", user_id)


def _begun(evidence: Evidence, job: Row) -> list[Call]:
    """The progress messages of a job, as they began."""
    calls = evidence.texts[job["chat_id"], job["message_id"]]
    return [call for call in calls if MONEY.search(call.params["text"])]


def _last_words(evidence: Evidence, job: Row) -> str | None:
    """What the progress message shows in the end; None where nobody can see it, or nothing could
    be said any more."""
    if _is_mute(evidence, job["chat_id"]):
        return None
    if job["progress_message_id"] == UNKNOWN_MESSAGE:  # told once more at the end, in another
        return _shown(_begun(evidence, job)[-1].params["text"])
    chat = evidence.telegram.chat(job["chat_id"])
    said = chat.history.get(job["progress_message_id"])
    return None if said is None or said.deleted else said.words


def _answers(evidence: Evidence, toll: Toll) -> Iterator[Complaint]:
    """Whoever was refused was told so, unless a process ended soon after it had read that.

    What it says to people is in memory only, and a chat hears one message a second; what it has
    dealt with is not dealt with once more when it comes again.
    """
    for prompt in evidence.crowd.prompts:
        user_id = prompt.user_id
        texts = evidence.texts[prompt.key]
        # With fewer tokens than it costs the person is told how to ask, and not asked.
        is_asked = prompt.in_doubt and prompt.customer.asked < BUDGET
        if is_asked and prompt.key not in evidence.jobs:
            texts = [call for call in texts if _asks(call)]
            toll.questions += bool(texts)
        if prompt.key in evidence.jobs or texts:
            continue
        handed = evidence.handed(prompt)
        ends = {life.end for at, life in handed if life.ended_at - at <= UNSAID_S}
        if not handed:
            yield Complaint(f"{prompt} was never handed to the bot", user_id)
        elif prompt.customer.was_away or prompt.is_album or _is_mute(evidence, prompt.chat.chat_id):
            # An album is refused once it is whole, by a life that need not be the last to see it.
            continue
        elif not ends:
            yield Complaint(f"{prompt} was not answered by {handed[0][1]}", user_id)
        elif End.KILLED in ends:
            toll.unsaid_by_kills += 1
        else:
            toll.unsaid_by_stops += 1


def _asks(call: Call) -> bool:
    """Whether a message is the question before a charge."""
    rows = (call.params.get("reply_markup") or {}).get("inline_keyboard", [])
    return any(is_question(button) for row in rows for button in row)


def _leftovers(evidence: Evidence) -> Iterator[Complaint]:
    for update in evidence.telegram.pending_updates:
        yield Complaint(f"update {update.update_id} was not confirmed")
    for row in evidence.rows("SELECT * FROM album_items"):
        yield Complaint(f"left of an album: {row}", row["user_id"])
    for path in (evidence.data_dir / "files" / "incoming").iterdir():
        yield Complaint(f"left on disk: {path.name}")
    yield from _log(evidence)


def _log(evidence: Evidence) -> Iterator[Complaint]:
    """Nothing unforeseen was logged, but for what is to be loud: a task that another item has."""
    clashed = {
        item["item_id"]
        for items in evidence.items.values()
        for item in items
        if item["failure"] == CLASH
    }
    # Logged, and killed before it was stored: the item was created once more, and walked on.
    unstored = sum(
        evidence.is_clash(create) and evidence.is_torn(create.at)
        for creates in evidence.creates.values()
        for create in creates
    )
    for record in LOG_RECORD.split(evidence.log.read_text(errors="replace")):
        if not BAD_LOG.search(record):
            continue
        known = KNOWN_TASK.search(record)
        if known and int(known[1]) in clashed:
            continue
        if known and unstored:
            unstored -= 1
            continue
        yield Complaint(f"in the log: {record.strip()}")


def _shown(text: str) -> str:
    """What a person reads of Telegram's HTML."""
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def _but_balance(text: str) -> str:
    """Without the last number: other jobs moved the balance since."""
    return text.rpartition(" ")[0]
