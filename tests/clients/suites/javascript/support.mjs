// What the cases share: the account, a pool and jobs of a file's own, and waiting.

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { BatchServiceClient, BatchSharedKeyCredentials } from "@azure/batch";

const DEADLINE = 60_000;

export const account = {
  name: process.env.AZURE_BATCH_ACCOUNT,
  key: process.env.AZURE_BATCH_ACCESS_KEY,
  http: process.env.AZURE_BATCH_ENDPOINT,
  https: process.env.AZURE_BATCH_ENDPOINT_HTTPS,
};

export function connect(url, key = account.key) {
  return new BatchServiceClient(new BatchSharedKeyCredentials(account.name, key), url);
}

export const client = connect(account.http);

// Returns what a condition gives once it gives something true; throws if it does not within the deadline.
export async function until(holds) {
  const end = Date.now() + DEADLINE;
  for (;;) {
    const value = await holds();
    if (value) return value;
    assert.ok(Date.now() < end, "the condition did not hold in time");
    await sleep(50);
  }
}

export function poolOf(id, options = {}) {
  const image = { publisher: "canonical", offer: "0001-com-ubuntu-server-jammy", sku: "22_04-lts" };
  const machine = { imageReference: image, nodeAgentSKUId: "batch.node.ubuntu 22.04" };
  return { id, vmSize: "standard_d2s_v3", virtualMachineConfiguration: machine, ...options };
}

export function shell(script) {
  return `/bin/sh -c '${script.replaceAll("'", "'\\''")}'`;
}

// Makes a pool before the file's cases and deletes it after them.
export function usePool(id) {
  before(() => client.pool.add(poolOf(id, { targetDedicatedNodes: 1, taskSlotsPerNode: 4 })));
  after(() => client.pool.deleteMethod(id));
  return id;
}

export async function withJob(id, poolId, use, options = {}) {
  await client.job.add({ id, poolInfo: { poolId }, ...options });
  try {
    await use(id);
  } finally {
    await client.job.deleteMethod(id);
  }
}

// Runs a command as a task of a job and returns the completed task.
export async function run(jobId, commandLine, id = "task", options = {}) {
  await client.task.add(jobId, { id, commandLine, ...options });
  await until(async () => (await client.task.get(jobId, id)).state === "completed");
  return client.task.get(jobId, id);
}

export async function textOf(response) {
  const chunks = [];
  for await (const chunk of response.readableStreamBody) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

// Follows the links of a list to its end.
export async function all(operations, first, next = "listNext") {
  const found = [...first];
  for (let page = first; page.odatanextLink; ) {
    page = await operations[next](page.odatanextLink);
    found.push(...page);
  }
  return found;
}

export async function refused(promise, status, code) {
  await assert.rejects(promise, (error) => {
    assert.equal(error.statusCode, status);
    if (code) assert.equal(error.code, code);
    return true;
  });
}
