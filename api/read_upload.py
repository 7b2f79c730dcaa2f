"""Reading a picture that is uploaded as a form."""

from starlette.datastructures import UploadFile
from starlette.requests import Request

from api.problems import UNSUPPORTED_MEDIA_TYPE, RequestRefused
from shared.assets.read_picture import PictureFile
from shared.errors import FieldError, ValidationFailed

FIELD = "file"
_MAX_OTHER_FIELDS = 8
_MAX_FIELD_BYTES = 1024


async def read_upload(request: Request) -> PictureFile:
    """Return the file of a form; one that is large waits on disk until it is complete.

    Raises:
        RequestRefused: The body is no form.
        ValidationFailed: The form has no file, or something else too.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "multipart/form-data":
        raise RequestRefused(UNSUPPORTED_MEDIA_TYPE, "Send the picture as multipart/form-data.")
    async with request.form(
        max_files=1, max_fields=_MAX_OTHER_FIELDS, max_part_size=_MAX_FIELD_BYTES
    ) as form:
        unknown = [name for name in form if name != FIELD]
        if unknown:
            raise ValidationFailed([FieldError(f"/{name}", "unknown field") for name in unknown])
        upload = form.get(FIELD)
        if not isinstance(upload, UploadFile):
            raise ValidationFailed([FieldError(f"/{FIELD}", "must be a file")])
        return PictureFile(
            data=await upload.read(),
            pointer=f"/{FIELD}",
            media_type=upload.content_type or "",
            file_name=upload.filename or "",
        )
