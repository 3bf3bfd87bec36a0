"""What KIE said of its models is kept, and taken up again."""

from pathlib import Path

from providers.kie_provider import Knowledge
from storage.kie_models import KieModel, KieModels
from storage.store import Store

SCHEMA = {"type": "object", "properties": {"prompt": {}}, "required": ["prompt"]}


async def test_the_last_description_is_kept_and_known_at_once(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "bot.db") as store:
        await store.kie_models.put(
            KieModel("a/b", SCHEMA, "4 credits"), KieModel("c", SCHEMA, ""), KieModel("d", None, "")
        )
        assert store.kie_models.known.schemas == {"a/b": SCHEMA, "c": SCHEMA}
        await store.kie_models.put(KieModel("c", None, "5 credits", listed=False))
        assert store.kie_models.known == Knowledge({"a/b": SCHEMA}, {"c"})
    async with Store.open(tmp_path / "bot.db") as store:
        again: KieModels = store.kie_models
        assert again.known.schemas == {}
        await again.load()
        assert again.known == Knowledge({"a/b": SCHEMA}, {"c"})
        assert await again.all() == [
            KieModel("a/b", SCHEMA, "4 credits"),
            KieModel("c", None, "5 credits", listed=False),
            KieModel("d", None, ""),
        ]
        await again.put(KieModel("c", None, "5 credits"))
        assert again.known.unlisted == set()


async def test_a_difference_is_new_once_until_it_is_gone(tmp_path: Path) -> None:
    async with Store.open(tmp_path / "bot.db") as store:
        assert await store.kie_models.differ(["a", "b", "a"]) == {"a", "b"}
        assert await store.kie_models.differ(["b", "c"]) == {"c"}
        assert await store.kie_models.differ([]) == set()
        assert await store.kie_models.differ(["b", "c"]) == {"b", "c"}
        assert await store.kie_models.differ(["a", "b"], whole=False) == {"a"}
        assert await store.kie_models.differ(["a", "c"]) == set()
