"""Settings: read once from the environment, then passed down as one frozen object."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "ATELIER_"
_ROOT = Path(__file__).parents[1]


def _plain(name: str) -> AliasChoices:
    """Return the alias of a setting whose variable carries no prefix."""
    return AliasChoices(name, name.upper())


def _split(value: object) -> object:
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """Every knob of every process. Durations end in `_s`, sizes in `_bytes`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", populate_by_name=True, env_ignore_empty=True
    )

    # Where the parts are.
    database_url: SecretStr = Field(
        default=SecretStr("postgresql://atelier@127.0.0.1:5432/atelier"),
        validation_alias=_plain("database_url"),
        description="PostgreSQL, as a role that owns nothing and is no superuser.",
    )
    migrations_database_url: SecretStr | None = Field(
        default=None,
        validation_alias=_plain("migrations_database_url"),
        description="PostgreSQL, as the owner of the tables; only `atelier migrate` uses it."
        " Empty: DATABASE_URL.",
    )
    redis_url: SecretStr = Field(
        default=SecretStr("redis://127.0.0.1:6379/0"),
        validation_alias=_plain("redis_url"),
        description="Redis of the doorbells (the Celery broker).",
    )
    cache_url: SecretStr | None = Field(
        default=None,
        validation_alias=_plain("cache_url"),
        description="Redis of event streams and rates. Empty: database 1 of REDIS_URL.",
    )
    store_url: SecretStr = Field(
        default=SecretStr("file://./images"),
        validation_alias=_plain("store_url"),
        description="Where pictures lie: `file:///folder`, or"
        " `s3://[key:secret@]bucket[/prefix]?endpoint=http://host:port&region=us-east-1`.",
    )
    store_public_url: str | None = Field(
        default=None,
        validation_alias=_plain("store_public_url"),
        description="Endpoint that presigned links are signed for, where callers reach the store"
        " under another name.",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        validation_alias=_plain("public_url"),
        description="How callers reach the API; image links and problem pages begin with it.",
    )
    secret_key: SecretStr = Field(
        validation_alias=_plain("secret_key"),
        min_length=32,
        description="Signs image links; at least 32 characters, the same for every process.",
    )
    outbound_allowed_hosts: Words = Field(
        default=(),
        validation_alias=_plain("outbound_allowed_hosts"),
        description="Hosts that outbound calls may reach although their addresses are private;"
        " comma-separated.",
    )
    port: int = Field(
        default=8000,
        ge=1,
        le=65535,
        validation_alias=_plain("port"),
        description="Port of the API.",
    )
    home: Path | None = Field(
        default=None,
        description="Folder of `atelier up`: database, pictures, logs, keys."
        " Empty: the user data folder.",
    )
    host: str = Field(default="127.0.0.1", description="Address the API listens on.")
    catalog: Path = Field(
        default=_ROOT / "models" / "catalog.toml", description="The catalog of models."
    )
    image_links: Literal["presigned", "api"] | None = Field(
        default=None,
        description="Who serves pictures: the store by presigned links, or the API by signed ones."
        " Empty: presigned for S3, api for files.",
    )
    image_link_lifetime_s: PositiveInt = Field(
        default=3600, description="How long an image link works."
    )

    # The queue.
    lease_s: PositiveFloat = Field(
        default=30, description="How long a worker holds a job without a sign of life."
    )
    heartbeat_interval_s: PositiveFloat = Field(
        default=5, description="How often leases are extended."
    )
    claim_interval_s: PositiveFloat = Field(
        default=0.25, description="How often a busy worker looks for jobs when no doorbell comes."
    )
    sweep_interval_s: PositiveFloat = Field(default=5, description="How often the sweep looks.")
    unclaimed_after_s: PositiveFloat = Field(
        default=5, description="Age from which the sweep rings for a job that nobody claimed."
    )
    doorbell_lifetime_s: PositiveFloat = Field(
        default=30, description="Age at which a doorbell is stale."
    )
    max_lost_attempts: PositiveInt = Field(
        default=3, description="How many lost workers a job survives before it fails."
    )
    drain_grace_s: PositiveFloat = Field(
        default=120, description="How long a stopping worker finishes what it runs."
    )
    shift_linger_s: PositiveFloat = Field(
        default=2, description="How long an idle shift waits for another job before it ends."
    )
    stall_s: PositiveFloat = Field(
        default=60, description="Without a tick for this long, a worker gives up."
    )
    load_stall_s: PositiveFloat = Field(
        default=600, description="The same while a model is being loaded."
    )
    idempotency_lifetime_s: PositiveInt = Field(
        default=86_400, description="How long an Idempotency-Key is remembered."
    )
    orphan_grace_s: PositiveFloat = Field(
        default=60, description="Age at which objects that no image names are removed."
    )
    wait_poll_interval_s: PositiveFloat = Field(
        default=1, description="How often waiting calls look at the database while Redis is down."
    )
    stream_lifetime_s: PositiveInt = Field(
        default=3600, description="How long a job's events can be replayed."
    )

    account_check_interval_s: PositiveFloat = Field(
        default=3600, description="How often the sweep compares the accounts with the ledger."
    )

    # The worker.
    worker_id: str | None = Field(
        default=None, description="Name of a worker; made at start when empty."
    )
    pool: str = Field(default="default", description="The pool that a worker serves.")
    device: str | None = Field(
        default=None,
        description="Torch device of the worker. Empty: cuda where it works, else cpu.",
    )
    dtype: Literal["float32", "float16", "bfloat16"] | None = Field(
        default=None,
        description="Number format of the engine. Empty: float32 on a CPU, the catalog's on a GPU.",
    )
    slots: PositiveInt = Field(default=8, description="How many generations a worker runs at once.")
    max_rows: PositiveInt | None = Field(
        default=None,
        description="Rows of a forward pass at most; a guided picture takes two."
        " Empty: measured for each model and size.",
    )
    profiles: Path | None = Field(
        default=None,
        description="Folder that keeps what forward passes take. Empty: in the user cache folder.",
    )
    memory_limit_bytes: PositiveInt | None = Field(
        default=None,
        description="What the models of a worker and its work may take of the device's memory."
        " Empty: what is free.",
    )
    torch_threads: PositiveInt = Field(default=1, description="Threads of torch in a worker.")
    prompt_cache_bytes: NonNegativeInt = Field(
        default=134_217_728,
        description="Encoded prompts that a worker keeps on its device; 0 keeps none.",
    )
    compile: Literal["off", "regional"] = Field(
        default="off",
        description="`regional` compiles the repeated blocks of each denoiser. The first pass then"
        " takes up to minutes: raise ATELIER_STALL_S.",
    )
    cuda_graphs: bool = Field(
        default=False,
        description="Record a forward pass of each shape and play it back; on CUDA alone.",
    )
    channels_last: bool = Field(
        default=False, description="Lay the denoiser out in memory with the channels last."
    )
    attention: Literal["default", "flash", "efficient", "cudnn", "math"] = Field(
        default="default",
        description="Which of torch's kernels computes attention; where it cannot, the plain one.",
    )
    preview_interval_steps: int = Field(
        default=2, ge=0, description="Steps between previews; 0 sends none."
    )
    progress_interval_s: float = Field(
        default=0.1, ge=0, description="Shortest time between two progress events of one job."
    )
    fault_point: str | None = Field(
        default=None,
        description="Breaks a worker on purpose, for tests: `name:kill` or `name:sleep=SECONDS`.",
    )

    # The edges.
    max_body_bytes: PositiveInt = Field(default=1_048_576, description="Largest JSON body.")
    max_upload_bytes: PositiveInt = Field(
        default=33_554_432, description="Largest upload of a picture, its form included."
    )
    max_picture_pixels: PositiveInt = Field(
        default=16_777_216, description="Most pixels of an input picture; its header says how many."
    )
    fetch_timeout_s: PositiveFloat = Field(
        default=10,
        description="How long fetching a picture by its URL may take, redirects included.",
    )
    database_pool_size: PositiveInt = Field(
        default=16, description="Database connections of a process."
    )
    database_timeout_s: PositiveFloat = Field(
        default=5, description="How long a statement of the API may take."
    )
    redis_timeout_s: PositiveFloat = Field(
        default=0.25, description="How long the API waits for Redis before it goes on without."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="How much the logs say."
    )


def process_environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a child process that is to read back these settings."""
    environment = dict(os.environ)
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        variable = variable_of(name)
        environment.pop(variable, None)
        if value is None or value == field.default:
            continue
        environment[variable] = _as_text(value)
    return environment


def variable_of(name: str) -> str:
    """Return the environment variable of the setting called `name`."""
    field = Settings.model_fields[name]
    return name.upper() if field.validation_alias is not None else f"{PREFIX}{name.upper()}"


def _as_text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ",".join(value) if isinstance(value, tuple) else str(value)
