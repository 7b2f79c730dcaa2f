"""From a picture that a variation names to the recipe that it was made by."""

from typing import Any

from sqlalchemy.orm import Session

from shared.errors import FieldError, ValidationFailed
from shared.ids import JobId, TenantId
from shared.jobs.find_inputs import get_source_image
from shared.jobs.queries import get_job
from shared.jobs.requests import JobRequest, VariationTaskRequest
from shared.jobs.resolved import ResolvedRequest

_RECIPE = {
    "model",
    "prompt",
    "negative_prompt",
    "width",
    "height",
    "num_inference_steps",
    "guidance_scale",
    "scheduler",
    "sigmas",
    "second_pass",
}


def recall_source(session: Session, tenant_id: TenantId, request: JobRequest) -> JobRequest:
    """Return the request with its source's recipe in place of the source; others as they are.

    What the request itself sets goes before what the source brings.

    Raises:
        InputNotFound: There is no such picture, or it is another tenant's.
        ValidationFailed: It was not made from words alone.
    """
    if not isinstance(request, VariationTaskRequest) or request.source is None:
        return request
    if request.image is not None:
        raise ValidationFailed([FieldError("/image", "give a source or an image, not both")])
    image = get_source_image(session, tenant_id, request.source, "/source")
    made_by = get_job(session, tenant_id, JobId(image.job_id)).request
    recipe = ResolvedRequest.model_validate(made_by)
    if recipe.task != "text-to-image":
        fault = f"was made by {recipe.task}; give it as image, with a strength"
        raise ValidationFailed([FieldError("/source", fault)])
    fields: dict[str, Any] = recipe.model_dump(include=_RECIPE, exclude_none=True)
    fields |= {"seed": image.seed}
    fields |= request.model_dump(exclude_unset=True, exclude={"source"})
    return VariationTaskRequest.model_validate(fields)
