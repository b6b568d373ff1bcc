import assert from "node:assert/strict";
import { test } from "node:test";

import type { Row } from "service/connection";
import { Unavailable } from "service/errors";
import { RecordService } from "service/service";

import { context, readableLog, refusal } from "./fakes";

const RECORD = { player: "ada", words_per_minute: 92.5, accuracy: 98.1, text_id: "3f2a", time: "2026-01-31T12:00:00Z" };

interface Asked {
  text: string;
  values: unknown[];
  budgetMs: number;
}

function service(answer: () => Promise<Row[]> = () => Promise.resolve([])): {
  ask: (event: unknown, remainingMs?: number) => Promise<{ status: number | undefined; body: Record<string, unknown> }>;
  asked: Asked[];
  log: ReturnType<typeof readableLog>;
} {
  const asked: Asked[] = [];
  const log = readableLog();
  const query = (text: string, values: unknown[], budgetMs: number): Promise<Row[]> => {
    asked.push({ text: text.replace(/\s+/g, " ").trim(), values, budgetMs });
    return answer();
  };
  const records = new RecordService({ query }, log.log);
  const ask = async (event: unknown, remainingMs?: number) => {
    const { statusCode, body, headers } = await records.answer(event, context(remainingMs));
    assert.equal(headers?.["content-type"], "application/json");
    return { status: statusCode, body: JSON.parse(body!) as Record<string, unknown> };
  };
  return { ask, asked, log };
}

test("health asks the database", async () => {
  const { ask, asked } = service();
  assert.deepEqual(await ask({ action: "health" }), { status: 200, body: { status: "ok", database: "ok" } });
  assert.equal(asked[0]?.text, "SELECT 1");
});

test("a record is stored by one statement that bears being sent twice", async () => {
  const { ask, asked } = service();
  const { status, body } = await ask({ action: "add_record", ...RECORD });
  assert.equal(status, 201);
  const record = body.record as Record<string, unknown>;
  assert.deepEqual(record, { id: record.id, ...RECORD, time: "2026-01-31T12:00:00.000Z" });
  assert.equal(asked.length, 1);
  assert.match(asked[0]!.text, /^INSERT INTO records .* ON CONFLICT \(id\) DO NOTHING$/);
  assert.deepEqual(asked[0]!.values, [record.id, "ada", 92.5, 98.1, "3f2a", "2026-01-31T12:00:00.000Z"]);
});

test("values never become part of a statement", async () => {
  const { ask, asked } = service();
  await ask({ action: "get_records", player: "'; DROP TABLE records; --" });
  assert.deepEqual(asked[0]!.values, ["'; DROP TABLE records; --", 20]);
  assert.doesNotMatch(asked[0]!.text, /DROP/);
});

test("the leaderboard ranks what the database orders", async () => {
  const { ask, asked } = service(() => Promise.resolve([{ player: "bob" }, { player: "ada" }]));
  const { body } = await ask({ action: "get_leaderboard", limit: 2 });
  assert.deepEqual(body, { leaderboard: [{ rank: 1, player: "bob" }, { rank: 2, player: "ada" }] });
  assert.match(asked[0]!.text, /DISTINCT ON \(player\)/);
  assert.deepEqual(asked[0]!.values, [2]);
});

test("bad input never reaches the database", async () => {
  const { ask, asked, log } = service();
  const { status, body } = await ask({ action: "add_record", ...RECORD, accuracy: 101 });
  assert.equal(status, 400);
  assert.deepEqual(body, { error: "accuracy must be a number from 0 to 100, not 101" });
  assert.deepEqual(asked, []);
  assert.equal(log.lines()[0]?.level, "INFO");
});

test("an unreachable database is a 503; why is in the log alone", async () => {
  const cause = Object.assign(new Error("connect ECONNREFUSED 10.0.0.7:5432"), { code: "ECONNREFUSED" });
  const { ask, log } = service(() => Promise.reject(new Unavailable("no connection to the database", cause)));
  const { status, body } = await ask({ action: "health" });
  assert.equal(status, 503);
  assert.deepEqual(body, { error: "the records' database can't be reached; try again later" });
  const [line] = log.lines();
  assert.equal(line?.level, "ERROR");
  assert.equal(line?.message, "no connection to the database");
  assert.equal(line?.requestId, "request-1");
  assert.match(log.text(), /"code":"ECONNREFUSED"/);
});

test("any other fault is a 500 without internals", async () => {
  const { ask, log } = service(() => Promise.reject(refusal("42703", "column x does not exist")));
  assert.deepEqual(await ask({ action: "health" }), { status: 500, body: { error: "internal error" } });
  assert.match(log.text(), /column x does not exist/);
});

test("the database gets 8 seconds, or what the function has left", async () => {
  const { ask, asked } = service();
  for (const remainingMs of [30_000, 3_000, 100]) await ask({ action: "health" }, remainingMs);
  assert.deepEqual(asked.map(({ budgetMs }) => budgetMs), [8_000, 2_500, 1]);
});
