// Greet people, one Batch task for each, and one at the end that depends on all: @azure/batch as anybody would use it.
//
// Nothing here knows of the local service. Which account it is is told by three variables:
// AZURE_BATCH_ACCOUNT, AZURE_BATCH_ACCESS_KEY and AZURE_BATCH_ENDPOINT.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { BatchServiceClient, BatchSharedKeyCredentials } from "@azure/batch";

const PEOPLE = ["Ada", "Grace", "Katherine"];

const { AZURE_BATCH_ACCOUNT, AZURE_BATCH_ACCESS_KEY, AZURE_BATCH_ENDPOINT } = process.env;
const credentials = new BatchSharedKeyCredentials(AZURE_BATCH_ACCOUNT, AZURE_BATCH_ACCESS_KEY);
const batch = new BatchServiceClient(credentials, AZURE_BATCH_ENDPOINT);

async function createPool(id) {
  await batch.pool.add({
    id,
    vmSize: "standard_d2s_v3",
    targetDedicatedNodes: 1,
    taskSlotsPerNode: 2,
    virtualMachineConfiguration: {
      imageReference: { publisher: "canonical", offer: "0001-com-ubuntu-server-jammy", sku: "22_04-lts" },
      nodeAgentSKUId: "batch.node.ubuntu 22.04",
    },
  });
}

async function submit(id) {
  await batch.job.add({ id, poolInfo: { poolId: id }, usesTaskDependencies: true });
  const greetings = PEOPLE.map((person) => ({ id: person, commandLine: `/bin/echo Hello, ${person}!` }));
  const last = { id: "last", commandLine: "/bin/echo Everybody is greeted.", dependsOn: { taskIds: PEOPLE } };
  await batch.task.addCollection(id, [...greetings, last]);
}

async function wait(id, seconds) {
  for (let left = seconds; left > 0; left--) {
    const tasks = await batch.task.list(id);
    if (tasks.every((task) => task.state === "completed")) return tasks;
    await sleep(1000);
  }
  throw new Error(`the tasks of ${id} did not end within ${seconds} s`);
}

async function output(id, taskId) {
  const chunks = [];
  const { readableStreamBody } = await batch.file.getFromTask(id, taskId, "stdout.txt");
  for await (const chunk of readableStreamBody) chunks.push(chunk);
  return Buffer.concat(chunks).toString().trim();
}

const id = `greetings-${randomUUID().slice(0, 8)}`;
try {
  await createPool(id);
  await submit(id);
  for (const task of await wait(id, 1800)) {
    console.log(`${task.id}: ${await output(id, task.id)}`);
    if (task.executionInfo.result !== "success") process.exitCode = 1;
  }
} finally {
  await batch.job.deleteMethod(id);
  await batch.pool.deleteMethod(id);
}
