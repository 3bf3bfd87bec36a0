"""The chats whose command menu shows the admins' commands."""

from storage.database import Database


class AdminMenus:
    """Each is one row: it outlives its person's being an admin until Telegram took it away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def chats(self) -> set[int]:
        """All of them."""
        rows = await self._database.fetch_all("SELECT admin_id FROM admin_menus")
        return {row["admin_id"] for row in rows}

    async def add(self, admin_id: int) -> None:
        """This one does from now on."""
        await self._database.execute(
            "INSERT INTO admin_menus (admin_id) VALUES (?) ON CONFLICT DO NOTHING", (admin_id,)
        )

    async def remove(self, admin_id: int) -> None:
        """This one does not any more."""
        await self._database.execute("DELETE FROM admin_menus WHERE admin_id = ?", (admin_id,))
