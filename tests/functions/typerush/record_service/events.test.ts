// Whatever record-service is sent: a mistake is the caller's, told in JSON and logged once.
import assert from "node:assert/strict";
import { test } from "node:test";

import { RecordService } from "service/service";

import { context, readableLog } from "./fakes";

/** What a database that always works makes of the event; every refusal must be in the log once. */
async function ask(event: unknown): Promise<{ status: number; error: string | undefined }> {
  const { log, lines } = readableLog();
  const answer = await new RecordService({ query: () => Promise.resolve([]) }, log).answer(event, context());
  const { error } = JSON.parse(answer.body!) as { error?: string };
  const [line, ...more] = lines();
  assert.deepEqual(more, []);
  if (answer.statusCode! >= 400) {
    assert.deepEqual([line?.message, line?.status, line?.reason], ["refused", answer.statusCode, error]);
  }
  return { status: answer.statusCode!, error };
}

const deep = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
const http = (more: object, about: object = {}): object => ({
  requestContext: { http: { method: "GET", path: "/records/leaderboard" }, ...about },
  ...more,
});
const posted = (body: unknown, isBase64Encoded: unknown = false): object =>
  http({ body, isBase64Encoded }, { http: { method: "POST", path: "/records" } });
const base64 = (...bytes: number[]): string => Buffer.from(bytes).toString("base64");

const NO_OBJECT = 'the event must be a JSON object such as {"action": "health"}';
const PAYLOAD = "an object, as in events of payload 2.0";
const NOT_BASE64 = "the body is not base64, as isBase64Encoded says it is";

for (const [event, error] of [
  [undefined, NO_OBJECT],
  [null, NO_OBJECT],
  [7, NO_OBJECT],
  ["health", NO_OBJECT],
  [[{ action: "health" }], NO_OBJECT],
  [{ action: 5 }, "action must be one of health, add_record, get_records, get_leaderboard, not 5"],
  [{ requestContext: null }, `requestContext must be ${PAYLOAD}, not null`],
  [{ requestContext: 5 }, `requestContext must be ${PAYLOAD}, not 5`],
  [{ requestContext: [{}] }, `requestContext must be ${PAYLOAD}, not a list`],
  [{ requestContext: {} }, `requestContext.http is missing: ${PAYLOAD}`],
  [{ requestContext: { http: "x" } }, `requestContext.http must be ${PAYLOAD}, not "x"`],
  [{ requestContext: { http: {} } }, "requestContext.http.path is missing: a string"],
  [{ requestContext: { http: { path: {} } } }, "requestContext.http.path must be a string, not an object"],
  [{ requestContext: { http: { path: "/" } } }, "requestContext.http.method is missing: a string"],
  [http({}, { stage: 7 }), "requestContext.stage must be a string, not 7"],
  [http({ headers: "host" }), `headers must be ${PAYLOAD}, not "host"`],
  [http({ headers: { host: 1 } }), "headers.host must be a string, not 1"],
  [http({ queryStringParameters: [] }), `queryStringParameters must be ${PAYLOAD}, not a list`],
  [http({ queryStringParameters: { limit: 5 } }), "queryStringParameters.limit must be a string, not 5"],
  [posted({ player: "ada" }), "body must be a string, not an object"],
  [posted("{}", "yes"), 'isBase64Encoded must be true or false, not "yes"'],
  [posted("{}", true), NOT_BASE64],
  [posted("e3", true), NOT_BASE64],
  [posted(base64(0x22, 0xff, 0x22), true), "the body is not UTF-8"],
  [posted(base64(0x5b, 0x5d), true), "the body must be a JSON object"],
  [posted(deep(100_000)), "the body must be a JSON object"],
] as const) {
  test(`${JSON.stringify(event)?.slice(0, 100)} is a 400`, async () => {
    assert.deepEqual(await ask(event), { status: 400, error });
  });
}

test("a value too deep to be written is still told", async () => {
  const { status, error } = await ask(posted(`{"player": ${deep(100_000)}}`));
  assert.equal(status, 400);
  assert.match(error!, /^player must be a name of 1 to 64 characters, not a list; /);
});

test("an error stays short, however much is wrong", async () => {
  const fields = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`field${index}`, index]));
  for (const event of [
    { action: "x".repeat(10_000) },
    { action: "add_record", ...fields },
    http({ headers: { ["x".repeat(10_000)]: 5 } }),
    http({}, { http: { method: "GET", path: "/x".repeat(10_000) } }),
    http({}, { http: { method: "X".repeat(10_000), path: "/records" } }),
  ]) {
    assert((await ask(event)).error!.length < 500);
  }
});

test("an unreadable body is not logged", async () => {
  for (const body of ["ada@example.com", '["ada@example.com"]']) {
    for (const encoded of [false, true]) assert.doesNotMatch((await ask(posted(body, encoded))).error!, /ada/);
  }
});

/** The same numbers from 0 to 1 each time (mulberry32). */
function numbers(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Makes events: some anything at all, most nearly right, each part of which may be anything. */
function events(seed: number): () => unknown {
  const next = numbers(seed);
  const pick = <T>(options: readonly T[]): T => options[Math.floor(next() * options.length)]!;
  const STRINGS = ["", "ada", "5", "\u0000", "\ud800", "{}", '{"player":"ada"}', "e30=", "é", "x".repeat(200)];
  const LEAVES = [...STRINGS, null, true, false, 0, -1, 1.5, 1e308];
  const anything = (depth = 3): unknown => {
    if (depth === 0 || next() < 0.5) return pick(LEAVES);
    const items = Array.from({ length: Math.floor(next() * 4) }, () => anything(depth - 1));
    return next() < 0.5 ? items : Object.fromEntries(items.map((item) => [pick([...STRINGS, "__proto__"]), item]));
  };
  const maybe = (likely: () => unknown): unknown => (next() < 0.85 ? likely() : anything());
  const some = (fields: Record<string, () => unknown>): object =>
    Object.fromEntries(Object.entries(fields).filter(() => next() < 0.8).map(([name, likely]) => [name, maybe(likely)]));
  const record = {
    player: () => "ada",
    words_per_minute: () => 90,
    accuracy: () => 98,
    text_id: () => "3f2a",
    time: () => "2026-01-31T12:00:00Z",
  };
  const direct = {
    action: () => pick(["health", "add_record", "get_records", "get_leaderboard"]),
    ...record,
    limit: () => 5,
  };
  const request = {
    requestContext: () =>
      some({
        stage: () => "dev",
        http: () =>
          some({
            method: () => pick(["GET", "POST"]),
            path: () => pick(["/health", "/records", "/dev/records", "/records/leaderboard"]),
          }),
      }),
    headers: () => ({ host: "api.example.com" }),
    queryStringParameters: () => some({ player: () => "ada", limit: () => "5" }),
    body: () => (next() < 0.5 ? JSON.stringify(some(record)) : Buffer.from(JSON.stringify(some(record))).toString("base64")),
    isBase64Encoded: () => next() < 0.5,
  };
  return () => pick([anything, () => some(direct), () => some(request), () => some(request)])();
}

for (const seed of [1, 2, 3, 4]) {
  test(`any event is answered (seed ${seed})`, async () => {
    const make = events(seed);
    const seen = new Set<number>();
    for (let count = 0; count < 2_000; count++) {
      const event = make();
      const { status } = await ask(event);
      assert(status < 500, JSON.stringify(event));
      seen.add(status);
    }
    assert.deepEqual([...seen].sort(), [200, 201, 400, 404, 405]);
  });
}
