"""Keys: every item's place in its table, and the access pattern that each serves."""

from __future__ import annotations

from chalicelib.aws.attributes import Item, text
from chalicelib.domain.access import tenant_of
from chalicelib.domain.items import ItemStatus
from chalicelib.domain.listing import Shelf

#: The tasks table's index that lists a team's tasks: hash `shelf`, range `listed`.
LISTING_INDEX = "listing"
#: The items table's indexes, range `listed`: a tenant's items, hash `owner`, and those of one status, hash `shelf`.
OWNER_INDEX = "owner"
STATUS_INDEX = "status"
TEAM_SORT = "team"
TENANT_SORT = "tenant"
#: What the sort keys of a tenant's users and clients begin with.
USER_SORTS = "user#"
CLIENT_SORTS = "client#"
BLOB_SORT = "blob"
#: Where all dead letters lie; their sort keys are their ids, which begin with digits.
DEAD_LETTERS = "dead-letters"
BEFORE_DEAD_LETTERS = "!"


def task(task_id: str) -> Item:
    """One task by its id: every write, and the read of one."""
    return _key(task_id, "task")


def payload(task_id: str, create_token: str) -> Item:
    """The payload of one task that is too large for the row. The token keeps apart what two creates of one id store."""
    return _key(task_id, f"payload#{create_token}")


def result(task_id: str, attempt: int, claim_token: str | None) -> Item:
    """The result of one attempt that is too large for the row. The token keeps apart what two workers store."""
    return _key(task_id, f"result#{attempt}#{claim_token or ''}")


def part(task_id: str, sort: str) -> Item:
    """What a row names as stored apart."""
    return _key(task_id, sort)


def dead_letter(letter_id: str) -> Item:
    """One dead letter by its id; all of them are one range, oldest first."""
    return _key(DEAD_LETTERS, letter_id)


def data_key(holder: str, generation: int) -> Item:
    """One wrapped data key, on the table of the tasks: every function that opens what it seals may read there."""
    return _key(f"data-keys#{holder}", f"{generation:05d}")


def shelf(team: str, name: Shelf) -> str:
    """Index hash: a team's unfinished tasks, or those that ended in one way."""
    return f"{team}#{name.value}"


def listed(created_at: int, task_id: str) -> str:
    """Index range: by time of creation, then by id. 15 digits hold every instant up to the year 9999."""
    return f"{created_at:015d}#{task_id}"


def listed_from(created_at: int) -> str:
    """Not above any index range of this instant, above all of those before."""
    return f"{created_at:015d}#"


def listed_to(created_at: int) -> str:
    """Above every index range of this instant, below all of those after."""
    return f"{created_at:015d}~"


def task_id_of(listed: str) -> str:
    """The id in an index range."""
    return listed.partition("#")[2]


def team(team_id: str) -> Item:
    """One team with its keys and members by its id."""
    return _key(f"team#{team_id}", TEAM_SORT)


def api_key(key_hash: str) -> Item:
    """Who a key speaks for, by the key's hash."""
    return _key(f"key#{key_hash}", "key")


def tenant(tenant_id: str) -> Item:
    """One tenant by its id; its clients, users and killed families lie beside it."""
    return _key(f"tenant#{tenant_id}", TENANT_SORT)


def client(client_id: str) -> Item:
    """One client by its id, which begins with its tenant's."""
    return _key(f"tenant#{tenant_of(client_id)}", f"{CLIENT_SORTS}{client_id}")


def user(tenant_id: str, user_id: str) -> Item:
    """One user of a tenant; all of a tenant's are one range."""
    return _key(f"tenant#{tenant_id}", f"{USER_SORTS}{user_id}")


def family(tenant_id: str, name: str) -> Item:
    """That a family of tokens was killed."""
    return _key(f"tenant#{tenant_id}", f"family#{name}")


def token(token_hash: str) -> Item:
    """What is known of a token, by its hash."""
    return _key(f"token#{token_hash}", "token")


def blob(name: str) -> Item:
    """One versioned blob by its name."""
    return _key(f"blob#{name}", BLOB_SORT)


def item(tenant: str, item_id: str) -> Item:
    """One item of a tenant by its id."""
    return _key(f"{tenant}#item#{item_id}", "item")


def item_shelf(tenant: str, status: ItemStatus) -> str:
    """Index hash: a tenant's items of one status."""
    return f"{tenant}#{status.value}"


def webhook(tenant: str, webhook_id: str) -> Item:
    """One webhook of a tenant; all of them lie together, to be read by one query."""
    return _key(f"{tenant}#webhooks", webhook_id)


def webhook_census(tenant: str) -> Item:
    """How often a webhook was registered, in a partition of its own: a query for webhooks is to find only them."""
    return _key(f"{tenant}#webhooks-census", "census")


def _key(partition: str, sort: str) -> Item:
    return {"pk": text(partition), "sk": text(sort)}
