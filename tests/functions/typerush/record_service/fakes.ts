import type { Context } from "aws-lambda";

import { DatabaseError, type Connection, type Row } from "service/connection";
import { Log } from "service/log";
import type { DatabaseSecret } from "service/secret";

export const SECRET: DatabaseSecret = {
  host: "db.example.com",
  port: 5432,
  username: "game",
  password: "first-password",
  dbname: "typerush",
};

/** An error as PostgreSQL answers it. */
export function refusal(code: string, message = `refused with ${code}`): DatabaseError {
  const error = new DatabaseError(message, 0, "error");
  error.code = code;
  return error;
}

export function context(remainingMs = 30_000): Context {
  return { awsRequestId: "request-1", getRemainingTimeInMillis: () => remainingMs } as Context;
}

/** A log whose lines can be read. */
export function readableLog(level = "info"): { log: Log; lines: () => Record<string, unknown>[]; text: () => string } {
  const written: string[] = [];
  return {
    log: new Log(level, (line) => void written.push(line)),
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
    text: () => written.join(""),
  };
}

/** A connection on an up-to-date schema, whose other statements answer as told. */
export class FakeConnection implements Connection {
  readonly statements: string[] = [];
  closed = false;
  private lost: (error: Error) => void = () => undefined;

  constructor(private readonly answer: (text: string) => Promise<Row[]> = () => Promise.resolve([])) {}

  async query(text: string): Promise<{ rows: Row[] }> {
    this.statements.push(text);
    if (text.includes("FROM records_schema")) return { rows: [{ version: 1 }] };
    return { rows: await this.answer(text) };
  }

  onLost(lost: (error: Error) => void): void {
    this.lost = lost;
  }

  lose(): void {
    this.lost(new Error("connection reset"));
  }

  close(): void {
    this.closed = true;
  }
}
