"""What the double remembers, in SQLite: in a file it survives a restart and a crash, else it is memory."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

type Json = dict[str, Any]

FILE_NAME = "telegram-double.sqlite3"
REQUESTS_KEPT = 10_000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS chat (id INTEGER PRIMARY KEY, user TEXT NOT NULL, blocked INTEGER NOT NULL DEFAULT 0,
    last_message_id INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS message (chat_id INTEGER NOT NULL, message_id INTEGER NOT NULL, body TEXT NOT NULL,
    keyboard TEXT, PRIMARY KEY (chat_id, message_id));
CREATE TABLE IF NOT EXISTS pending_update (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS press (id TEXT PRIMARY KEY, chat_id INTEGER NOT NULL, message_id INTEGER NOT NULL,
    data TEXT NOT NULL, time TEXT NOT NULL, answer TEXT);
CREATE TABLE IF NOT EXISTS request (id INTEGER PRIMARY KEY AUTOINCREMENT, time TEXT NOT NULL, method TEXT NOT NULL,
    chat_id INTEGER, params TEXT NOT NULL, headers TEXT NOT NULL, status INTEGER, fault TEXT);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO sqlite_sequence (name, seq) SELECT 'pending_update', 100000000
    WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'pending_update');
"""
_TABLES = ("chat", "message", "pending_update", "press", "request")


@dataclass(frozen=True)
class Chat:
    """A private chat; its id is the user's, as in Telegram."""

    user: Json
    blocked: bool
    last_message_id: int

    @property
    def id(self) -> int:
        """The chat id."""
        return int(self.user["id"])

    def as_telegram(self) -> Json:
        """The Bot API's Chat object."""
        names: Json = {name: self.user[name] for name in ("first_name", "last_name", "username") if name in self.user}
        return {"id": self.id, "type": "private", **names}


