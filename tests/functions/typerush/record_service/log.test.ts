import assert from "node:assert/strict";
import { test } from "node:test";

import { describe } from "service/log";

import { readableLog } from "./fakes";

test("a line is one JSON object with the names that Lambda filters by", () => {
  const { log, lines, text } = readableLog();
  log.setContext({ requestId: "r" });
  log.warn("two\nlines", { status: 400 });
  assert.equal(text().split("\n").length, 2);
  const { timestamp, ...line } = lines()[0]!;
  assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(line, { level: "WARN", message: "two\nlines", requestId: "r", status: 400 });
});

for (const [level, expected] of [
  ["debug", 3],
  ["info", 3],
  ["WARN", 2],
  ["error", 1],
  ["FATAL", 0],
  ["nonsense", 3],
] as const) {
  test(`LOG_LEVEL=${level}`, () => {
    const { log, lines } = readableLog(level);
    log.info("i");
    log.warn("w");
    log.error("e");
    assert.equal(lines().length, expected);
  });
}

test("an error is told with its causes", () => {
  const cause = Object.assign(new Error("reset"), { code: "ECONNRESET" });
  const told = describe(new Error("lost", { cause })) as { cause: Record<string, unknown> };
  assert.equal(told.cause.code, "ECONNRESET");
  assert.match(String(told.cause.stack), /log\.test/);
  assert.deepEqual(describe("just text"), { message: "just text" });
});
