"""`/v1/models`: the catalog, and who could serve it now."""

from collections.abc import Sequence

from fastapi import APIRouter

from api.deps import PartsOf, ReadsJobs
from api.openapi import describe_problems
from api.schemas.models import ModelListView, ModelView, PriceView, WorkersView
from api.strict_route import StrictRoute
from shared.errors import NotFound, UnknownModel
from shared.jobs.lookups import list_workers
from shared.jobs.table import WorkerRow
from shared.models.catalog import ModelEntry
from shared.usage.price import UNIT

router = APIRouter(prefix="/v1/models", tags=["models"], route_class=StrictRoute)


@router.get("", responses=describe_problems())
def list_models(access: ReadsJobs, parts: PartsOf) -> ModelListView:
    """List the catalog."""
    workers = list_workers(access.session, parts.settings.lease_s)
    data = [_view(entry, workers) for entry in parts.catalog.list_models()]
    return ModelListView(object="list", data=data, next_cursor=None)


@router.get("/{model_id}", responses=describe_problems("not-found"))
def read_model(model_id: str, access: ReadsJobs, parts: PartsOf) -> ModelView:
    """Show one model.

    Raises:
        NotFound: The catalog has none of that name.
    """
    try:
        entry = parts.catalog.get_model(model_id)
    except UnknownModel as error:
        raise NotFound("model") from error
    return _view(entry, list_workers(access.session, parts.settings.lease_s))


def _view(entry: ModelEntry, workers: Sequence[WorkerRow]) -> ModelView:
    serving = [worker for worker in workers if worker.pool == entry.pool]
    return ModelView(
        id=entry.id,
        object="model",
        created=0,
        owned_by="atelier",
        name=entry.name,
        description=entry.description,
        family=entry.family,
        licence=entry.licence,
        tasks=list(entry.tasks),
        schedulers=list(entry.schedulers),
        sigmas={spacing: list(names) for spacing, names in entry.sigmas.items()},
        defaults=entry.defaults,
        limits=entry.limits,
        price=PriceView(factor=entry.price_factor, unit=UNIT),
        workers=WorkersView(
            alive=len(serving), warm=sum(entry.id in worker.models for worker in serving)
        ),
    )
