// Tasks and files.

import assert from "node:assert/strict";
import test from "node:test";

import { all, client, refused, run, shell, textOf, until, usePool, withJob } from "./support.mjs";

const POOL = usePool("js-tasks");
const many = (count) => Array.from({ length: count }, (_, n) => ({ id: `t${n}`, commandLine: "true" }));

test("a task tells how it went", async () => {
  await withJob("js-task", POOL, async (id) => {
    const { executionInfo: info } = await run(id, shell("echo hello; exit 3"));
    assert.deepEqual([info.exitCode, info.result, info.failureInfo.code], [3, "failure", "FailureExitCode"]);
    assert.equal(await textOf(await client.file.getFromTask(id, "task", "stdout.txt")), "hello\n");
  });
});

test("a hundred tasks go in one request and no more", async () => {
  await withJob("js-many", POOL, async (id) => {
    const { value } = await client.task.addCollection(id, many(100));
    assert.deepEqual(new Set(value.map((result) => result.status.toLowerCase())), new Set(["success"]));
    const options = { taskListOptions: { maxResults: 30, select: "id" } };
    assert.equal((await all(client.task, await client.task.list(id, options))).length, 100);
    await assert.rejects(client.task.addCollection(id, many(101)), /less than or equal to 100|MaxItems/); // by the client
  });
});

test("a refused task is told from accepted ones", async () => {
  await withJob("js-refused", POOL, async (id) => {
    const { value } = await client.task.addCollection(id, [...many(2), { id: "not an id", commandLine: "true" }]);
    const failed = value.filter((result) => result.status.toLowerCase() === "clienterror");
    assert.deepEqual(failed.map((result) => result.taskId), ["not an id"]);
    assert.ok(failed[0].error.code);
  });
});

test("a dependent waits for its parent", async () => {
  const use = async (id) => {
    await client.task.add(id, { id: "child", commandLine: "true", dependsOn: { taskIds: ["first"] } });
    assert.equal((await client.task.get(id, "child")).state, "active");
    await run(id, "true", "first");
    await until(async () => (await client.task.get(id, "child")).state === "completed");
  };
  await withJob("js-dependent", POOL, use, { usesTaskDependencies: true });
});

test("a task is updated, terminated, reactivated and deleted", async () => {
  await withJob("js-verbs", POOL, async (id) => {
    await client.task.add(id, { id: "task", commandLine: "sleep 600" });
    await client.task.update(id, "task", { constraints: { maxTaskRetryCount: 3 } });
    assert.equal((await client.task.get(id, "task")).constraints.maxTaskRetryCount, 3);
    await client.task.terminate(id, "task");
    await until(async () => (await client.task.get(id, "task")).state === "completed");
    await client.task.reactivate(id, "task");
    await client.task.deleteMethod(id, "task");
    await refused(client.task.get(id, "task"), 404, "TaskNotFound");
  });
});

test("files are listed, read in part and deleted", async () => {
  await withJob("js-files", POOL, async (id) => {
    const path = "wd/out dir/a+b%41.txt";
    await run(id, shell('mkdir "out dir"; printf 0123456789 > "out dir/a+b%41.txt"'));
    const files = await client.file.listFromTask(id, "task", { recursive: true });
    assert.equal(files.find((file) => file.name === path).properties.contentLength, 10);
    const part = { fileGetFromTaskOptions: { ocpRange: "bytes=2-4" } };
    assert.equal(await textOf(await client.file.getFromTask(id, "task", path, part)), "234");
    const properties = await client.file.getPropertiesFromTask(id, "task", path);
    assert.deepEqual([properties.contentLength, properties.ocpBatchFileIsdirectory], [10, "False"]);
    await client.file.deleteFromTask(id, "task", path);
    await refused(client.file.getPropertiesFromTask(id, "task", path), 404);
  });
});

test("files of a node are read", async () => {
  await withJob("js-nodefiles", POOL, async (id) => {
    const { nodeInfo } = await run(id, shell("echo said"));
    const path = `${nodeInfo.taskRootDirectory}/stdout.txt`;
    assert.equal(await textOf(await client.file.getFromComputeNode(nodeInfo.poolId, nodeInfo.nodeId, path)), "said\n");
  });
});

test("a bad filter is refused with a code", async () => {
  await withJob("js-filter", POOL, async (id) => {
    await refused(client.task.list(id, { taskListOptions: { filter: "nothing eq 'x'" } }), 400);
  });
});
