"""What request bodies look like, as far as this service knows them; the readers in ``documents/`` are what checks them.

What the service refuses by name (``UnsupportedProperty``) is not listed.
"""

from __future__ import annotations

from collections.abc import Mapping

_PROGRAM = "resourceFiles [ResourceFile], environmentSettings [EnvironmentSetting], userIdentity UserIdentity"
_TASK = (
    f"displayName title, commandLine! text, containerSettings ContainerSettings, {_PROGRAM}, "
    "outputFiles [OutputFile], constraints TaskConstraints, requiredSlots 1..256, "
    "applicationPackageReferences [PackageReference], authenticationTokenSettings TokenSettings"
)
_JOB = (
    "displayName title, priority -1000..1000, maxParallelTasks int, allowTaskPreemption bool, "
    "constraints JobConstraints, jobManagerTask JobManagerTask, jobPreparationTask JobPreparationTask, "
    "jobReleaseTask JobReleaseTask, commonEnvironmentSettings [EnvironmentSetting], poolInfo! PoolInfo, "
    "onAllTasksComplete noaction|terminatejob, onTaskFailure noaction|performexitoptionsjobaction, "
    "metadata [Metadata], usesTaskDependencies bool, networkConfiguration kept"
)
_JOB_CHANGE = (
    "priority -1000..1000, maxParallelTasks int, allowTaskPreemption bool, onAllTasksComplete noaction|terminatejob, "
    "constraints JobConstraints, metadata [Metadata]"
)
_MACHINES = (
    "enableInterNodeCommunication bool, startTask StartTask, applicationPackageReferences [PackageReference], "
    "taskSlotsPerNode 1..256, taskSchedulingPolicy TaskSchedulingPolicy, userAccounts [UserAccount], "
    "metadata [Metadata], mountConfiguration [Mount], networkConfiguration kept, targetNodeCommunicationMode kept, "
    "upgradePolicy kept, resourceTags kept"
)
_POOL = (
    "displayName title, vmSize! some, virtualMachineConfiguration! MachineConfiguration, resizeTimeout span, "
    "targetDedicatedNodes 0..100, targetLowPriorityNodes 0..100, enableAutoScale bool, autoScaleFormula text, "
    f"autoScaleEvaluationInterval span, {_MACHINES}"
)
_DEALLOCATION = "requeue|terminate|taskcompletion|retaineddata"

