import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { Unavailable } from "service/errors";
import { describe } from "service/log";
import { parseSecret, SecretReader } from "service/secret";

import { SECRET } from "./fakes";

test("a secret is read as RDS writes it", () => {
  const text = JSON.stringify({ ...SECRET, engine: "postgres", dbInstanceIdentifier: "x", port: "6432", ca: "PEM" });
  assert.deepEqual(parseSecret(text), { ...SECRET, port: 6432, ca: "PEM" });
});

test("port and database have the defaults of RDS's secrets", () => {
  const { port: _, dbname: __, ...rest } = SECRET;
  assert.deepEqual(parseSecret(JSON.stringify(rest)), { ...rest, port: 5432, dbname: "postgres" });
});

for (const [text, message] of [
  [undefined, /not a JSON object/],
  ["hunter2", /not a JSON object/],
  ["{}", /has no host/],
  [JSON.stringify({ ...SECRET, password: "" }), /has no password/],
  [JSON.stringify({ ...SECRET, username: 7 }), /has no username/],
  [JSON.stringify({ ...SECRET, ca: 7 }), /has no ca/],
  [JSON.stringify({ ...SECRET, port: 0 }), /port is not a number/],
] as const) {
  test(`${text?.slice(0, 12)} is an error that tells nothing (${message.source})`, () => {
    assert.throws(
      () => parseSecret(text),
      (error) => {
        assert(error instanceof Unavailable);
        assert.match(error.message, message);
        assert.doesNotMatch(JSON.stringify(describe(error)), /hunter2|first-password/);
        return true;
      },
    );
  });
}

/** Answers every request to Secrets Manager so, and counts them. */
async function withSecretsManager(
  status: number,
  body: object,
  work: (requests: () => { target: unknown; body: string }[]) => Promise<void>,
): Promise<void> {
  const requests: { target: unknown; body: string }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      requests.push({ target: request.headers["x-amz-target"], body: text });
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1", connection: "close" });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: "ap-southeast-1",
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "example",
  });
  try {
    await work(() => requests);
  } finally {
    server.close();
  }
}

test("the secret is fetched by its ARN", async () => {
  await withSecretsManager(200, { SecretString: JSON.stringify(SECRET) }, async (requests) => {
    assert.deepEqual(await new SecretReader("arn:db").read(), SECRET);
    assert.deepEqual(requests(), [{ target: "secretsmanager.GetSecretValue", body: '{"SecretId":"arn:db"}' }]);
  });
});

test("a denial names the action and the secret", async () => {
  const answer = { __type: "AccessDeniedException", Message: "User is not authorized" };
  await withSecretsManager(400, answer, async (requests) => {
    await assert.rejects(new SecretReader("arn:db").read(), {
      name: "Unavailable",
      message: "secretsmanager:GetSecretValue on arn:db is denied to the function's role",
    });
    assert.equal(requests().length, 1);
  });
});

test("another failure names the action too", async () => {
  await withSecretsManager(400, { __type: "ResourceNotFoundException" }, async () => {
    await assert.rejects(new SecretReader("arn:db").read(), {
      message: "secretsmanager:GetSecretValue on arn:db failed",
    });
  });
});

test("without DB_SECRET_ARN the error says what it is for", async () => {
  await assert.rejects(new SecretReader(undefined).read(), /DB_SECRET_ARN is not set/);
});
