"""What a prompt asks for, as far as a landscape painter understands it: Russian and English."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

# Beginnings of words. The first entry of a table that the prompt names wins.
_HOURS = {
    "space": r"космо|галакти|планет|туманност|space\b|cosm|galax|planets?\b|nebula|марс|mars\b",
    "neon": r"неон|киберпанк|neon|cyberpunk|synthwave|vaporwave",
    "storm": r"шторм|бур[яию]|гроз|storm|thunder|rain\b|rainy|дожд",
    "mist": r"туман(?!н?ност)|дымк|mist|fog|haz[ey]",
    "dawn": r"рассвет|заря|утр[оае]|утренн|dawn|sunrise|morning",
    "sunset": r"закат|sunset|sundown",
    "dusk": r"сумерк|вечер|dusk|twilight|evening",
    "night": r"ноч|полноч|лун[аыеу]|лунн|зв[её]зд|сияни|night|moon|stars?\b|starry|aurora",
    "golden": r"осен|золот|autumn|fall\b|golden|gold\b",
    "day": r"полдень|дн[её]м|солнечн|лет[оан]|noon|sunny|summer|daylight|весн|spring",
}
_PLACES = {
    "space": _HOURS["space"],
    "city": r"город(?!ок)|улиц|небоскр[её]б|мегаполис|city|street|skyline|skyscraper|tokyo|токио"
    r"|киберпанк|cyberpunk|нью-йорк|new york|москв|moscow",
    "sea": r"мор[еяю]\b|морск|океан|берег|пляж|волн[аы]|остров|seas?\b|seaside|ocean|beach|coast"
    r"|waves?\b|island|кораб|парус|яхт|лодк|ships?\b|boats?\b|sail|yacht|маяк|lighthouse|кит\b|whale",
    "desert": r"пустын|дюн|песк|песок|бархан|сахар[аеы]\b|desert|dunes?\b|sand|sahara|марс|mars\b",
    "lake": r"озер|река|реки|реке|пруд|отражени|lakes?\b|river|pond|reflection",
    "forest": r"лес(?!т)|тайг|деревь|[её]лк|[её]л[иь]\b|сосн|forests?\b|woods?\b|taiga|pines?\b"
    r"|jungle",
    "mountain": r"гор[аыеу]\b|горам|горах|горн|вершин|скал|альп|mountain|peaks?\b|alps|cliff|fuji"
    r"|фудзи",
    "meadow": r"пол[ея]\b|луг|холм|цвет|трав|лаванд|fields?\b|meadow|hills?\b|flower|grass"
    r"|lavender",
}
_SUBJECTS = {
    "fox": r"лис(?!т)|fox",
    "cat": r"кот(?!ор|[её]?л)|кош(?:к|е[кч])|cats?\b|kitt",
    "wolf": r"волк|волч|собак|п[её]с\b|хаски|wolf|wolves|dogs?\b|husky",
    "deer": r"олен|лос[ья]|deer|stag\b|elk\b|moose",
    "ship": r"кораб|парус|яхт|лодк|ships?\b|boats?\b|sail|yacht",
    "lighthouse": r"маяк|lighthouse",
    "castle": r"замок|замк|двор[ец]ц|castle|palace|fortress|крепост",
    "house": r"дом(?:а|е|у|ом|ик\w*)?\b|изб|хижин|houses?\b|cabin|cottage|hut\b",
    "balloon": r"воздушн\w+ шар|аэростат|balloon",
    "tree": r"дерев[оау]\b|дуб|сакур|trees?\b|oak|sakura",
    "birds": r"птиц|чай[ек]|журавл|birds?\b|crane|gull",
}
_SEASONS = {
    "snow": r"снег|снеж|зим|л[её]д\b|ледян|мороз|snow|winter|ice\b|icy|frost|frozen|arctic",
    "autumn": r"осен|autumn|fall\b|октябр|october",
    "blossom": r"сакур|весн|цвет|sakura|cherry|blossom|spring|flower|розов|pink",
}


@dataclass(frozen=True, slots=True)
class Motif:
    """One picture in words. `subject` and `season` may be ""; the others never are."""

    hour: str
    place: str
    subject: str
    season: str
    aurora: bool


def read(prompt: str, rng: random.Random) -> Motif:
    """The motif of a prompt; what it leaves open is chosen by `rng`."""
    text = prompt.lower()
    hour, place = _named(_HOURS, text), _named(_PLACES, text)
    subject, season = _named(_SUBJECTS, text), _named(_SEASONS, text)
    if not place:
        places = ("mountain", "lake", "forest", "lake", "meadow")
        place = {"space": "space", "neon": "city"}.get(hour) or rng.choice(places)
    if not hour:
        hours = {
            "city": ("dusk", "night", "sunset", "neon"),
            "forest": ("mist", "dawn", "golden", "dusk"),
            "desert": ("sunset", "golden", "dusk"),
        }.get(place, ("sunset", "dusk", "dawn", "golden", "night", "day"))
        hour = rng.choice(hours)
    aurora = bool(re.search(r"сияни|aurora|northern lights", text))
    return Motif(hour, place, subject, season, aurora or (season == "snow" and hour == "night"))


def _named(table: dict[str, str], text: str) -> str:
    return next((name for name, stems in table.items() if re.search(rf"\b(?:{stems})", text)), "")
