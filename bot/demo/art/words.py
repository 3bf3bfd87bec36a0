"""What a prompt asks for, as far as a landscape painter understands it: Russian and English."""

import random
import re
from dataclasses import dataclass

# Beginnings of words. The first entry of a table that the prompt names wins.
_HOURS = {
    "mist": r"туман(?!н?ност)|дымк|mist|fog|haz[ey]",
    "dawn": r"рассвет|заря|утр[оае]|утренн|dawn|sunrise|morning",
    "sunset": r"закат|sunset|sundown",
    "dusk": r"сумерк|вечер|dusk|twilight|evening",
    "night": r"ноч|полноч|лун[аыеу]|лунн|зв[её]зд|night|moon|stars?\b|starry",
    "golden": r"осен|золот|autumn|fall\b|golden|gold\b",
    "day": r"полдень|дн[её]м|солнечн|лет[оан]|noon|sunny|summer|daylight|весн|spring",
}
_PLACES = {
    "sea": r"мор[еяю]\b|морск|океан|берег|пляж|волн[аы]|остров|seas?\b|seaside|ocean|beach|coast"
    r"|waves?\b|island|кораб|парус|яхт|лодк|ships?\b|boats?\b|sail|yacht|маяк|lighthouse",
    "lake": r"озер|река|реки|реке|пруд|отражени|lakes?\b|river|pond|reflection|город(?!ок)|city",
    "forest": r"лес(?!т)|тайг|деревь|[её]лк|[её]л[иь]\b|сосн|forests?\b|woods?\b|taiga|pines?\b",
    "mountain": r"гор[аыеу]\b|горам|горах|горн|вершин|скал|альп|mountain|peaks?\b|alps|cliff|fuji",
}
_SUBJECTS = {
    "fox": r"лис(?!т)|fox",
    "cat": r"кот(?!ор|[её]?л)|кош(?:к|е[кч])|cats?\b|kitt",
    "lighthouse": r"маяк|lighthouse",
}
_SEASONS = {
    "snow": r"снег|снеж|зим|л[её]д\b|ледян|мороз|snow|winter|ice\b|icy|frost|frozen|arctic",
    "autumn": r"осен|autumn|fall\b|октябр|october",
}


@dataclass(frozen=True, slots=True)
class Motif:
    """One picture in words. `subject` and `season` may be ""; the others never are."""

    hour: str
    place: str
    subject: str
    season: str


def read(prompt: str, rng: random.Random) -> Motif:
    """The motif of a prompt; what it leaves open is chosen by `rng`."""
    text = prompt.lower()
    place = _named(_PLACES, text) or rng.choice(("mountain", "lake", "forest"))
    hours = ("mist", "dawn", "golden", "dusk") if place == "forest" else tuple(_HOURS)
    hour = _named(_HOURS, text) or rng.choice(hours)
    return Motif(hour, place, _named(_SUBJECTS, text), _named(_SEASONS, text))


def _named(table: dict[str, str], text: str) -> str:
    return next((name for name, stems in table.items() if re.search(rf"\b(?:{stems})", text)), "")
