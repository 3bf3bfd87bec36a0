"""The judge: what must hold at the end of a round, whatever happened in it."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.texts import load_texts
from storage.audit import broken_invariants
from storage.database import Database
from storage.jobs import Jobs
from tests.chaos.evidence import Evidence, Row, replied_to
from tests.chaos.people import GRANT, Fate, Prompt
from tests.chaos.process import End
from tests.support import ADMIN

# Ends without a picture that the faults of `faults` can lead to. Anything else is our own doing.
EXPLAINED = {
    "no_answer",
    "generation_failed",
    "no_result",
    "result_refused",
    "input_broken",
    "input_gone",
    "input_not_uploaded",
}
ENDED = {"delivered", "failed", "cancelled"}
UNSAID_S = 15.0  # faults and a chat's pace can delay an answer by so much
MONEY = re.compile(r"^(Списано|Charged)", re.MULTILINE)  # stands in every progress message
BAD_LOG = re.compile(
    r"Traceback|CRITICAL|could not be handled|never retrieved|was destroyed|refunded: internal"
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
    repeats: int = 0  # progress messages that were begun anew
    second_creates: int = 0  # tasks that nobody knows of any more
    unsaid_by_kills: int = 0  # refusals that were lost with the process
    unsaid_by_stops: int = 0  # and those that it had not come to say when it was stopped


async def judge(evidence: Evidence, toll: Toll) -> list[Complaint]:
    """Everything that is wrong; what is excused by a fault or a kill is counted in `toll`."""
    complaints = [
        *_prompts(evidence),
        *_grants(evidence),
        *_creates(evidence, toll),
        *_pictures(evidence, toll),
        *_answers(evidence, toll),
        *_leftovers(evidence),
    ]
    async with Database.open(evidence.data_dir / "bot.db") as database:
        complaints += [Complaint(line) for line in await broken_invariants(database)]
        jobs = Jobs(database)
        for (user_id, message_id), job in evidence.jobs.items():
            complaints += _progress(evidence, toll, job)
            view = await jobs.view(job["job_id"])
            texts = load_texts()[view.origin.language]
            wanted = texts.progress(view, product="Midjourney (KIE)", place=None, left_s=None)
            said = evidence.telegram.chat(user_id).history.get(job["progress_message_id"])
            if said is None:
                complaints.append(Complaint(f"{message_id} has no progress message", user_id))
            elif not said.deleted and _but_balance(said.words) != _but_balance(_shown(wanted)):
                what = f"progress of {message_id} ends with {said.words!r}, not with {wanted!r}"
                complaints.append(Complaint(what, user_id))
    return complaints


def _prompts(evidence: Evidence) -> Iterator[Complaint]:
    """One job and its images for each prompt that was taken, and none for others."""
    asked = {(p.customer.person.user_id, p.message_id): p for p in evidence.crowd.prompts}
    for key in evidence.jobs.keys() - asked.keys():
        yield Complaint(f"a job for message {key[1]}, which is no prompt", key[0])
    for (user_id, _), prompt in asked.items():
        job = evidence.jobs.get((user_id, prompt.message_id))
        if job is None:
            if prompt.fate is Fate.TAKEN:
                yield Complaint(f"{prompt} was lost", user_id)
            continue
        if prompt.fate is Fate.REFUSED:
            yield Complaint(f"{prompt} was to be refused and is job {job['job_id']}", user_id)
        images = evidence.images[job["job_id"]]
        found = (job["user_id"], job["prompt"], len(images), job["input_file_id"] is not None)
        if found != (user_id, prompt.words, prompt.quantity, prompt.pictured):
            yield Complaint(f"{prompt} became {found}", user_id)
        for image in images:
            yield from _image(prompt, image)


def _image(prompt: Prompt, image: Row) -> Iterator[Complaint]:
    told = f"image {image['image_id']} of {prompt}"
    user_id = prompt.customer.person.user_id
    if image["status"] not in ENDED:
        yield Complaint(f"{told} is still {image['status']}", user_id)
    if image["failure"] not in {None, *EXPLAINED}:
        yield Complaint(f"{told} failed: {image['failure']} {image['failure_detail']}", user_id)
    if image["status"] == "cancelled" and not prompt.customer.may_cancel:
        yield Complaint(f"{told} was cancelled by nobody", user_id)
    if image["attempts"] > 2:
        yield Complaint(f"{told} was created {image['attempts']} times", user_id)


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


def _creates(evidence: Evidence, toll: Toll) -> Iterator[Complaint]:
    """A task for each attempt at most; one that is not known only where its answer was lost."""
    prompts = {p.words: p for p in evidence.crowd.prompts}
    known = {image["task_id"] for images in evidence.images.values() for image in images}
    for words in evidence.creates.keys() - prompts.keys():
        yield Complaint(f"KIE was asked for {words!r}, which nobody wanted")
    for words, prompt in prompts.items():
        user_id = prompt.customer.person.user_id
        job = evidence.jobs.get((user_id, prompt.message_id))
        images = evidence.images[job["job_id"]] if job else []
        tasks = evidence.tasks[words]
        lost = [c for c in evidence.creates[words] if c.code is None or evidence.is_torn(c.at)]
        unknown = [task for task in tasks if task.task_id not in known]
        toll.second_creates += len(unknown)
        if len(unknown) > len(lost):
            told = f"{prompt}: {len(unknown)} tasks are not known, {len(lost)} answers were lost"
            yield Complaint(told, user_id)
        attempts = sum(image["attempts"] for image in images)
        if len(tasks) > attempts:
            yield Complaint(f"{prompt}: {len(tasks)} tasks from {attempts} attempts", user_id)
        kills = sum(life.end is not End.STOPPED for life in evidence.lives)
        repeated = sum(max(image["attempts"] - 1, 0) for image in images)
        if repeated > len(lost) + kills:
            yield Complaint(f"{prompt}: {repeated} attempts were repeated for nothing", user_id)
        for task in tasks:
            if ("image_url" in task.input) != prompt.pictured:
                had = "with" if "image_url" in task.input else "without"
                yield Complaint(f"{prompt} was drawn {had} a picture to start from", user_id)


def _pictures(evidence: Evidence, toll: Toll) -> Iterator[Complaint]:
    """Each picture in its chat, under its prompt, and again only after a lost answer."""
    owners = {
        image["task_id"]: (job, image)
        for job in evidence.jobs.values()
        for image in evidence.images[job["job_id"]]
        if image["task_id"]
    }
    for task_id, calls in evidence.pictures.items():
        if task_id not in owners:
            yield Complaint(f"a picture of task {task_id}, which no image has")
            continue
        job, image = owners[task_id]
        user_id, told = job["chat_id"], f"the picture of image {image['image_id']}"
        for call in calls:
            place = (call.params["chat_id"], replied_to(call))
            if place != (user_id, job["message_id"]):
                yield Complaint(f"{told} was sent to {place}", user_id)
        if image["status"] != "delivered":
            yield Complaint(f"{told} was sent, and the image is {image['status']}", user_id)
        toll.duplicates += len(calls) - 1
        for call in calls[:-1]:
            if call.ok and not evidence.is_torn(call.at):
                yield Complaint(f"{told} was sent again, though the first was answered", user_id)
    for task_id, (job, image) in owners.items():
        if image["status"] == "delivered":
            sent = [call.result["message_id"] for call in evidence.pictures[task_id]]
            told = f"image {image['image_id']}"
            if image["message_id"] not in sent:
                what = f"{told} is message {image['message_id']}, sent were {sent}"
                yield Complaint(what, job["chat_id"])
            if not (evidence.data_dir / "files" / str(image["file_key"])).exists():
                yield Complaint(f"{told} has no file", job["chat_id"])


def _progress(evidence: Evidence, toll: Toll, job: Row) -> Iterator[Complaint]:
    """One progress message a job; another only where nobody could know of the first."""
    user_id, message_id = job["chat_id"], job["message_id"]
    calls = [c for c in evidence.texts[user_id, message_id] if MONEY.search(c.params["text"])]
    toll.repeats += max(len(calls) - 1, 0)
    for call in calls[:-1]:
        if call.ok and not evidence.is_torn(call.at):
            yield Complaint(f"prompt {message_id} got another progress message", user_id)
    if calls and calls[-1].result["message_id"] != job["progress_message_id"]:
        yield Complaint(f"the progress message of prompt {message_id} is forgotten", user_id)
    if job["closed_at"] is None:
        yield Complaint(f"the outcome of prompt {message_id} was not told", user_id)


def _answers(evidence: Evidence, toll: Toll) -> Iterator[Complaint]:
    """Whoever was refused was told so, unless a process ended soon after it had read that.

    What it says to people is in memory only, and a chat hears one message a second; what it has
    dealt with is not dealt with once more when it comes again.
    """
    for prompt in evidence.crowd.prompts:
        user_id = prompt.customer.person.user_id
        key = user_id, prompt.message_id
        if key in evidence.jobs or evidence.texts[key]:
            continue
        handed = evidence.handed(prompt)
        ends = {life.end for at, life in handed if life.ended_at - at <= UNSAID_S}
        if not handed:
            yield Complaint(f"{prompt} was never handed to the bot", user_id)
        elif prompt.customer.was_away or prompt.is_album:
            # An album is refused once it is whole, by a life that need not be the last to see it.
            continue
        elif not ends:
            yield Complaint(f"{prompt} was not answered by {handed[0][1]}", user_id)
        elif End.KILLED in ends:
            toll.unsaid_by_kills += 1
        else:
            toll.unsaid_by_stops += 1


def _leftovers(evidence: Evidence) -> Iterator[Complaint]:
    for update in evidence.telegram.pending_updates:
        yield Complaint(f"update {update.update_id} was not confirmed")
    for row in evidence.rows("SELECT * FROM album_items"):
        yield Complaint(f"left of an album: {row}", row["user_id"])
    for path in (evidence.data_dir / "files" / "incoming").iterdir():
        yield Complaint(f"left on disk: {path.name}")
    for line in evidence.log.read_text(errors="replace").splitlines():
        if BAD_LOG.search(line):
            yield Complaint(f"in the log: {line}")


def _shown(text: str) -> str:
    """What a person reads of Telegram's HTML."""
    return html.unescape(re.sub(r"<[^>]+>", "", text))


def _but_balance(text: str) -> str:
    """Without the last number: other jobs moved the balance since."""
    return text.rpartition(" ")[0]