class Store:
    """Rows of the double; every method is one transaction, and `changed` is called after each visible change."""

    def __init__(self, directory: Path | None = None) -> None:
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        path = ":memory:" if directory is None else str(directory / FILE_NAME)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)
        self.changed: Callable[[], None] = lambda: None

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def reset(self) -> None:
        """Forget chats and calls; what the bot has set up (webhook, commands) stays, as update ids go on."""
        with self._database:
            self._database.execute("BEGIN")
            for table in _TABLES:
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608 -- names from the tuple above
        self.changed()

    # chats

    def chats(self) -> list[Chat]:
        """Every chat, by id."""
        rows = self._database.execute("SELECT user, blocked, last_message_id FROM chat ORDER BY id").fetchall()
        return [_chat(row) for row in rows]

    def chat(self, chat_id: int) -> Chat | None:
        """The chat, when its user has written to the bot."""
        row = self._database.execute(
            "SELECT user, blocked, last_message_id FROM chat WHERE id = ?", (chat_id,)
        ).fetchone()
        return None if row is None else _chat(row)

    def save_user(self, user: Json) -> Chat:
        """The user's private chat, created when new."""
        self._database.execute(
            "INSERT INTO chat (id, user) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET user = excluded.user",
            (user["id"], json.dumps(user)),
        )
        self.changed()
        chat = self.chat(int(user["id"]))
        assert chat is not None  # noqa: S101 -- just written
        return chat

    def set_blocked(self, chat_id: int, *, blocked: bool) -> None:
        """Remember whether the user has stopped the bot."""
        self._database.execute("UPDATE chat SET blocked = ? WHERE id = ?", (blocked, chat_id))
        self.changed()

    # messages

    def add_message(self, chat_id: int, body: Json, keyboard: Json | None = None) -> Json:
        """Append a message under the chat's next id; `keyboard` is a reply keyboard, which no message shows."""
        with self._database:
            self._database.execute("BEGIN")
            (message_id,) = self._database.execute(
                "UPDATE chat SET last_message_id = last_message_id + 1 WHERE id = ? RETURNING last_message_id",
                (chat_id,),
            ).fetchone()
            message = {"message_id": message_id, **body}
            self._database.execute(
                "INSERT INTO message VALUES (?, ?, ?, ?)",
                (chat_id, message_id, json.dumps(message), json.dumps(keyboard) if keyboard else None),
            )
        self.changed()
        return message

    def message(self, chat_id: int, message_id: int) -> Json | None:
        """One message."""
        row = self._database.execute(
            "SELECT body FROM message WHERE chat_id = ? AND message_id = ?", (chat_id, message_id)
        ).fetchone()
        return None if row is None else json.loads(row[0])

    def messages(self, chat_id: int | None) -> list[Json]:
        """Messages in order; a reply keyboard sent with one is under `reply_keyboard`."""
        rows = self._database.execute(
            "SELECT body, keyboard FROM message WHERE ? IS NULL OR chat_id = ? ORDER BY chat_id, message_id",
            (chat_id, chat_id),
        )
        return [
            json.loads(body) | ({"reply_keyboard": json.loads(keyboard)} if keyboard else {}) for body, keyboard in rows
        ]

    def replace_message(self, chat_id: int, message: Json) -> None:
        """Store the edited message."""
        self._database.execute(
            "UPDATE message SET body = ? WHERE chat_id = ? AND message_id = ?",
            (json.dumps(message), chat_id, message["message_id"]),
        )
        self.changed()

    def delete_message(self, chat_id: int, message_id: int) -> bool:
        """Whether there was such a message."""
        deleted = self._database.execute(
            "DELETE FROM message WHERE chat_id = ? AND message_id = ?", (chat_id, message_id)
        ).rowcount
        self.changed()
        return deleted == 1

    # updates that the bot has not confirmed yet

    def add_update(self, kind: str, body: Json) -> int:
        """Queue an update."""
        cursor = self._database.execute("INSERT INTO pending_update (body) VALUES (?)", (json.dumps({kind: body}),))
        assert cursor.lastrowid is not None  # noqa: S101 -- an INSERT always sets it
        return cursor.lastrowid

    def updates(self, limit: int) -> list[Json]:
        """The oldest pending updates."""
        rows = self._database.execute("SELECT id, body FROM pending_update ORDER BY id LIMIT ?", (limit,))
        return [{"update_id": update_id, **json.loads(body)} for update_id, body in rows]

    def pending_updates(self) -> int:
        """How many updates wait."""
        return int(self._database.execute("SELECT count(*) FROM pending_update").fetchone()[0])

    def confirm_updates(self, offset: int) -> None:
        """Forget updates below the offset; a negative one keeps that many of the newest."""
        if offset < 0:
            self._database.execute(
                "DELETE FROM pending_update WHERE id NOT IN (SELECT id FROM pending_update ORDER BY id DESC LIMIT ?)",
                (-offset,),
            )
        else:
            self._database.execute("DELETE FROM pending_update WHERE id < ?", (offset,))

    def drop_updates(self) -> None:
        """Forget every pending update."""
        self._database.execute("DELETE FROM pending_update")

    # presses of inline buttons

    def add_press(self, press_id: str, chat_id: int, message_id: int, data: str) -> None:
        """Remember a press that the bot may answer."""
        self._database.execute(
            "INSERT INTO press (id, chat_id, message_id, data, time) VALUES (?, ?, ?, ?, ?)",
            (press_id, chat_id, message_id, data, now_text()),
        )
        self.changed()

    def answer_press(self, press_id: str, answer: Json) -> bool:
        """Whether there was such a press."""
        answered = self._database.execute(
            "UPDATE press SET answer = ? WHERE id = ?", (json.dumps(answer), press_id)
        ).rowcount
        self.changed()
        return answered == 1

    def presses(self, chat_id: int | None) -> list[Json]:
        """Presses in order; `answer` is null until the bot answers."""
        rows = self._database.execute(
            "SELECT id, chat_id, message_id, data, time, answer FROM press "
            "WHERE ? IS NULL OR chat_id = ? ORDER BY rowid",
            (chat_id, chat_id),
        )
        names = ("callback_query_id", "chat_id", "message_id", "callback_data", "time")
        return [
            dict(zip(names, row[:5], strict=True)) | {"answer": json.loads(row[5]) if row[5] else None} for row in rows
        ]

    # the calls the bot made

    def add_request(self, method: str, chat_id: int | None, params: Json, headers: Json) -> int:
        """Record a call on arrival; the newest are kept."""
        cursor = self._database.execute(
            "INSERT INTO request (time, method, chat_id, params, headers) VALUES (?, ?, ?, ?, ?)",
            (now_text(), method, chat_id, json.dumps(params), json.dumps(headers)),
        )
        assert cursor.lastrowid is not None  # noqa: S101 -- an INSERT always sets it
        self._database.execute("DELETE FROM request WHERE id <= ?", (cursor.lastrowid - REQUESTS_KEPT,))
        return cursor.lastrowid

    def finish_request(self, request_id: int, status: int | None, fault: str | None) -> None:
        """Record the answer: its status (None when none was sent) and the fault that struck."""
        self._database.execute("UPDATE request SET status = ?, fault = ? WHERE id = ?", (status, fault, request_id))

    def requests(self, method: str | None, chat_id: int | None, after_id: int) -> list[Json]:
        """Recorded calls in order of arrival."""
        rows = self._database.execute(
            "SELECT id, time, method, chat_id, params, headers, status, fault FROM request "
            "WHERE id > ? AND (? IS NULL OR lower(method) = lower(?)) AND (? IS NULL OR chat_id = ?) ORDER BY id",
            (after_id, method, method, chat_id, chat_id),
        )
        return [
            {
                "id": row[0],
                "time": row[1],
                "method": row[2],
                "chat_id": row[3],
                "params": json.loads(row[4]),
                "headers": json.loads(row[5]),
                "status": row[6],
                "fault": row[7],
            }
            for row in rows
        ]

    # settings: webhook, allowed updates, commands

    def setting(self, name: str, default: Any = None) -> Any:
        """A stored value."""
        row = self._database.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return default if row is None else json.loads(row[0])

    def save_setting(self, name: str, value: Any) -> None:
        """Store a value; None removes it."""
        if value == self.setting(name):
            return
        if value is None:
            self._database.execute("DELETE FROM setting WHERE name = ?", (name,))
        else:
            self._database.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, json.dumps(value)))
        self.changed()


def now_text() -> str:
    """This moment, RFC 3339 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _chat(row: tuple[str, int, int]) -> Chat:
    return Chat(user=json.loads(row[0]), blocked=bool(row[1]), last_message_id=row[2])
