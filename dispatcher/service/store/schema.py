"""The tables. Times are whole microseconds since 1970; ids keep their case and are unique without it.

``tasks.unmet`` is 1 while a task waits for others. ``waits.unmet`` then counts for what: one for each parent in
``edges`` and one for each range that it has in ``range_children``. It is not in ``tasks``, whose rows are written anew
with their documents, which may name a thousand parents. A range is one row, whatever its width and however many tasks
wait for it, since a layer of tasks waits for a whole layer; ``ranges.remaining`` counts the numbers in it that no task
has met yet. ``met_numbers.gone_at`` is set when the task that met a number was deleted: ranges with a higher key wait
for it again, those before have counted it. ``jobs.n_*`` and ``jobs.s_*`` count a job's tasks and their slots by state,
so that neither counts nor the end of a job look at tasks.

What tasks used is counted when their attempts end: in ``task_usage`` for a task, and in ``job_usage``,
``schedule_usage`` (of jobs that are gone) and ``pool_usage`` together, so that statistics do not look at tasks either.
``reads`` and ``writes`` are blocks of 512 bytes. ``node_times`` outlives nodes and pools.

``job_schedules.look`` is when something may next have to happen to a schedule: now where a client or one of its jobs
changed something, else when the clock alone will; so that a step looks at no schedule for which nothing is due.

``unwanted_blobs`` are those of packages that were deleted, until storage has deleted them too.
"""

SCHEMA_VERSION = 3
"""Whoever changes the schema gives it a new number, and a step to it in ``migrations.py``; a test compares both."""

