"""Storing pictures before the transaction that names them: their removal is noted first."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy.orm import Session

from api.parts import Parts
from shared.assets.add_asset import StoredAsset
from shared.db import set_tenant
from shared.ids import TenantId
from shared.images.store import ImageStore
from shared.jobs.remove_objects import Note, note_objects


async def store_pictures(
    parts: Parts, tenant_id: TenantId, prefix: str, pictures: Sequence[StoredAsset]
) -> Note:
    """Put pictures below a prefix; the rows that name them strike the note, or they go again."""

    def note_removal(session: Session) -> Note:
        set_tenant(session, tenant_id)
        return note_objects(session, tenant_id, prefix, parts.settings.orphan_grace_s)

    note = await parts.in_transaction(note_removal)
    for one in pictures:
        await parts.at_store(partial(_put, one))
    return note


def _put(one: StoredAsset, store: ImageStore) -> None:
    store.put(one.key, one.picture.data, "image/png")
