import assert from "node:assert/strict";
import { test } from "node:test";

import { BadRequest } from "service/errors";
import { parseLeaderboardQuery, parsePlayerQuery, parseRecord } from "service/records";

const NOW = new Date("2026-01-31T12:00:00Z");
const GOOD = { player: "ada", words_per_minute: 92.5, accuracy: 98.1, text_id: "3f2a", time: "2026-01-31T13:00:00+01:00" };

function faultOf(work: () => unknown): string {
  let message = "";
  assert.throws(work, (error) => {
    assert(error instanceof BadRequest);
    assert.equal(error.status, 400);
    message = error.message;
    return true;
  });
  return message;
}

test("a record is read, its time in UTC", () => {
  const { id, ...record } = parseRecord(GOOD, NOW);
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(record, { ...GOOD, time: "2026-01-31T12:00:00.000Z" });
});

test("the time is now unless it is given", () => {
  const { time: _, ...timeless } = GOOD;
  assert.equal(parseRecord(timeless, NOW).time, NOW.toISOString());
});

test("a leap day is a day in leap years, and every zone has its own days", () => {
  for (const [time, utc] of [
    ["2024-02-29T12:00:00Z", "2024-02-29T12:00:00.000Z"],
    ["2000-02-29T00:00:00+01:00", "2000-02-28T23:00:00.000Z"],
    ["2025-12-31T23:30:00-01:00", "2026-01-01T00:30:00.000Z"],
  ]) {
    assert.equal(parseRecord({ ...GOOD, time }, NOW).time, utc);
  }
});

test("two records never have one id", () => {
  assert.notEqual(parseRecord(GOOD, NOW).id, parseRecord(GOOD, NOW).id);
});

test("a name is trimmed and composed, so that it is one player however it was typed", () => {
  assert.equal(parseRecord({ ...GOOD, player: "  Jose\u0301 " }, NOW).player, "Jos\u00e9");
  assert.equal(parseRecord({ ...GOOD, player: "🎹".repeat(64) }, NOW).player.length, 128);
});

for (const [field, value] of [
  ["player", ""],
  ["player", "   "],
  ["player", 7],
  ["player", null],
  ["player", "x".repeat(65)],
  ["player", "a\u0000b"],
  ["player", "\ud800"],
  ["words_per_minute", "92"],
  ["words_per_minute", -1],
  ["words_per_minute", 501],
  ["words_per_minute", Number.NaN],
  ["accuracy", 100.1],
  ["accuracy", null],
  ["text_id", "a/b"],
  ["text_id", ""],
  ["text_id", 12],
  ["time", "yesterday"],
  ["time", "2026-01-31T12:00:00"],
  ["time", "2026-13-31T12:00:00Z"],
  ["time", "2026-01-31T12:06:00Z"],
  ["time", "2025-02-29T12:00:00Z"],
  ["time", "2025-02-30T12:00:00+14:00"],
  ["time", "2025-02-31T12:00Z"],
  ["time", "2025-04-31T12:00:00Z"],
  ["time", "2025-01-00T12:00:00Z"],
  ["time", 1769860800],
] as const) {
  test(`${field} can't be ${JSON.stringify(value).slice(0, 30)}`, () => {
    assert.match(faultOf(() => parseRecord({ ...GOOD, [field]: value }, NOW)), new RegExp(`^${field} must be `));
  });
}

test("all faults are told at once, and what isn't known too", () => {
  const fault = faultOf(() => parseRecord({ wpm: 90, accuracy: 101 }, NOW));
  for (const part of ["unknown fields: wpm; known are player", "player is missing", "accuracy must be", "text_id is missing"]) {
    assert(fault.includes(part), fault);
  }
});

test("a long value is cut in the error", () => {
  assert(faultOf(() => parseRecord({ ...GOOD, text_id: "/".repeat(5000) }, NOW)).length < 300);
});

test("limits have defaults, come as numbers or digits, and are bounded", () => {
  assert.deepEqual(parsePlayerQuery({ player: "ada" }), { player: "ada", limit: 20 });
  assert.deepEqual(parsePlayerQuery({ player: "ada", limit: "100" }), { player: "ada", limit: 100 });
  assert.deepEqual(parseLeaderboardQuery({}), { limit: 10 });
  assert.deepEqual(parseLeaderboardQuery({ limit: 1 }), { limit: 1 });
  for (const limit of ["0", "101", "1.5", "-1", "ten", "", 0, 1.5, 101, true, null]) {
    assert.match(faultOf(() => parseLeaderboardQuery({ limit })), /^limit must be a whole number from 1 to 100/);
  }
  assert.match(faultOf(() => parsePlayerQuery({})), /^player is missing/);
});
