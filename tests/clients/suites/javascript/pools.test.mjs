// Pools and nodes.

import assert from "node:assert/strict";
import test from "node:test";

import { all, client, poolOf, refused, shell, textOf, until, usePool } from "./support.mjs";

const POOL = usePool("js-pools");

async function withPool(id, options, use) {
  await client.pool.add(poolOf(id, options));
  try {
    await use(id);
  } finally {
    await client.pool.deleteMethod(id);
  }
}

const idleNode = (id) => until(async () => (await client.computeNode.list(id)).find((n) => n.state === "idle")?.id);
const steady = (id) => until(async () => (await client.pool.get(id)).allocationState === "steady");

test("a pool is made, resized, deleted and gone", async () => {
  const id = "js-life";
  await client.pool.add(poolOf(id, { targetDedicatedNodes: 1 }));
  await steady(id);
  await refused(client.pool.add(poolOf(id)), 409, "PoolExists");
  await client.pool.resize(id, { targetDedicatedNodes: 2 });
  await until(async () => (await client.pool.get(id)).currentDedicatedNodes === 2);
  await client.pool.deleteMethod(id);
  await until(async () => !(await client.pool.exists(id)).body);
  await refused(client.pool.get(id), 404, "PoolNotFound");
});

test("pools are listed page by page, filtered and selected", async () => {
  await withPool("js-second", { targetDedicatedNodes: 0 }, async () => {
    const options = { poolListOptions: { maxResults: 1, filter: "startswith(id,'js-')", select: "id, state" } };
    const pools = await all(client.pool, await client.pool.list(options));
    assert.deepEqual(pools.map((pool) => pool.id).filter((id) => [POOL, "js-second"].includes(id)), [POOL, "js-second"]);
    assert.equal(pools[0].vmSize, undefined);
  });
});

test("a pool is patched and its properties are replaced", async () => {
  await withPool("js-patched", { targetDedicatedNodes: 0, metadata: [{ name: "a", value: "1" }] }, async (id) => {
    await client.pool.patch(id, { startTask: { commandLine: "true" } });
    const found = await client.pool.get(id);
    assert.deepEqual([found.startTask.commandLine, found.metadata[0].value], ["true", "1"]);
    await client.pool.updateProperties(id, { certificateReferences: [], applicationPackageReferences: [], metadata: [] });
    assert.equal((await client.pool.get(id)).startTask, undefined);
  });
});

test("a formula is enabled, evaluated and disabled", async () => {
  await withPool("js-formula", { targetDedicatedNodes: 0 }, async (id) => {
    await steady(id);
    await client.pool.enableAutoScale(id, {
      autoScaleFormula: "$TargetDedicatedNodes = 0;",
      autoScaleEvaluationInterval: "PT5M",
    });
    const result = await client.pool.evaluateAutoScale(id, "$TargetDedicatedNodes = 3;");
    assert.match(result.results, /\$TargetDedicatedNodes=3/);
    await client.pool.disableAutoScale(id);
  });
});

test("a start task runs before the node is idle", async () => {
  const startTask = { commandLine: shell("echo ready"), waitForSuccess: true };
  await withPool("js-start", { targetDedicatedNodes: 1, startTask }, async (id) => {
    const node = await idleNode(id);
    assert.equal((await client.computeNode.get(id, node)).startTaskInfo.exitCode, 0);
    assert.equal(await textOf(await client.file.getFromComputeNode(id, node, "startup/stdout.txt")), "ready\n");
  });
});

test("a node obeys its verbs", async () => {
  await withPool("js-node", { targetDedicatedNodes: 1 }, async (id) => {
    const node = await idleNode(id);
    await client.computeNode.disableScheduling(id, node);
    assert.equal((await client.computeNode.get(id, node)).schedulingState, "disabled");
    await client.computeNode.enableScheduling(id, node);
    await client.computeNode.reboot(id, node, { nodeRebootOption: "requeue" });
    assert.equal(await idleNode(id), node);
    await client.pool.removeNodes(id, { nodeList: [node] });
    await until(async () => (await client.computeNode.list(id)).length === 0);
  });
});

test("a user comes and goes", async () => {
  const node = await idleNode(POOL);
  await client.computeNode.addUser(POOL, node, { name: "ann", password: "Secret-1" });
  await client.computeNode.updateUser(POOL, node, "ann", { password: "Secret-2" });
  await client.computeNode.deleteUser(POOL, node, "ann");
  const login = await client.computeNode.getRemoteLoginSettings(POOL, node);
  assert.match(login.remoteLoginIPAddress, /^127\./);
});

test("node counts and images are listed", async () => {
  const counts = await all(client.account, await client.account.listPoolNodeCounts(), "listPoolNodeCountsNext");
  assert.ok(counts.some((found) => found.poolId === POOL));
  const options = { accountListSupportedImagesOptions: { maxResults: 5 } };
  const images = await all(client.account, await client.account.listSupportedImages(options), "listSupportedImagesNext");
  assert.ok(images.length > 5);
  assert.ok(Array.isArray([...(await client.application.list())]));
});

test("a stale tag is refused", async () => {
  const tag = (await client.pool.get(POOL)).eTag;
  const options = { poolPatchOptions: { ifMatch: `"${tag}"` } };
  await client.pool.patch(POOL, { metadata: [] }, options);
  await refused(client.pool.patch(POOL, { metadata: [] }, options), 412, "ConditionNotMet");
});