SCHEMA = """
CREATE TABLE pools (
    id TEXT PRIMARY KEY COLLATE NOCASE,
    document TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_time INTEGER NOT NULL,
    allocation_state TEXT NOT NULL,
    allocation_time INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    target_dedicated INTEGER NOT NULL,
    target_low_priority INTEGER NOT NULL,
    slots INTEGER NOT NULL,
    fill TEXT NOT NULL,
    deallocation TEXT NOT NULL,
    allocated_from INTEGER NOT NULL,
    resize_deadline INTEGER NOT NULL,
    resize_errors TEXT
) WITHOUT ROWID;

CREATE TABLE autoscale (
    pool_id TEXT PRIMARY KEY COLLATE NOCASE,
    formula TEXT NOT NULL,
    period INTEGER NOT NULL,
    due INTEGER NOT NULL,
    enabled INTEGER NOT NULL,
    runs INTEGER NOT NULL DEFAULT 0,
    run TEXT
) WITHOUT ROWID;
CREATE TRIGGER autoscale_goes AFTER DELETE ON pools
    BEGIN DELETE FROM autoscale WHERE pool_id = OLD.id; END;

CREATE TABLE nodes (
    pool_id TEXT NOT NULL COLLATE NOCASE,
    id TEXT NOT NULL COLLATE NOCASE,
    is_dedicated INTEGER NOT NULL,
    state TEXT NOT NULL,
    state_time INTEGER NOT NULL,
    allocated INTEGER NOT NULL,
    booted INTEGER NOT NULL,
    until INTEGER,
    start TEXT,
    errors TEXT,
    PRIMARY KEY (pool_id, id)
) WITHOUT ROWID;

CREATE TABLE jobs (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE COLLATE NOCASE,
    pool_id TEXT NOT NULL COLLATE NOCASE,
    document TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    previous_state TEXT,
    state_time INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    ended INTEGER,
    terminate_reason TEXT,
    priority INTEGER NOT NULL,
    terminates_when_done INTEGER NOT NULL,
    uses_dependencies INTEGER NOT NULL,
    performs_exit_options INTEGER NOT NULL,
    scheduling_error TEXT,
    allows_preemption INTEGER NOT NULL,
    previous_state_time INTEGER,
    max_parallel INTEGER NOT NULL,
    max_retries INTEGER NOT NULL,
    deadline INTEGER,
    n_active INTEGER NOT NULL DEFAULT 0,
    n_running INTEGER NOT NULL DEFAULT 0,
    n_succeeded INTEGER NOT NULL DEFAULT 0,
    n_failed INTEGER NOT NULL DEFAULT 0,
    s_active INTEGER NOT NULL DEFAULT 0,
    s_running INTEGER NOT NULL DEFAULT 0,
    s_succeeded INTEGER NOT NULL DEFAULT 0,
    s_failed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX jobs_waiting ON jobs (pool_id, priority DESC, key) WHERE state = 'active' AND n_active > 0;
CREATE INDEX jobs_done ON jobs (key)
    WHERE state = 'active' AND terminates_when_done = 1 AND n_active = 0 AND n_running = 0;
CREATE INDEX jobs_preemptible ON jobs (key) WHERE allows_preemption = 1 AND n_running > 0;
CREATE INDEX jobs_deadline ON jobs (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX jobs_leaving ON jobs (state) WHERE state IN ('disabling', 'terminating', 'deleting');

CREATE TABLE tasks (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    job_key INTEGER NOT NULL,
    id TEXT NOT NULL COLLATE NOCASE,
    document TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'active',
    previous_state TEXT,
    state_time INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    slots INTEGER NOT NULL,
    is_manager INTEGER NOT NULL,
    is_exclusive INTEGER NOT NULL,
    is_dedicated INTEGER NOT NULL,
    instances INTEGER NOT NULL,
    kills_job INTEGER NOT NULL,
    affinity TEXT,
    max_retries INTEGER,
    retention INTEGER,
    conditions TEXT,
    unmet INTEGER NOT NULL DEFAULT 0,
    released INTEGER NOT NULL DEFAULT 0,
    run_number INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    last_retry INTEGER,
    not_before INTEGER,
    requeues INTEGER NOT NULL DEFAULT 0,
    last_requeue INTEGER,
    started INTEGER,
    ended INTEGER,
    exit_code INTEGER,
    result TEXT,
    failure TEXT,
    pool_id TEXT,
    node_id TEXT,
    end_reason TEXT,
    doomed INTEGER NOT NULL DEFAULT 0,
    expires INTEGER,
    files_expired INTEGER NOT NULL DEFAULT 0,
    previous_state_time INTEGER,
    UNIQUE (job_key, id)
);
CREATE INDEX tasks_in_order ON tasks (job_key, key);
CREATE INDEX tasks_by_state ON tasks (job_key, state, key);
CREATE INDEX tasks_ready ON tasks (job_key, is_manager DESC, key) WHERE state = 'active' AND unmet = 0;
CREATE INDEX tasks_pausing ON tasks (not_before) WHERE not_before IS NOT NULL;
CREATE INDEX tasks_expiring ON tasks (expires) WHERE expires IS NOT NULL;

CREATE TABLE job_nodes (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    job_key INTEGER NOT NULL,
    pool_id TEXT NOT NULL COLLATE NOCASE,
    node_id TEXT NOT NULL COLLATE NOCASE,
    prep_run INTEGER NOT NULL,
    prep_started INTEGER NOT NULL,
    prep_ended INTEGER,
    prep_exit_code INTEGER,
    prep_failure TEXT,
    prep_retries INTEGER NOT NULL,
    prep_last_retry INTEGER,
    must_prepare INTEGER NOT NULL,
    reruns INTEGER NOT NULL,
    barred INTEGER NOT NULL,
    owes_release INTEGER NOT NULL,
    release_run INTEGER NOT NULL DEFAULT 0,
    release_started INTEGER,
    release_ended INTEGER,
    release_exit_code INTEGER,
    release_failure TEXT,
    prep_expires INTEGER,
    release_expires INTEGER,
    UNIQUE (job_key, pool_id, node_id)
);
CREATE INDEX job_nodes_preparing ON job_nodes (key) WHERE prep_ended IS NULL;
CREATE INDEX job_nodes_barred ON job_nodes (job_key, node_id) WHERE barred = 1;
CREATE INDEX job_nodes_owing ON job_nodes (job_key) WHERE owes_release = 1;
CREATE INDEX job_nodes_prep_expiring ON job_nodes (prep_expires) WHERE prep_expires IS NOT NULL;
CREATE INDEX job_nodes_release_expiring ON job_nodes (release_expires) WHERE release_expires IS NOT NULL;
CREATE TRIGGER job_nodes_go AFTER DELETE ON jobs
    BEGIN DELETE FROM job_nodes WHERE job_key = OLD.key; END;

CREATE TABLE job_schedules (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE COLLATE NOCASE,
    document TEXT NOT NULL,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    previous_state TEXT,
    state_time INTEGER NOT NULL,
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    ended INTEGER,
    due INTEGER,
    look INTEGER,
    jobs_made INTEGER NOT NULL DEFAULT 0,
    recent_job TEXT
);
CREATE INDEX job_schedules_look ON job_schedules (look) WHERE look IS NOT NULL;

CREATE TABLE schedule_jobs (
    job_key INTEGER PRIMARY KEY,
    schedule_key INTEGER NOT NULL
);
CREATE INDEX schedule_jobs_by_schedule ON schedule_jobs (schedule_key, job_key);
CREATE TRIGGER schedule_jobs_end AFTER UPDATE OF state ON jobs WHEN NEW.state = 'completed' BEGIN
    UPDATE job_schedules SET look = 0 WHERE state IN ('active', 'terminating', 'deleting')
        AND key = (SELECT schedule_key FROM schedule_jobs WHERE job_key = NEW.key);
END;
CREATE TRIGGER schedule_jobs_go AFTER DELETE ON jobs BEGIN
    UPDATE job_schedules SET look = 0 WHERE state IN ('active', 'terminating', 'deleting')
        AND key = (SELECT schedule_key FROM schedule_jobs WHERE job_key = OLD.key);
    DELETE FROM schedule_jobs WHERE job_key = OLD.key;
END;

CREATE TABLE auto_pools (
    pool_id TEXT PRIMARY KEY COLLATE NOCASE,
    job_key INTEGER,
    schedule_key INTEGER,
    keep_alive INTEGER NOT NULL,
    ended INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX auto_pools_by_job ON auto_pools (job_key) WHERE job_key IS NOT NULL;
CREATE INDEX auto_pools_by_schedule ON auto_pools (schedule_key) WHERE schedule_key IS NOT NULL;
CREATE INDEX auto_pools_ended ON auto_pools (pool_id) WHERE ended = 1;
CREATE TRIGGER auto_pools_end_with_job AFTER UPDATE OF state ON jobs WHEN NEW.state = 'completed'
    BEGIN UPDATE auto_pools SET ended = 1 WHERE job_key = NEW.key; END;
CREATE TRIGGER auto_pools_end_without_job AFTER DELETE ON jobs
    BEGIN UPDATE auto_pools SET ended = 1 WHERE job_key = OLD.key; END;
CREATE TRIGGER auto_pools_end_with_schedule AFTER UPDATE OF state ON job_schedules WHEN NEW.state = 'completed'
    BEGIN UPDATE auto_pools SET ended = 1 WHERE schedule_key = NEW.key; END;
CREATE TRIGGER auto_pools_end_without_schedule AFTER DELETE ON job_schedules
    BEGIN UPDATE auto_pools SET ended = 1 WHERE schedule_key = OLD.key; END;
CREATE TRIGGER auto_pools_go AFTER DELETE ON pools
    BEGIN DELETE FROM auto_pools WHERE pool_id = OLD.id; END;

CREATE TABLE account (
    key INTEGER PRIMARY KEY,
    document TEXT NOT NULL
);

CREATE TABLE applications (
    id TEXT PRIMARY KEY COLLATE NOCASE,
    document TEXT NOT NULL,
    allows_updates INTEGER NOT NULL,
    default_version TEXT COLLATE NOCASE,
    version INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE packages (
    application TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL COLLATE NOCASE,
    state TEXT NOT NULL,
    container TEXT NOT NULL,
    blob TEXT NOT NULL,
    activated INTEGER,
    version INTEGER NOT NULL,
    PRIMARY KEY (application, name)
) WITHOUT ROWID;

CREATE TABLE unwanted_blobs (
    container TEXT NOT NULL,
    blob TEXT NOT NULL,
    PRIMARY KEY (container, blob)
) WITHOUT ROWID;

CREATE TABLE task_usage (
    job_key INTEGER NOT NULL,
    task_key INTEGER NOT NULL,
    wall INTEGER NOT NULL,
    user INTEGER NOT NULL,
    kernel INTEGER NOT NULL,
    reads INTEGER NOT NULL,
    writes INTEGER NOT NULL,
    wait INTEGER NOT NULL,
    PRIMARY KEY (job_key, task_key)
) WITHOUT ROWID;
CREATE TRIGGER task_usage_goes AFTER DELETE ON tasks
    BEGIN DELETE FROM task_usage WHERE job_key = OLD.job_key AND task_key = OLD.key; END;

CREATE TABLE job_usage (
    job_key INTEGER PRIMARY KEY,
    wall INTEGER NOT NULL DEFAULT 0,
    user INTEGER NOT NULL DEFAULT 0,
    kernel INTEGER NOT NULL DEFAULT 0,
    reads INTEGER NOT NULL DEFAULT 0,
    writes INTEGER NOT NULL DEFAULT 0,
    wait INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    succeeded INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    updated INTEGER NOT NULL
);
CREATE TABLE schedule_usage (
    schedule_key INTEGER PRIMARY KEY,
    wall INTEGER NOT NULL,
    user INTEGER NOT NULL,
    kernel INTEGER NOT NULL,
    reads INTEGER NOT NULL,
    writes INTEGER NOT NULL,
    wait INTEGER NOT NULL,
    retries INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE TRIGGER job_usage_goes BEFORE DELETE ON jobs BEGIN
    INSERT INTO schedule_usage
        SELECT schedule_key, wall, user, kernel, reads, writes, wait, retries, succeeded, failed, updated
        FROM schedule_jobs JOIN job_usage USING (job_key) WHERE job_key = OLD.key
        ON CONFLICT DO UPDATE SET wall = wall + excluded.wall, user = user + excluded.user,
            kernel = kernel + excluded.kernel, reads = reads + excluded.reads, writes = writes + excluded.writes,
            wait = wait + excluded.wait, retries = retries + excluded.retries,
            succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed,
            updated = max(updated, excluded.updated);
    DELETE FROM job_usage WHERE job_key = OLD.key;
END;
CREATE TRIGGER schedule_usage_goes AFTER DELETE ON job_schedules
    BEGIN DELETE FROM schedule_usage WHERE schedule_key = OLD.key; END;

CREATE TABLE pool_usage (
    pool_id TEXT PRIMARY KEY COLLATE NOCASE,
    cpu INTEGER NOT NULL,
    reads INTEGER NOT NULL,
    writes INTEGER NOT NULL,
    updated INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TRIGGER pool_usage_goes AFTER DELETE ON pools
    BEGIN DELETE FROM pool_usage WHERE pool_id = OLD.id; END;

CREATE TABLE node_times (
    pool_id TEXT NOT NULL COLLATE NOCASE,
    node_id TEXT NOT NULL COLLATE NOCASE,
    is_dedicated INTEGER NOT NULL,
    vm_size TEXT NOT NULL,
    came INTEGER NOT NULL,
    went INTEGER,
    PRIMARY KEY (pool_id, node_id)
) WITHOUT ROWID;
CREATE INDEX node_times_ended ON node_times (went);
CREATE TRIGGER node_times_begin AFTER INSERT ON nodes BEGIN
    INSERT INTO node_times
        SELECT NEW.pool_id, NEW.id, NEW.is_dedicated, coalesce(json_extract(document, '$.vmSize'), ''),
            NEW.allocated, NULL
        FROM pools WHERE id = NEW.pool_id;
END;

CREATE TABLE node_users (
    pool_id TEXT NOT NULL COLLATE NOCASE,
    node_id TEXT NOT NULL COLLATE NOCASE,
    name TEXT NOT NULL,
    is_admin INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    ssh_public_key TEXT,
    PRIMARY KEY (pool_id, node_id, name)
) WITHOUT ROWID;
CREATE TRIGGER node_users_go AFTER DELETE ON nodes
    BEGIN DELETE FROM node_users WHERE pool_id = OLD.pool_id AND node_id = OLD.id; END;

CREATE TABLE subtasks (
    task_key INTEGER NOT NULL,
    number INTEGER NOT NULL,
    pool_id TEXT NOT NULL,
    node_id TEXT NOT NULL,
    state TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER,
    exit_code INTEGER,
    failure TEXT,
    PRIMARY KEY (task_key, number)
) WITHOUT ROWID;
CREATE INDEX subtasks_running ON subtasks (task_key) WHERE state = 'running';
CREATE TRIGGER subtasks_go AFTER DELETE ON tasks WHEN OLD.instances > 0
    BEGIN DELETE FROM subtasks WHERE task_key = OLD.key; END;

CREATE TABLE edges (
    job_key INTEGER NOT NULL,
    parent TEXT NOT NULL COLLATE NOCASE,
    child_key INTEGER NOT NULL,
    PRIMARY KEY (job_key, parent, child_key)
) WITHOUT ROWID;

CREATE TABLE waits (
    task_key INTEGER PRIMARY KEY,
    unmet INTEGER NOT NULL
);
CREATE INDEX waits_over ON waits (task_key) WHERE unmet = 0;
CREATE TRIGGER waits_go AFTER DELETE ON tasks WHEN OLD.unmet > 0
    BEGIN DELETE FROM waits WHERE task_key = OLD.key; END;

CREATE TABLE ranges (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    job_key INTEGER NOT NULL,
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    remaining INTEGER NOT NULL
);
CREATE INDEX ranges_by_low ON ranges (job_key, low, high);
CREATE TABLE range_children (
    range_key INTEGER NOT NULL,
    child_key INTEGER NOT NULL,
    PRIMARY KEY (range_key, child_key)
) WITHOUT ROWID;
CREATE TRIGGER range_children_go AFTER DELETE ON ranges
    BEGIN DELETE FROM range_children WHERE range_key = OLD.key; END;

CREATE TABLE met_numbers (
    job_key INTEGER NOT NULL,
    number INTEGER NOT NULL,
    gone_at INTEGER,
    PRIMARY KEY (job_key, number)
) WITHOUT ROWID;
"""
