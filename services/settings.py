"""Every setting, with its unit, in one place. The environment overrides: `REELWISE_DATA_DIR`, `REELWISE_PORT`, ..."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir("reelwise"))


def _default_models_dir() -> Path:
    return Path(platformdirs.user_cache_dir("reelwise")) / "models"


class Settings(BaseSettings):
    """Reelwise's settings. Everything has a default that works on one machine with no server."""

    model_config = SettingsConfigDict(env_prefix="REELWISE_", extra="forbid", frozen=True)

    data_dir: Path = Field(
        default_factory=_default_data_dir, description="Folder of the record, the index and the blobs."
    )
    models_dir: Path = Field(
        default_factory=_default_models_dir,
        validation_alias="REELWISE_MODELS",
        description="Folder the weights are cached in.",
    )
    profile: str = Field("lite", description="Name of a profile, or path of a profile's YAML file.")

    database_url: str | None = Field(None, description="SQLAlchemy URL of the record; default: SQLite in data_dir.")
    blob_url: str | None = Field(None, description="fsspec URL of the blob store; default: data_dir/blobs.")
    blob_options: dict[str, Any] = Field(
        default_factory=dict, description="Options of the blob store's fsspec file system, a JSON object."
    )
    index_url: str | None = Field(None, description="Qdrant server URL; default: Qdrant Edge in data_dir.")
    index_api_key: str | None = Field(None, description="API key of the Qdrant server.")
    index_shards: int | None = Field(
        None, gt=0, description="Shards of a new collection on a Qdrant server; default: the server's."
    )
    index_replicas: int | None = Field(
        None, gt=0, description="Copies of each shard of a new collection; default: the server's."
    )
    index_write_replicas: int | None = Field(
        None, gt=0, description="Copies that must have a write before it counts, of a new collection; default: 1."
    )
    index_quantization: Literal["off", "int8"] = Field(
        "off", description="int8: a new collection searches by 8-bit vectors in memory and rescores by the whole ones."
    )
    index_on_disk: bool = Field(False, description="Whether a new collection keeps whole vectors on disk.")
    broker_url: str = Field("memory://", description="Celery broker URL; memory:// runs the worker in this process.")
    shutdown_s: float = Field(
        25.0, ge=0, description="How long running lanes may take to end when a process is told to stop, seconds."
    )

    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8765, ge=0, le=65535, description="Port the API listens on; 0 takes a free one.")

    log_format: Literal["text", "json"] = Field("text", description="How a serving process writes its log lines.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="From which level on lines of Reelwise, uvicorn and Celery are written."
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port on which `reelwise worker` shows its metrics; 0: none."
    )
    metrics_host: str = Field("127.0.0.1", description="Address that the metrics port listens on.")
    ready_timeout_s: float = Field(
        3.0, gt=0, le=60, description="How long `/readyz` waits for each part to answer, seconds."
    )

    auth: Literal["auto", "required", "off"] = Field(
        "auto",
        description="Sign-in: auto (wanted once there is an account, or on an address others reach), required, off.",
    )
    session_s: float = Field(12 * 3600.0, gt=0, description="How long a console session lasts, seconds.")
    sign_in_failures: int = Field(10, gt=0, description="Failed sign-ins for a name before it has to wait.")
    sign_in_window_s: float = Field(900.0, gt=0, description="Time over which failed sign-ins are counted, seconds.")

    review_claim_s: float = Field(900.0, gt=0, description="How long an idle editor keeps a video, seconds.")
    double_review: float = Field(0.1, ge=0, le=1, description="Share of videos that two editors review independently.")
    bulk_most: int = Field(2000, gt=0, description="Most videos that one bulk action may change.")

    allowed_roots: tuple[Path, ...] = Field((), description="Folders that a submitted path may lie in.")
    allowed_hosts: tuple[str, ...] = Field((), description="Hosts that a submitted URL may name.")
    max_upload_bytes: int = Field(2 * 1024**3, gt=0, description="Largest file taken in, bytes.")
    max_backlog: int = Field(
        100_000, gt=0, description="Most videos on their way at once; beyond it, submissions are told to come later."
    )
    max_backlog_per_uploader: int = Field(20_000, gt=0, description="The same for the videos of one uploader.")
    min_free_bytes: int = Field(
        1024**3, ge=0, description="What uploads leave free of the data folder's disk, bytes; else they are refused."
    )
    max_duration_s: float = Field(1800.0, gt=0, description="Longest video taken in, seconds.")
    max_pixels: int = Field(8192 * 4320, gt=0, description="Largest frame taken in, pixels.")
    decode_timeout_s: float = Field(600.0, gt=0, description="Longest time one file may take to decode, seconds.")
    decode_memory_bytes: int = Field(4 * 1024**3, gt=0, description="Most address space growth of a decoder process.")
    max_frames: int = Field(12, gt=0, description="Most frames kept per video.")
    max_ocr_frames: int = Field(6, ge=0, description="Most frames read for text per video.")
    safety_rules: Path | None = Field(None, description="File of safety rules; default: those that ship.")
    calibration: Path | None = Field(None, description="File of calibration curves; default: those that ship.")
    reuse_copies: bool = Field(
        False, description="Whether a copy that sounds as its original takes over what was heard in it."
    )
    speech_languages: tuple[str, ...] = Field(
        ("zh", "en"), description="Languages expected to be spoken (ISO 639-1): others must be heard more clearly."
    )
    lease_s: float = Field(
        120.0, gt=0, le=3600, description="How long a lane's lease lasts without a heartbeat, seconds; an hour at most."
    )
    beat_s: float = Field(
        15.0, gt=0, le=600, description="How often a worker says that it lives, seconds; ten minutes at most."
    )
    sweep_s: float = Field(15.0, gt=0, description="How often the record is swept for work that is due, seconds.")
    queue_window: int = Field(
        32, gt=0, description="Most messages a lane that are under way about fresh videos; what is due beyond waits."
    )
    backfill_share: float = Field(
        0.1, ge=0, le=0.9, description="Share of a full queue that back-fill has; 0: only what fresh videos leave."
    )
    announce_again_s: float = Field(
        600.0, gt=0, description="How long a message may be under way before it counts as lost, seconds."
    )
    max_attempts: int = Field(3, gt=0, description="Times a lane is tried before the video is failed.")
    model_outage_s: float = Field(
        3600.0, ge=0, description="How long a lane waits for a model server that is away before it fails, seconds."
    )
    store_outage_s: float = Field(
        86_400.0,
        ge=0,
        description="How long a lane waits for a record, index or blob store that is away or full, seconds.",
    )

    idempotency_s: float = Field(
        86_400.0, gt=0, description="How long the answer to a request with an Idempotency-Key is kept, seconds."
    )
    webhook_timeout_s: float = Field(20.0, gt=0, description="How long a webhook's endpoint may take, seconds.")
    webhook_attempts: int = Field(12, gt=0, description="Times a webhook's message is tried before it is dead.")
    webhook_backoff_s: float = Field(
        5.0, gt=0, description="Wait after a message's first failure, seconds; it grows fourfold, to 12 hours."
    )

    currency: str = Field("USD", min_length=1, max_length=16, description="Name of the currency that prices are in.")
    price_gpu_hour: float = Field(0.0, ge=0, description="What an hour of a GPU costs.")
    price_cpu_hour: float = Field(0.0, ge=0, description="What an hour of one CPU core costs.")
    price_million_prompt_tokens: float = Field(0.0, ge=0, description="What a server takes to read a million tokens.")
    price_million_completion_tokens: float = Field(
        0.0, ge=0, description="What a server takes to write a million tokens."
    )
    price_gb_month: float = Field(0.0, ge=0, description="What it costs to keep a GB (10^9 bytes) for a month.")

    batching: Literal["auto", "on", "off"] = Field(
        "auto", description="Join the model calls of concurrent tasks; auto: on a GPU only."
    )
    batch_wait_ms: float = Field(5.0, ge=0, le=1000, description="How long a batch that is not full waits, ms.")
    batch_queue: int = Field(256, gt=0, description="Most frames or texts that wait for one engine; others hold back.")
    batch_patience_s: float = Field(
        300.0, gt=0, description="Longest time a task waits for an engine to begin its work, seconds."
    )
    engine_ttl_s: float = Field(0.0, ge=0, description="Idle time until an engine is unloaded, seconds; 0: never.")
    memory_limit_bytes: int | None = Field(
        None, gt=0, description="Host memory that a process may count on; default: the machine's or container's."
    )
    gpu_memory_limit_bytes: int | None = Field(
        None, gt=0, description="Memory of a GPU that a process may count on; default: what is free there."
    )
    policies: Path | None = Field(None, description="File of recommendation policies; default: those that ship.")
    source_timeout_s: float = Field(
        2.0, gt=0, description="How long a feed waits for its sources, seconds; late ones are left out."
    )
    kept_videos: int = Field(
        100_000, ge=1000, description="Most videos whose labels and vectors are kept in memory, about 6 KB each."
    )
    optimize_after_points: int = Field(
        500, gt=0, description="Points written to the embedded index after which it is optimized when idle."
    )
    optimize_idle_s: float = Field(10.0, gt=0, description="How long no point was written in an idle moment, seconds.")

    event_max_watch_ratio: float = Field(20.0, gt=0, description="Most times its duration one event may have watched.")
    event_max_watch_s: float = Field(86_400.0, gt=0, description="Longest watch time of one event, seconds.")
    event_max_ahead_s: float = Field(300.0, ge=0, description="How far ahead of this clock an event may be, seconds.")
    event_max_age_days: float = Field(730.0, gt=0, description="Age beyond which an event is dropped, days.")
    event_max_per_minute: int = Field(240, gt=0, description="Most events of one viewer within a minute.")
    train_s: float = Field(
        3600.0, ge=0, description="How often collaborative factors are trained, seconds; 0: by `reelwise train` alone."
    )
    train_factors: int = Field(32, gt=0, description="Numbers that a video's collaborative factors have.")
    train_min_viewers: int = Field(20, gt=0, description="Viewers with a like that training needs at least.")
    train_min_videos: int = Field(20, gt=0, description="Liked videos that training needs at least.")
    train_sequence_s: float = Field(
        86_400.0, ge=0, description="How often the sequence model is trained beside the factors, seconds; 0: never."
    )
    train_sequence_min_viewers: int = Field(
        100, gt=0, description="Viewers with three liked videos that the sequence model needs at least."
    )
    train_sequence_most_s: float = Field(
        600.0, gt=0, description="Longest that one training of the sequence model goes on, seconds."
    )

    @property
    def resolved_database_url(self) -> str:
        """The record's URL, the embedded default included."""
        return self.database_url or f"sqlite:///{self.data_dir / 'reelwise.db'}"

    @property
    def resolved_blob_url(self) -> str:
        """The blob store's URL, the embedded default included."""
        return self.blob_url or f"file://{(self.data_dir / 'blobs').absolute()}"

    @property
    def embedded(self) -> bool:
        """Whether this process owns the index folder and runs the worker itself."""
        return self.broker_url.startswith("memory://")
