// Runs against a real PostgreSQL over TLS; DATABASE_SECRET is the secret's text, whose user owns an empty database.
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { connect, type Connection } from "service/connection";
import { Database } from "service/database";
import { migrate } from "service/schema";
import { parseSecret } from "service/secret";
import { RecordService } from "service/service";

import { context, readableLog } from "./fakes";

let secret = parseSecret(process.env.DATABASE_SECRET);

function container(): { ask: (event: object) => Promise<{ status: number | undefined; body: any }>; reads: () => number } {
  const { log } = readableLog();
  let reads = 0;
  const readSecret = () => Promise.resolve((reads++, secret));
  const service = new RecordService(new Database({ readSecret, connect, log }), log);
  const ask = async (event: object) => {
    const { statusCode, body } = await service.answer(event, context());
    return { status: statusCode, body: JSON.parse(body!) as unknown };
  };
  return { ask, reads: () => reads };
}

async function administer(work: (connection: Connection) => Promise<unknown>): Promise<void> {
  const connection = await connect(secret);
  await work(connection);
  connection.close();
}

const END_ALL_OTHERS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE usename = current_user AND pid <> pg_backend_pid()`;

// Containers keep their connections, which would keep this process.
after(() => administer((connection) => connection.query(END_ALL_OTHERS)));

test("containers that start together migrate once", async () => {
  const answers = await Promise.all([1, 2, 3, 4].map(() => container().ask({ action: "health" })));
  assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 200]);
  await administer(async (connection) => {
    await migrate(connection);
    const { rows } = await connection.query("SELECT version FROM records_schema");
    assert.deepEqual(rows, [{ version: 1 }]);
  });
});

test("records are read back as they were written, newest first", async () => {
  const { ask } = container();
  const game = { action: "add_record", player: "Zoë 🎹", text_id: "t-1", accuracy: 99.25 };
  const first = await ask({ ...game, words_per_minute: 80.1, time: "2026-01-01T10:00:00.123+02:00" });
  const second = await ask({ ...game, words_per_minute: 70, time: "2026-01-02T10:00:00Z" });
  assert.equal(first.body.record.time, "2026-01-01T08:00:00.123Z");
  const { body } = await ask({ action: "get_records", player: "Zoë 🎹" });
  assert.deepEqual(body, { player: "Zoë 🎹", records: [second.body.record, first.body.record] });
  assert.equal((await ask({ action: "get_records", player: "Zoë 🎹", limit: 1 })).body.records.length, 1);
  assert.deepEqual((await ask({ action: "get_records", player: "nobody" })).body.records, []);
});

test("the leaderboard has each player's best: speed, then accuracy, then who was first", async () => {
  await administer((connection) => connection.query("TRUNCATE records"));
  const { ask } = container();
  for (const [player, words_per_minute, accuracy, day] of [
    ["ada", 90, 99, 1],
    ["ada", 120, 91, 2],
    ["ada", 120, 95, 3],
    ["bob", 120, 95, 2],
    ["cleo", 130, 80, 5],
    ["dan", 60, 100, 1],
  ]) {
    const time = `2026-01-0${day}T00:00:00Z`;
    await ask({ action: "add_record", player, words_per_minute, accuracy, text_id: "t", time });
  }
  const { body } = await ask({ action: "get_leaderboard", limit: 3 });
  assert.deepEqual(
    body.leaderboard.map((row: any) => [row.rank, row.player, row.words_per_minute, row.accuracy, row.time.slice(8, 10)]),
    [
      [1, "cleo", 130, 80, "05"],
      [2, "bob", 120, 95, "02"],
      [3, "ada", 120, 95, "03"],
    ],
  );
});

test("a connection that the server ended is renewed", async () => {
  const { ask } = container();
  assert.equal((await ask({ action: "health" })).status, 200);
  await administer((connection) => connection.query(END_ALL_OTHERS));
  assert.equal((await ask({ action: "health" })).status, 200);
});

test("a rotated password is picked up by a warm container", async () => {
  const { ask, reads } = container();
  await ask({ action: "health" });
  await administer(async (connection) => {
    await connection.query(`ALTER USER CURRENT_USER PASSWORD 'rotated-password'`);
    await connection.query(END_ALL_OTHERS);
  });
  assert.equal((await ask({ action: "health" })).status, 503, "the secret still has the old password");
  secret = { ...secret, password: "rotated-password" };
  assert.equal((await ask({ action: "health" })).status, 200);
  assert(reads() >= 2);
});

test("another authority's certificate is refused", async () => {
  const { ca: _, ...publicAuthoritiesOnly } = secret; // Amazon's, then
  await assert.rejects(connect(publicAuthoritiesOnly), { code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" });
});

test("a certificate for another name is refused", async () => {
  await assert.rejects(connect({ ...secret, host: "127.1" }), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
});

test("an address is verified like a name", async () => {
  const connection = await connect({ ...secret, host: "127.0.0.1" });
  assert.deepEqual((await connection.query("SELECT 1 AS one")).rows, [{ one: 1 }]);
  connection.close();
});
