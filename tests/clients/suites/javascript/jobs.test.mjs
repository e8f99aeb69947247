// Jobs and schedules.

import assert from "node:assert/strict";
import test from "node:test";

import { client, refused, run, shell, textOf, until, usePool, withJob } from "./support.mjs";

const POOL = usePool("js-jobs");
const reaches = (id, state) => until(async () => (await client.job.get(id)).state === state);

test("a job is terminated with a reason", async () => {
  await withJob("js-terminated", POOL, async (id) => {
    await refused(client.job.add({ id, poolInfo: { poolId: POOL } }), 409, "JobExists");
    await client.job.terminate(id, { terminateReason: "enough" });
    await reaches(id, "completed");
    assert.equal((await client.job.get(id)).executionInfo.terminateReason, "enough");
    await refused(client.task.add(id, { id: "late", commandLine: "true" }), 409, "JobCompleted");
  });
});

test("a deleted job is gone", async () => {
  await withJob("js-deleted", POOL, async () => {});
  await until(async () => !(await client.job.list({ jobListOptions: { filter: "id eq 'js-deleted'" } })).length);
  await refused(client.job.get("js-deleted"), 404, "JobNotFound");
});

test("a job is patched and updated", async () => {
  await withJob("js-updated", POOL, async (id) => {
    await client.job.patch(id, { priority: 5 });
    assert.equal((await client.job.get(id)).priority, 5);
    await client.job.update(id, { poolInfo: { poolId: POOL } });
    assert.equal((await client.job.get(id)).priority, 0);
  });
});

test("a job is disabled and enabled", async () => {
  await withJob("js-disabled", POOL, async (id) => {
    await client.task.add(id, { id: "long", commandLine: "sleep 600" });
    await until(async () => (await client.task.get(id, "long")).state === "running");
    await client.job.disable(id, "requeue");
    await reaches(id, "disabled");
    assert.equal((await client.task.get(id, "long")).state, "active");
    await client.job.enable(id);
    await until(async () => (await client.task.get(id, "long")).state === "running");
  });
});

test("preparation and release have a status", async () => {
  const options = {
    jobPreparationTask: { commandLine: shell("echo prepared > made") },
    jobReleaseTask: { commandLine: "true" },
  };
  const use = async (id) => {
    await run(id, shell('cat "$AZ_BATCH_JOB_PREP_WORKING_DIR/made"'));
    assert.equal(await textOf(await client.file.getFromTask(id, "task", "stdout.txt")), "prepared\n");
    await client.job.terminate(id);
    await reaches(id, "completed");
    const [line] = await client.job.listPreparationAndReleaseTaskStatus(id);
    assert.equal(line.jobPreparationTaskExecutionInfo.exitCode, 0);
    assert.equal(line.jobReleaseTaskExecutionInfo.exitCode, 0);
  };
  await withJob("js-prepared", POOL, use, options);
});

test("task counts add up", async () => {
  await withJob("js-counts", POOL, async (id) => {
    await run(id, "true", "good");
    await run(id, "false", "bad");
    const { taskCounts } = await client.job.getTaskCounts(id);
    assert.deepEqual([taskCounts.completed, taskCounts.succeeded, taskCounts.failed], [2, 1, 1]);
  });
});

test("a schedule makes a job and obeys its verbs", async () => {
  const id = "js-schedule";
  const jobSpecification = { poolInfo: { poolId: POOL } };
  await client.jobSchedule.add({ id, schedule: { recurrenceInterval: "PT1H" }, jobSpecification });
  await until(async () => (await client.job.listFromJobSchedule(id)).length === 1);
  await client.jobSchedule.disable(id);
  assert.equal((await client.jobSchedule.get(id)).state, "disabled");
  await client.jobSchedule.enable(id);
  await client.jobSchedule.patch(id, { metadata: [{ name: "a", value: "b" }] });
  assert.equal((await client.jobSchedule.get(id)).metadata[0].value, "b");
  await client.jobSchedule.terminate(id);
  await until(async () => (await client.jobSchedule.get(id)).state === "completed");
  await client.jobSchedule.deleteMethod(id);
  await until(async () => !(await client.jobSchedule.exists(id)).body);
});
