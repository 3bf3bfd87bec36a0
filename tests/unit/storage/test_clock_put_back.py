"""What is due after a pause stays due when the clock is put back, be it by years."""

import pytest

from storage.files import Buckets
from storage.forgetting import Forgetting
from storage.result_uploads import ResultUploads
from tests.unit.storage.shop import NOW, Shop

YEAR_S = 365 * 86_400.0


@pytest.mark.parametrize(("back_s", "due"), [(YEAR_S, True), (60.0, False), (0.0, True)])
async def test_files_are_moved_and_removed(shop: Shop, back_s: float, due: bool) -> None:
    await shop.customer()
    item = await shop.item("ready")
    await shop.jobs.file_kept(item, "a/b.png", to_store=True)
    await shop.run("INSERT INTO files_to_remove VALUES ('', 'c/d.png', ?, 0)", NOW)
    shop.database.now = lambda: NOW - back_s
    result_uploads = ResultUploads(shop.database)
    forgetting = Forgetting(
        shop.database,
        buckets=Buckets(),
        welcome_mark=str,
    )
    assert bool(await result_uploads.due(1)) is due
    assert bool(await forgetting.due(1)) is due
