"""What each operation does here, what it does not, and what is chosen where Azure's answer is not known.

One entry for each operation of the table, in Markdown, for docs/wire.md. "Chosen:" begins what Azure does not document.
"""

from __future__ import annotations

from collections.abc import Mapping

REMARKS: Mapping[str, str] = {
    "list_applications": "Those with at least one active version.",
    "get_application": "As in the list.",
    "list_pool_usage_metrics": "From the history of nodes, in half hours. A size's cores are read from its name.",
    "create_pool": "Nodes are processes of this machine: a size, an image and a subnet are recorded only.",
    "list_pools": "By id.",
    "begin_delete_pool": "Tasks on its nodes go back to the queue.",
    "pool_exists": "",
    "get_pool": "",
    "update_pool": "",
    "disable_pool_auto_scale": "",
    "enable_pool_auto_scale": "",
    "evaluate_pool_auto_scale": "Against the real samples of the pool.",
    "begin_resize_pool": "",
    "begin_stop_pool_resize": "The nodes that are there become the targets.",
    "replace_pool_properties": "",
    "begin_remove_nodes": "",
    "list_supported_images": "A fixed list; what a pool runs on is this machine, whatever its image.",
    "list_pool_node_counts": "",
    "begin_delete_job": "What runs of it is ended, and its tasks and their files are deleted. `force` changes nothing.",
    "get_job": "",
    "update_job": "Of a pool of its own, only `keepAlive` can be changed.",
    "replace_job": "What is left out goes back to its default; `onAllTasksComplete` cannot, once it is `terminatejob`.",
    "begin_disable_job": "",
    "begin_enable_job": "Takes no time: the job is active at once.",
    "begin_terminate_job": "`force` changes nothing.",
    "create_job": "One whose own pool the account cannot take is completed with `schedulingError`, as on Azure. "
    "Chosen: its `terminateReason` is that error's code.",
    "list_jobs": "By id.",
    "list_jobs_from_schedule": "In the order they were made.",
    "list_job_preparation_and_release_task_status": "",
    "get_job_task_counts": "Exact at every moment; Azure's may be late.",
    "job_schedule_exists": "",
    "begin_delete_job_schedule": "With all its jobs; the id is free when they are gone. `force` changes nothing.",
    "get_job_schedule": "",
    "update_job_schedule": "Chosen: another `doNotRunUntil` or `recurrenceInterval` begins the recurrence anew, "
    "from now; nothing else does.",
    "replace_job_schedule": "As the PATCH; what is not given goes back to its default.",
    "disable_job_schedule": "Chosen: a schedule that is disabled already is refused with `JobScheduleDisabled`.",
    "enable_job_schedule": "Chosen: an active schedule is refused with `OperationInvalidForCurrentState`.",
    "begin_terminate_job_schedule": "Its active job is terminated with it. `force` changes nothing.",
    "create_job_schedule": "Chosen: a due job that the account cannot take is tried again every minute of its start "
    "window; a schedule whose `doNotRunAfter` is past is completed at once.",
    "list_job_schedules": "",
    "create_task": "A multi-instance task runs on nodes with addresses of their own (127.0.0.2, ...), tried with MPICH "
    "and its fork launcher, not with Open MPI. `AZ_BATCH_TASK_SHARED_DIR` is the task's folder on each node, so its path "
    "differs between nodes of this one machine. Its wall clock limit is for coordination and the task's own command together.",
    "list_tasks": "In the order they were added.",
    "create_task_collection": "At most 100 tasks, each with an outcome of its own, in the order they came.",
    "delete_task": "With its files. One that runs is hidden at once and goes when its processes have ended.",
    "get_task": "",
    "replace_task": "Only `constraints` can be changed; without any they go back to their defaults.",
    "list_subtasks": "Those of the latest run. The primary is not among them.",
    "terminate_task": "",
    "reactivate_task": "",
    "delete_task_file": "A folder that is not empty needs `recursive`. Of a symbolic link, the link is deleted.",
    "download_task_file": "Readable while the task writes. A range is answered 200, as Azure does.",
    "get_task_file_properties": "",
    "list_task_files": "",
    "create_node_user": "Recorded, without the password; no user of this machine is made.",
    "delete_node_user": "",
    "replace_node_user": "Recorded, without the password.",
    "get_node": "",
    "begin_reboot_node": "",
    "begin_start_node": "",
    "begin_reimage_node": "",
    "begin_deallocate_node": "",
    "disable_node_scheduling": "",
    "enable_node_scheduling": "",
    "get_node_remote_login_settings": "This machine: 127.0.0.1, port 22.",
    "upload_node_logs": "What the service did on the node ([more](nodes.md)). The blobs come just after the answer.",
    "list_nodes": "By id.",
    "get_node_extension": "Chosen: one that is not declared is 404 `NodeExtensionNotFound`.",
    "list_node_extensions": "What the pool declares; nothing is installed.",
    "delete_node_file": "As of a task.",
    "download_node_file": "As of a task.",
    "get_node_file_properties": "",
    "list_node_files": "",
    "list_certificates": "Always empty: Azure retired certificates in February 2024.",
    "add_certificate": "Chosen: 409 `OperationInvalidForCurrentState`, since no account takes certificates any more.",
    "get_certificate": "404 `CertificateNotFound`, as in an account without certificates.",
    "delete_certificate": "404 `CertificateNotFound`.",
    "cancel_certificate_deletion": "404 `CertificateNotFound`.",
    "get_remote_desktop": "Chosen: 409 `OperationInvalidForCurrentState`: a node has remote login settings instead.",
}
"""By the operation's name."""

RECORDED_ONLY: Mapping[str, str] = {
    "pool: `displayName`, `metadata`": "As on Azure, they mean nothing to the service; so of all else.",
    "pool: `vmSize`": "Every node is this machine. The cores in the name count for quotas and statistics.",
    "pool: `virtualMachineConfiguration` with `imageReference`, `nodeAgentSKUId`, `licenseType`, `osDisk`, "
    "`dataDisks`, `diskEncryptionConfiguration`, `nodePlacementConfiguration`, `securityProfile`, "
    "`serviceArtifactReference`, `windowsConfiguration`": "Nodes are folders and processes, no virtual machines.",
    "pool: `virtualMachineConfiguration.extensions`": "Listed on nodes with a status that says so; none is installed.",
    "pool: `blobfuseOptions` of a mount, but for `-o ro` and `--read-only`": "A mount is a copy ([more](nodes.md)).",
    "pool: `upgradePolicy`": "There is no image to upgrade.",
    "pool: `userAccounts`": "No user of this machine is made; a task that asks to run as one of them is refused.",
    "pool: `resourceTags`, `targetNodeCommunicationMode`, `applicationLicenses`": "Of older clients; no effect here.",
    "pool: `taskSchedulingPolicy.jobDefaultOrder`": "Jobs of one priority go in the order they were made, which suits "
    "both values.",
    "task: `userIdentity.autoUser`": "`scope` and `elevationLevel`: every task runs as the user of the service.",
}
"""Properties that are kept and echoed and have no effect, though they may have one on Azure, and why."""
