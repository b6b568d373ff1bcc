import assert from "node:assert/strict";
import { test } from "node:test";

import { readCall } from "service/calls";
import { BadRequest } from "service/errors";

function http(method: string, path: string, more: object = {}, stage = "$default"): object {
  return { version: "2.0", rawPath: path, requestContext: { stage, http: { method, path } }, ...more };
}

function refused(event: unknown, status: number, message: RegExp): void {
  assert.throws(
    () => readCall(event),
    (error) => {
      assert(error instanceof BadRequest);
      assert.equal(error.status, status);
      assert.match(error.message, message);
      return true;
    },
  );
}

test("a direct invocation names its action, the rest is its input", () => {
  assert.deepEqual(readCall({ action: "health" }), { operation: "health", input: {} });
  assert.deepEqual(readCall({ action: "get_records", player: "ada" }), {
    operation: "get_records",
    input: { player: "ada" },
  });
});

test("what isn't a known call is refused with what is", () => {
  refused({}, 400, /^action is missing: one of health, add_record, get_records, get_leaderboard$/);
  refused({ action: "drop" }, 400, /^action must be one of .*, not "drop"$/);
  refused({ action: "toString" }, 400, /not "toString"$/);
  for (const event of [null, undefined, 7, "health", [{ action: "health" }]]) refused(event, 400, /must be a JSON object/);
});

for (const [method, path, operation] of [
  ["GET", "/health", "health"],
  ["GET", "/records/health", "health"],
  ["GET", "/records", "get_records"],
  ["GET", "/records/", "get_records"],
  ["GET", "/records/leaderboard", "get_leaderboard"],
]) {
  test(`${method} ${path}`, () => {
    const call = readCall(http(method!, path!, { queryStringParameters: { limit: "5" } }));
    assert.deepEqual(call, { operation, input: { limit: "5" } });
    assert.deepEqual(readCall(http(method!, path!)).input, {});
  });
}

test("the path may begin with the stage", () => {
  assert.equal(readCall(http("GET", "/dev/records/leaderboard", {}, "dev")).operation, "get_leaderboard");
});

test("POST /records takes its body, encoded or not", () => {
  const body = JSON.stringify({ player: "José" });
  const expected = { operation: "add_record", input: { player: "José" } };
  assert.deepEqual(readCall(http("POST", "/records", { body })), expected);
  const encoded = { body: Buffer.from(body).toString("base64"), isBase64Encoded: true };
  assert.deepEqual(readCall(http("POST", "/records", encoded)), expected);
});

test("other paths, methods and bodies are refused", () => {
  refused(http("GET", "/"), 404, /^nothing is at \/$/);
  refused(http("GET", "/constructor"), 404, /^nothing is at/);
  refused(http("DELETE", "/records"), 405, /^\/records takes GET and POST, not DELETE$/);
  refused(http("constructor", "/records"), 405, /takes GET and POST/);
  refused(http("POST", "/records", { body: "player=ada" }), 400, /^the body is not JSON$/);
  refused(http("POST", "/records"), 400, /^the body is not JSON$/);
  refused(http("POST", "/records", { body: "[]" }), 400, /^the body must be a JSON object$/);
});
