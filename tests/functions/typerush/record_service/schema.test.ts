import assert from "node:assert/strict";
import { test } from "node:test";

import type { Connection, Row } from "service/connection";
import { migrate } from "service/schema";

import { refusal } from "./fakes";

/** A connection which tells these versions, one after the other; undefined: there is no table yet. */
function connection(...versions: (number | undefined)[]): { connection: Connection; statements: string[] } {
  const statements: string[] = [];
  const query = (text: string): Promise<{ rows: Row[] }> => {
    statements.push(text.replace(/\s+/g, " "));
    if (!text.includes("FROM records_schema")) return Promise.resolve({ rows: [] });
    const version = versions.shift();
    return version === undefined ? Promise.reject(refusal("42P01")) : Promise.resolve({ rows: [{ version }] });
  };
  return { connection: { query, onLost: () => undefined, close: () => undefined }, statements };
}

test("a new database gets the table, in one transaction and under a lock", async () => {
  const { connection: fresh, statements } = connection(undefined, 0);
  await migrate(fresh);
  assert.deepEqual(
    statements.map((text) => text.split(" ").slice(0, 3).join(" ")),
    [
      "SELECT coalesce(max(version), 0)",
      "BEGIN",
      "SELECT pg_advisory_xact_lock($1)",
      "CREATE TABLE IF",
      "SELECT coalesce(max(version), 0)",
      "CREATE TABLE records",
      "INSERT INTO records_schema",
      "COMMIT",
    ],
  );
});

test("an up-to-date database costs one query", async () => {
  const { connection: current, statements } = connection(1);
  await migrate(current);
  assert.equal(statements.length, 1);
});

test("who waited for another container's migration does nothing more", async () => {
  const { connection: late, statements } = connection(undefined, 1);
  await migrate(late);
  assert(!statements.some((text) => text.startsWith("CREATE TABLE records ")));
  assert.equal(statements.at(-1), "COMMIT");
});

test("another error is not taken for a missing table", async () => {
  const query = (): Promise<never> => Promise.reject(refusal("42501"));
  await assert.rejects(migrate({ query, onLost: () => undefined, close: () => undefined }), { code: "42501" });
});
