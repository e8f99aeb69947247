"""What each operation does here, what it does not, and what is chosen where Azure's answer is not known.

One entry for each operation of the table, in Markdown, for docs/wire.md. "Chosen:" begins what Azure does not document.
"""

from __future__ import annotations

from collections.abc import Mapping

REMARKS: Mapping[str, str] = {
    "list_applications": "Those with at least one active version.",
    "get_application": "As in the list.",
    "list_pool_usage_metrics": "From the history of nodes, in half hours. A size's cores are read from its name.",
    "create_pool": "Nodes are processes of this machine: a size, an image and a subnet are recorded only. At most 100 "
    "nodes and 2000 task slots in a pool, since one machine carries them; 4 slots for each core of the "
    "size, where its name says how many it has.",
    "list_pools": "By id.",
    "begin_delete_pool": "Tasks on its nodes go back to the queue.",
    "pool_exists": "",
    "get_pool": "",
    "update_pool": "Most properties change only while the pool has no nodes, as Azure has it (chosen: 409 "
    "`OperationInvalidForCurrentState`); a start task, packages and metadata at any time, with effect on "
    "nodes that come or are rebooted or reimaged. Chosen: `displayName` at any time too.",
    "disable_pool_auto_scale": "Chosen: a pool that no formula scales is left as it is.",
    "enable_pool_auto_scale": "The formula runs at once, then on its interval. Chosen: it may replace the targets "
    "of a resize that goes on.",
    "evaluate_pool_auto_scale": "Against the real samples of the pool, taken every 30 seconds while a formula "
    "scales it; they do not outlive the service. Chosen: 409 `OperationInvalidForCurrentState` where no formula "
    "does.",
    "begin_resize_pool": "Takes as long as the service was told. A quota of cores, or the timeout, ends it with "
    "`resizeErrors`. Chosen: 409 `OperationInvalidForCurrentState` for a pool that a formula scales. "
    "`retaineddata` waits for the retention of the node's tasks.",
    "begin_stop_pool_resize": "The nodes that are there become the targets.",
    "replace_pool_properties": "What is not given goes; the two lists must be given.",
    "begin_remove_nodes": "The targets shrink with the nodes. Chosen: a node that is not there is 404 "
    "`NodeNotFound`, and then none is removed.",
    "list_supported_images": "A fixed list; what a pool runs on is this machine, whatever its image.",
    "list_pool_node_counts": "",
    "begin_delete_job": "What runs of it is ended, its release task runs if the job was not completed, and its tasks "
    "and their files are deleted. With `force` no release task is waited for.",
    "get_job": "",
    "update_job": "Of a pool of its own, only `keepAlive` can be changed.",
    "replace_job": "What is left out goes back to its default; `onAllTasksComplete` cannot, once it is `terminatejob`.",
    "begin_disable_job": "A task that still waits for its node to be prepared goes back uncounted.",
    "begin_enable_job": "Takes no time: the job is active at once.",
    "begin_terminate_job": "Completed when its release tasks have ended; with `force` they are not waited for.",
    "create_job": "A preparation task runs once on each node and takes no slot; its files and those of the release "
    "task are kept from the end of the job on. Chosen: 400 `InvalidPropertyValue` for a release task without a "
    "preparation task. `allowTaskPreemption` lets tasks of a job with a higher priority have the places of this "
    "one's. One whose own pool the account cannot take is completed with `schedulingError`, as on Azure. Chosen: its "
    "`terminateReason` is that error's code.",
    "list_jobs": "By id.",
    "list_jobs_from_schedule": "In the order they were made.",
    "list_job_preparation_and_release_task_status": "In the order nodes were first prepared; those that left stay.",
    "get_job_task_counts": "Exact at every moment; Azure's may be late.",
    "job_schedule_exists": "",
    "begin_delete_job_schedule": "With all its jobs; the id is free when they are gone. `force` as for a job.",
    "get_job_schedule": "",
    "update_job_schedule": "Chosen: another `doNotRunUntil` or `recurrenceInterval` begins the recurrence anew, "
    "from now; nothing else does.",
    "replace_job_schedule": "As the PATCH; what is not given goes back to its default.",
    "disable_job_schedule": "Chosen: a schedule that is disabled already is refused with `JobScheduleDisabled`.",
    "enable_job_schedule": "Chosen: an active schedule is refused with `OperationInvalidForCurrentState`.",
    "begin_terminate_job_schedule": "Its active job is terminated with it. `force` as for a job.",
    "create_job_schedule": "Chosen: a due job that the account cannot take is tried again every minute of its start "
    "window; a schedule whose `doNotRunAfter` is past is completed at once.",
    "list_job_schedules": "",
    "create_task": "Chosen: the first ten retries start at once, later ones after pauses that grow to a minute. A user "
    "that it names must be one of its pool's. A multi-instance task runs on nodes with addresses of their own "
    "(127.0.0.2, ...), tried with MPICH and its fork launcher, not with Open MPI. `AZ_BATCH_TASK_SHARED_DIR` is the "
    "task's folder on each node, so its path differs between nodes of this one machine. Its wall clock limit is for "
    "coordination and the task's own command together.",
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
    "begin_reboot_node": "Every process of the node ends, its folder stays, its start task runs again. Also from "
    "`starttaskfailed` and `unusable`. Chosen: an offline node is refused, as Azure's reference says.",
    "begin_start_node": "It comes back with an empty folder.",
    "begin_reimage_node": "As a reboot, with an empty folder.",
    "begin_deallocate_node": "The node stays in the pool, without a folder, until it is started or removed.",
    "disable_node_scheduling": "The node is `offline` at once, also while a task still runs there.",
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
    "pool: `networkConfiguration`": "Nodes are on this machine's loopback interface, whatever a subnet says.",
    "pool: `identity`": "Files that name an identity are read with the key of the storage account that is linked.",
    "pool: `userAccounts`": "No user of this machine is made: a task that runs as one of them runs as the user of "
    "the service.",
    "job: `networkConfiguration`": "Nodes are on this machine's loopback interface.",
    "pool: `resourceTags`, `targetNodeCommunicationMode`, `applicationLicenses`": "Of older clients; no effect here.",
    "pool: `taskSchedulingPolicy.jobDefaultOrder`": "Jobs of one priority go in the order they were made, which suits "
    "both values.",
    "task: `userIdentity.autoUser`": "`scope` and `elevationLevel`: every task runs as the user of the service.",
}
"""Properties that are kept and echoed and have no effect, though they may have one on Azure, and why."""
