import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { test } from "node:test";

import type { Connection } from "service/connection";
import { Database } from "service/database";
import { Unavailable } from "service/errors";
import type { DatabaseSecret } from "service/secret";

import { FakeConnection, readableLog, refusal, SECRET } from "./fakes";

const RESET = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
const ONE = [{ one: 1 }];

/** A database whose logins give these connections, or fail so, one after the other. */
function database(...logins: (FakeConnection | Error)[]): {
  database: Database;
  secrets: DatabaseSecret[];
  used: string[];
  log: ReturnType<typeof readableLog>;
} {
  const log = readableLog();
  const secrets = ["first-password", "second-password", "third-password"].map((password) => ({ ...SECRET, password }));
  const used: string[] = [];
  const left = [...secrets];
  const connect = (secret: DatabaseSecret): Promise<Connection> => {
    used.push(secret.password);
    const login = logins.shift();
    if (login === undefined) throw new Error("one login more than expected");
    return login instanceof Error ? Promise.reject(login) : Promise.resolve(login);
  };
  const readSecret = (): Promise<DatabaseSecret> => Promise.resolve(left.shift()!);
  return { database: new Database({ readSecret, connect, log: log.log }), secrets: left, used, log };
}

test("one connection serves many calls", async () => {
  const connection = new FakeConnection(() => Promise.resolve(ONE));
  const { database: db, used } = database(connection);
  assert.deepEqual(await db.query("SELECT 1", [], 1000), ONE);
  assert.deepEqual(await db.query("SELECT 1", [], 1000), ONE);
  assert.equal(used.length, 1);
  assert(!connection.closed);
});

test("a kept connection that turns out broken is renewed, and the statement sent again", async () => {
  let broken = false;
  const first = new FakeConnection(() => (broken ? Promise.reject(RESET) : Promise.resolve([])));
  const second = new FakeConnection(() => Promise.resolve(ONE));
  const { database: db, used, secrets } = database(first, second);
  await db.query("SELECT 1", [], 1000);
  broken = true;
  assert.deepEqual(await db.query("SELECT 1", [], 1000), ONE);
  assert(first.closed);
  assert.deepEqual(used, ["first-password", "first-password"]);
  assert.equal(secrets.length, 2, "the secret was read once");
});

for (const code of ["08006", "57P01", "25006"]) {
  test(`so it is after ${code}`, async () => {
    let broken = false;
    const first = new FakeConnection(() => (broken ? Promise.reject(refusal(code)) : Promise.resolve([])));
    const { database: db } = database(first, new FakeConnection(() => Promise.resolve(ONE)));
    await db.query("SELECT 1", [], 1000);
    broken = true;
    assert.deepEqual(await db.query("SELECT 1", [], 1000), ONE);
  });
}

test("a connection lost while idle is renewed by the next call", async () => {
  const first = new FakeConnection();
  const { database: db } = database(first, new FakeConnection(() => Promise.resolve(ONE)));
  await db.query("SELECT 1", [], 1000);
  first.lose();
  assert(first.closed);
  assert.deepEqual(await db.query("SELECT 1", [], 1000), ONE);
  first.lose();
  assert.deepEqual(await db.query("SELECT 1", [], 1000), ONE, "the old connection's end doesn't touch the new one");
});

test("a new connection that breaks is not tried again", async () => {
  const { database: db, used } = database(new FakeConnection(() => Promise.reject(RESET)));
  await assert.rejects(db.query("SELECT 1", [], 1000), Unavailable);
  assert.equal(used.length, 1);
});

test("what the database refuses is the caller's to see, and the connection stays", async () => {
  const connection = new FakeConnection(() => Promise.reject(refusal("42703")));
  const { database: db } = database(connection);
  await assert.rejects(db.query("SELECT nothing", [], 1000), { code: "42703" });
  assert(!connection.closed);
});

for (const code of ["57014", "53200"]) {
  test(`${code} means that the database is overloaded`, async () => {
    const { database: db } = database(new FakeConnection(() => Promise.reject(refusal(code))));
    await assert.rejects(db.query("SELECT 1", [], 1000), { name: "Unavailable", message: "the database is overloaded" });
  });
}

test("a rotated password is read anew when the database refuses the cached one", async () => {
  const first = new FakeConnection();
  const { database: db, used, log } = database(first, refusal("28P01"), new FakeConnection(() => Promise.resolve(ONE)));
  await db.query("SELECT 1", [], 1000);
  first.lose();
  assert.deepEqual(await db.query("SELECT 1", [], 1000), ONE);
  assert.deepEqual(used, ["first-password", "first-password", "second-password"]);
  assert.match(log.text(), /reading the secret again/);
  assert.doesNotMatch(log.text(), /-password/);
});

test("a password that is wrong in the secret itself is tried once a call", async () => {
  const { database: db, used } = database(refusal("28P01"), refusal("28P01"));
  for (const expected of [1, 2]) {
    await assert.rejects(db.query("SELECT 1", [], 1000), { message: "the database refused the login in the secret" });
    assert.equal(used.length, expected);
  }
});

test("after a failed login the next call reads the secret again: the host may have changed", async () => {
  const { database: db, used } = database(
    Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }),
    new FakeConnection(() => Promise.resolve(ONE)),
  );
  await assert.rejects(db.query("SELECT 1", [], 1000), { message: "no connection to the database" });
  assert.deepEqual(await db.query("SELECT 1", [], 1000), ONE);
  assert.deepEqual(used, ["first-password", "second-password"]);
});

test("a schema that can't be migrated closes the connection", async () => {
  const connection = new FakeConnection();
  connection.query = () => Promise.reject(refusal("42501"));
  const { database: db } = database(connection);
  await assert.rejects(db.query("SELECT 1", [], 1000), { message: "the schema could not be brought up to date" });
  assert(connection.closed);
});

test("a database that never answers costs the budget and no more", async () => {
  const connection = new FakeConnection(() => new Promise(() => undefined));
  const { database: db } = database(connection, new FakeConnection(() => Promise.resolve(ONE)));
  const started = performance.now();
  await assert.rejects(db.query("SELECT 1", [], 50), { message: "the database gave no answer within 50 ms" });
  assert(performance.now() - started < 1000);
  assert(connection.closed);
  assert.deepEqual(await db.query("SELECT 1", [], 1000), ONE, "the next call opens a new connection");
});

test("nothing is written after the caller was told that it failed", async () => {
  const connection = new FakeConnection();
  const log = readableLog().log;
  let connected = (): void => undefined;
  const connect = (): Promise<Connection> => new Promise((done) => (connected = () => done(connection)));
  const db = new Database({ readSecret: () => Promise.resolve(SECRET), connect, log });
  await assert.rejects(db.query("INSERT", [], 20), Unavailable);
  connected();
  while (!connection.statements.some((text) => text.includes("records_schema"))) await wait(1);
  await wait(1);
  assert(!connection.statements.includes("INSERT"));
});
