"""What KIE said of its models is kept, and taken up again."""

from pathlib import Path

from storage.kie_models import KieModel, KieModels
from storage.store import Store

SCHEMA = {"type": "object", "properties": {"prompt": {}}, "required": ["prompt"]}


async def test_the_last_description_is_kept_and_known_at_once(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "bot.db") as store:
        await store.kie_models.put(
            KieModel("a/b", SCHEMA, "4 credits"), KieModel("c", SCHEMA, ""), KieModel("d", None, "")
        )
        assert store.kie_models.schemas == {"a/b": SCHEMA, "c": SCHEMA}
        await store.kie_models.put(KieModel("c", None, "5 credits"))
        assert store.kie_models.schemas == {"a/b": SCHEMA}
    async with Store.open(tmp_path / "bot.db") as store:
        again: KieModels = store.kie_models
        assert again.schemas == {}
        await again.load()
        assert again.schemas == {"a/b": SCHEMA}
        assert await again.all() == [
            KieModel("a/b", SCHEMA, "4 credits"),
            KieModel("c", None, "5 credits"),
            KieModel("d", None, ""),
        ]
