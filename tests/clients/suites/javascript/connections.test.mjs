// How the client reaches the account, and who it says it is.

import assert from "node:assert/strict";
import test from "node:test";

import { BatchServiceClient } from "@azure/batch";
import { DefaultAzureCredential, ManagedIdentityCredential } from "@azure/identity";
import { AzureIdentityCredentialAdapter } from "@azure/ms-rest-js";

import { account, connect, refused, usePool } from "./support.mjs";

// Left to itself this client asks for a token of Azure Resource Manager, which Azure Batch refuses.
const SCOPE = "https://batch.core.windows.net/.default";
const POOL = usePool("js-connections");

test("a key works over https", async () => {
  assert.equal((await connect(account.https).pool.get(POOL)).id, POOL);
});

test("a managed identity works over https", async () => {
  const client = new BatchServiceClient(new AzureIdentityCredentialAdapter(new ManagedIdentityCredential(), SCOPE), account.https);
  assert.equal((await client.pool.get(POOL)).id, POOL);
});

test("a managed identity works over http too", async () => {
  const client = new BatchServiceClient(new AzureIdentityCredentialAdapter(new ManagedIdentityCredential(), SCOPE), account.http);
  assert.equal((await client.pool.get(POOL)).id, POOL);
});

test("a default credential works over https", async () => {
  const client = new BatchServiceClient(new AzureIdentityCredentialAdapter(new DefaultAzureCredential(), SCOPE), account.https);
  assert.equal((await client.pool.get(POOL)).id, POOL);
});

test("a wrong key is refused", async () => {
  const wrong = Buffer.from("not the key").toString("base64");
  await refused(connect(account.http, wrong).pool.get(POOL), 403, "AuthenticationFailed");
});

test("a token of another service is refused", async () => {
  await refused(new BatchServiceClient(new ManagedIdentityCredential(), account.https).pool.get(POOL), 401);
});

test("a foreign token is refused", async () => {
  const fixed = { getToken: async () => ({ token: "eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.", expiresOnTimestamp: 4e12 }) };
  await refused(new BatchServiceClient(fixed, account.https).pool.get(POOL), 401);
});

test("a path before the operation is lost by this client", async () => {
  await refused(connect(`${account.http.replace(/\/$/, "")}/a/${account.name}`).pool.get(POOL), 400, "InvalidUri");
});
