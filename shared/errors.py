"""Errors a caller can act on. The HTTP status of each lives in `api.errors`, not here.

* DomainError
  - NotFound
  - Unauthorized
  - TenantSuspended
  - Forbidden
  - RateLimited
  - QuotaExceeded
  - ScopeNotHeld
  - NameTaken
  - ValidationFailed
  - UnknownModel
  - UnsupportedParameter
  - InputNotFound
  - PictureUnreachable
  - InvalidImage
  - UnsupportedImage
  - ImageTooLarge
  - AssetInUse
  - InvalidCursor
  - IdempotencyKeyInvalid
  - IdempotencyKeyReused
  - JobEnded
  - InvalidTransition
  - LeaseLost
  - LinkInvalid
  - LinkExpired
  - Unavailable
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault in one field; `pointer` is a JSON pointer (RFC 6901) into the body."""

    pointer: str
    message: str


class DomainError(Exception):
    """Base of every expected failure. `code` is the slug callers see, `title` its heading."""

    code: ClassVar[str]
    title: ClassVar[str]


class NotFound(DomainError):
    """No such resource for this tenant; another tenant's resource looks the same."""

    code = "not-found"
    title = "Nothing here"

    def __init__(self, resource: str) -> None:
        super().__init__(f"No such {resource}. Check the id, and that this key's tenant owns it.")


class Unauthorized(DomainError):
    """The request carries no valid API key; the reason is never told apart."""

    code = "unauthorized"
    title = "A valid API key is needed"

    def __init__(self) -> None:
        super().__init__("Send 'Authorization: Bearer <key>' with a key that is valid and active.")


class Forbidden(DomainError):
    """The key is valid, and not for this."""

    code = "forbidden"
    title = "This key may not do that"

    def __init__(self, scope: str) -> None:
        super().__init__(f"This key lacks the scope {scope!r}. Use a key that has it.")


class TenantSuspended(DomainError):
    """The key is valid and its tenant is suspended; jobs that run already finish."""

    code = "tenant-suspended"
    title = "The tenant is suspended"

    def __init__(self) -> None:
        super().__init__("An admin has suspended this tenant. Ask whoever runs this service.")


class RateLimited(DomainError):
    """The tenant or the key called more often than it may; the call did nothing."""

    code = "rate-limited"
    title = "Too many calls"

    def __init__(
        self, name: str, per_minute: int, retry_after_s: int, fields: Mapping[str, str]
    ) -> None:
        self.headers = {**fields, "Retry-After": str(retry_after_s)}
        super().__init__(
            f"This {name} may make {per_minute} calls a minute. Try again in {retry_after_s} s."
        )


class QuotaExceeded(DomainError):
    """The month's quota does not hold what the job may cost; nothing was stored."""

    code = "quota-exceeded"
    title = "The quota is used up"

    def __init__(self, needed: int, left: int, renews_on: date, renews_in_s: int) -> None:
        self.headers = {"Retry-After": str(max(1, renews_in_s))}
        super().__init__(
            f"The job may cost {needed / 1e6:g} megapixel-steps and {left / 1e6:g} are left until"
            f" {renews_on}. Ask for less, or ask an admin for more."
        )


class ScopeNotHeld(DomainError):
    """A key cannot give another key more than it may do itself."""

    code = "scope-not-held"
    title = "A key cannot give what it lacks"

    def __init__(self, scopes: Sequence[str]) -> None:
        super().__init__(f"This key lacks {', '.join(scopes)}, so it cannot give that to another.")


class NameTaken(DomainError):
    """Another resource of this kind has the name."""

    code = "name-taken"
    title = "The name is taken"

    def __init__(self, resource: str) -> None:
        super().__init__(f"There is a {resource} of that name already. Choose another.")


class ValidationFailed(DomainError):
    """One or more fields hold what this request cannot take."""

    code = "validation"
    title = "Some fields are wrong"

    def __init__(self, fields: Sequence[FieldError]) -> None:
        self.fields = tuple(fields)
        super().__init__("; ".join(f"{one.pointer}: {one.message}" for one in self.fields))


class UnknownModel(DomainError):
    """The catalog has no model of that name."""

    code = "unknown-model"
    title = "No such model"

    def __init__(self, known: Sequence[str]) -> None:
        self.fields = (FieldError("/model", f"must be one of: {', '.join(known)}"),)
        super().__init__("The catalog has no model of that name; GET /v1/models lists them.")