SHAPES: Mapping[str, str] = {
    "Task": (
        f"id! id, {_TASK}, exitConditions ExitConditions, affinityInfo Affinity, dependsOn Dependencies, "
        "multiInstanceSettings MultiInstanceSettings"
    ),
    "TaskCollection": "value! [Task]",
    "TaskChange": "constraints TaskConstraints",
    "TaskConstraints": "maxWallClockTime span, retentionTime span, maxTaskRetryCount int",
    "ContainerSettings": (
        "containerRunOptions text, imageName! some, registry Registry, "
        "workingDirectory taskWorkingDirectory|containerImageDefault, containerHostBatchBindMounts [BindMount]"
    ),
    "Registry": "username text, password text, registryServer text",
    "BindMount": "source Shared|Startup|VfsMounts|Task|JobPrep|Applications, isReadOnly bool",
    "ResourceFile": (
        "autoStorageContainerName text, storageContainerUrl text, httpUrl text, blobPrefix text, filePath text, "
        "fileMode text, identityReference Identity"
    ),
    "Identity": "resourceId kept",
    "OutputFile": "filePattern! some, destination! OutputDestination, uploadOptions! UploadOptions",
    "OutputDestination": "container! OutputContainer",
    "OutputContainer": "path text, containerUrl! some, identityReference Identity, uploadHeaders [Header]",
    "UploadOptions": "uploadCondition! tasksuccess|taskfailure|taskcompletion",
    "Header": "name! some, value text",
    "EnvironmentSetting": "name! some, value text",
    "UserIdentity": "username text, autoUser kept",
    "PackageReference": "applicationId! some, version text",
    "TokenSettings": "access kept",
    "ExitConditions": (
        "exitCodes [ExitCode], exitCodeRanges [ExitCodeRange], preProcessingError ExitOptions, "
        "fileUploadError ExitOptions, default ExitOptions"
    ),
    "ExitCode": "code! int, exitOptions! ExitOptions",
    "ExitCodeRange": "start! int, end! int, exitOptions! ExitOptions",
    "ExitOptions": "jobAction none|disable|terminate, dependencyAction satisfy|block",
    "Affinity": "affinityId! some",
    "Dependencies": "taskIds [text], taskIdRanges [TaskIdRange]",
    "TaskIdRange": "start! 0..2147483647, end! 0..2147483647",
    "MultiInstanceSettings": (
        "numberOfInstances 1..100, coordinationCommandLine! some, commonResourceFiles [ResourceFile]"
    ),
    "Job": f"id! id, {_JOB}",
    "JobReplacement": f"{_JOB_CHANGE}, poolInfo! PoolInfo",
    "JobChange": f"{_JOB_CHANGE}, poolInfo PoolInfo, networkConfiguration kept",
    "JobConstraints": "maxWallClockTime span, maxTaskRetryCount int",
    "JobManagerTask": f"id! id, {_TASK}, killJobOnCompletion bool, runExclusive bool, allowLowPriorityNode bool",
    "JobPreparationTask": (
        f"id id, commandLine! text, containerSettings ContainerSettings, {_PROGRAM}, constraints TaskConstraints, "
        "waitForSuccess bool, rerunOnNodeRebootAfterSuccess bool"
    ),
    "JobReleaseTask": (
        f"id id, commandLine! text, containerSettings ContainerSettings, {_PROGRAM}, maxWallClockTime span, "
        "retentionTime span"
    ),
    "JobEnd": "terminateReason text",
    "JobDisabling": "disableTasks! requeue|terminate|wait",
    "JobSchedule": (
        "id! id, displayName title, schedule! Recurrence, jobSpecification! JobSpecification, metadata [Metadata]"
    ),
    "JobScheduleReplacement": "schedule! Recurrence, jobSpecification! JobSpecification, metadata [Metadata]",
    "JobScheduleChange": "schedule Recurrence, jobSpecification JobSpecification, metadata [Metadata]",
    "JobSpecification": _JOB,
    "Recurrence": "doNotRunUntil time, doNotRunAfter time, startWindow span, recurrenceInterval span",
    "PoolInfo": "poolId text, autoPoolSpecification AutoPool",
    "AutoPool": ("autoPoolIdPrefix text, poolLifetimeOption! jobschedule|job, keepAlive bool, pool! PoolSpecification"),
    "Pool": f"id! id, {_POOL}",
    "PoolSpecification": _POOL,
    "PoolChange": f"displayName title, vmSize text, virtualMachineConfiguration MachineConfiguration, {_MACHINES}",
    "PoolProperties": (
        "startTask StartTask, applicationPackageReferences! [PackageReference], metadata! [Metadata], "
        "targetNodeCommunicationMode kept"
    ),
    "Metadata": "name! some, value text",
    "StartTask": (
        f"commandLine! text, containerSettings ContainerSettings, {_PROGRAM}, maxTaskRetryCount int, "
        "waitForSuccess bool"
    ),
    "TaskSchedulingPolicy": "nodeFillType spread|pack",
    "UserAccount": (
        "name! some, password! some, elevationLevel text, linuxUserConfiguration object, windowsUserConfiguration kept"
    ),
    "MachineConfiguration": (
        "imageReference! Image, nodeAgentSKUId! some, windowsConfiguration kept, dataDisks kept, licenseType kept, "
        "containerConfiguration ContainerConfiguration, diskEncryptionConfiguration kept, "
        "nodePlacementConfiguration kept, extensions [Extension], osDisk kept, securityProfile kept, "
        "serviceArtifactReference kept"
    ),
    "Image": (
        "publisher kept, offer kept, sku kept, version kept, virtualMachineImageId kept, sharedGalleryImageId kept, "
        "communityGalleryImageId kept"
    ),
    "ContainerConfiguration": (
        "type! dockerCompatible|criCompatible, containerImageNames [text], containerRegistries [Registry]"
    ),
    "Extension": (
        "name! some, publisher! some, type! some, typeHandlerVersion kept, autoUpgradeMinorVersion kept, "
        "enableAutomaticUpgrade kept, settings kept, protectedSettings kept, provisionAfterExtensions kept"
    ),
    "Mount": "azureBlobFileSystemConfiguration! BlobMount",
    "BlobMount": (
        "accountName! some, containerName! some, accountKey text, sasKey text, blobfuseOptions text, "
        "relativeMountPath! some, identityReference Identity"
    ),
    "Resize": (
        "targetDedicatedNodes 0..100, targetLowPriorityNodes 0..100, resizeTimeout span, "
        f"nodeDeallocationOption {_DEALLOCATION}"
    ),
    "NodeRemoval": f"nodeList! [text], resizeTimeout span, nodeDeallocationOption {_DEALLOCATION}",
    "Autoscaling": "autoScaleFormula text, autoScaleEvaluationInterval span",
    "Evaluation": "autoScaleFormula! text",
    "NewNodeUser": "name! some, isAdmin bool, expiryTime time, password text, sshPublicKey text",
    "NodeUser": "expiryTime time, password text, sshPublicKey text",
    "Reboot": "nodeRebootOption requeue|terminate|taskcompletion|retaineddata",
    "Reimage": "nodeReimageOption requeue|terminate|taskcompletion|retaineddata",
    "Deallocation": "nodeDeallocateOption requeue|terminate|taskcompletion|retaineddata",
    "SchedulingEnd": "nodeDisableSchedulingOption requeue|terminate|taskcompletion",
    "NodeLogs": "containerUrl! some, startTime! time, endTime time, identityReference Identity",
    "Certificate": "thumbprint! some, thumbprintAlgorithm! some, data! some, certificateFormat kept, password kept",
}
"""By name."""

BODIES: Mapping[str, str] = {
    "create_task": "Task",
    "create_task_collection": "TaskCollection",
    "replace_task": "TaskChange",
    "create_job": "Job",
    "replace_job": "JobReplacement",
    "update_job": "JobChange",
    "begin_terminate_job": "JobEnd",
    "begin_disable_job": "JobDisabling",
    "create_job_schedule": "JobSchedule",
    "replace_job_schedule": "JobScheduleReplacement",
    "update_job_schedule": "JobScheduleChange",
    "create_pool": "Pool",
    "update_pool": "PoolChange",
    "replace_pool_properties": "PoolProperties",
    "begin_resize_pool": "Resize",
    "begin_remove_nodes": "NodeRemoval",
    "enable_pool_auto_scale": "Autoscaling",
    "evaluate_pool_auto_scale": "Evaluation",
    "create_node_user": "NewNodeUser",
    "replace_node_user": "NodeUser",
    "begin_reboot_node": "Reboot",
    "begin_reimage_node": "Reimage",
    "begin_deallocate_node": "Deallocation",
    "disable_node_scheduling": "SchedulingEnd",
    "upload_node_logs": "NodeLogs",
    "add_certificate": "Certificate",
}
"""The shapes of operations' bodies, by the operations' names."""
