"""What ``batch-manager submit`` makes of its words: the job's id, its parameters, its package and launcher, a pool
of its own, the upload of its files; ``submit`` then starts the job."""

from batch_manager.submitting.auto_pools import AutoPool, auto_pool_id, delete_auto_pool, prepare_auto_pool
from batch_manager.submitting.documents import JobPreview, preview_document
from batch_manager.submitting.ids import unique_job_id
from batch_manager.submitting.packages import choose_package, launcher_of
from batch_manager.submitting.placing import place_in_parallel
from batch_manager.submitting.words import parse_settings, read_parameters

__all__ = [
    "AutoPool",
    "JobPreview",
    "auto_pool_id",
    "choose_package",
    "delete_auto_pool",
    "launcher_of",
    "parse_settings",
    "place_in_parallel",
    "prepare_auto_pool",
    "preview_document",
    "read_parameters",
    "unique_job_id",
]