class UnsupportedParameter(DomainError):
    """The model exists and cannot do what a field asks of it."""

    code = "unsupported-parameter"
    title = "The model cannot do that"

    def __init__(self, fields: Sequence[FieldError]) -> None:
        self.fields = tuple(fields)
        super().__init__("; ".join(f"{one.pointer}: {one.message}" for one in self.fields))


class _OneField(Exception):
    """What is wrong with one field alone."""

    def __init__(self, pointer: str, message: str) -> None:
        self.fields = (FieldError(pointer, message),)
        super().__init__(f"{pointer}: {message}")


class InputNotFound(_OneField, DomainError):
    """The request names a picture that is not there; another tenant's looks the same."""

    code = "input-not-found"
    title = "A picture that the request names is not there"


class PictureUnreachable(_OneField, DomainError):
    """A picture's URL leads nowhere, or not to the public internet, or to too much."""

    code = "picture-unreachable"
    title = "The picture's URL cannot be fetched"


class InvalidImage(_OneField, DomainError):
    """A picture that was sent is damaged, or its base64 is."""

    code = "invalid-image"
    title = "The picture cannot be read"


class UnsupportedImage(_OneField, DomainError):
    """What was sent is no picture of a kind that is taken: one PNG, JPEG or WebP, not animated."""

    code = "unsupported-image"
    title = "That kind of picture is not taken"


class ImageTooLarge(_OneField, DomainError):
    """A picture that was sent has too many pixels; its header alone is read to know."""

    code = "image-too-large"
    title = "The picture has too many pixels"


class AssetInUse(DomainError):
    """A job that has not ended needs the asset. Cancel the job, or wait for its end."""

    code = "asset-in-use"
    title = "A job still needs the asset"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"{job_id} needs this asset and has not ended. Cancel it, or wait.")


class InvalidCursor(DomainError):
    """The cursor was not made by this list."""

    code = "invalid-cursor"
    title = "The cursor is not one of ours"

    def __init__(self) -> None:
        super().__init__("Pass next_cursor of an earlier page unchanged, or leave cursor out.")


class IdempotencyKeyInvalid(DomainError):
    """The Idempotency-Key header is empty, too long or not printable."""

    code = "idempotency-key-invalid"
    title = "The Idempotency-Key is malformed"

    def __init__(self, max_length: int) -> None:
        super().__init__(f"An Idempotency-Key is 1 to {max_length} printable ASCII characters.")


class IdempotencyKeyReused(DomainError):
    """The key named another request before."""

    code = "idempotency-key-reused"
    title = "The Idempotency-Key was used for another request"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key came with another body before. Use a fresh key.")


class JobEnded(DomainError):
    """The job has an end status, which never changes."""

    code = "job-ended"
    title = "The job has already ended"

    def __init__(self, status: str) -> None:
        super().__init__(f"The job is {status}; an ended job cannot be canceled.")


class InvalidTransition(DomainError):
    """The job has a status that does not allow the move."""

    code = "invalid-transition"
    title = "The job cannot make that move"

    def __init__(self, old: str, new: str) -> None:
        super().__init__(f"A {old} job cannot become {new}.")


class LeaseLost(DomainError):
    """The attempt no longer holds the job; whatever it made must not be kept."""

    code = "lease-lost"
    title = "Another attempt holds the job"

    def __init__(self, job_id: str, attempt: int) -> None:
        super().__init__(f"Attempt {attempt} of {job_id} no longer holds its lease.")


class LinkInvalid(DomainError):
    """An image link's signature does not fit it."""

    code = "link-invalid"
    title = "The image link is not valid"

    def __init__(self) -> None:
        super().__init__("The signature does not fit this link. Read the job again for a new one.")


class LinkExpired(DomainError):
    """An image link was valid once."""

    code = "link-expired"
    title = "The image link has expired"

    def __init__(self) -> None:
        super().__init__("The link's time is over. Read the job again for a new one.")


class Unavailable(DomainError):
    """A part this operation needs does not answer now."""

    code = "unavailable"
    title = "A needed part does not answer"

    def __init__(self, part: str) -> None:
        self.part = part
        super().__init__(
            f"The {part} does not answer. Try again shortly; with the same Idempotency-Key, what"
            " was stored nevertheless is found and not made twice."
        )
