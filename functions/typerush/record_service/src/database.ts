import { DatabaseError, type Connection, type Row } from "./connection";
import { Unavailable } from "./errors";
import type { Log } from "./log";
import { migrate } from "./schema";
import type { DatabaseSecret } from "./secret";

/** SQLSTATEs of a password or user that is no longer valid. */
const REFUSED_LOGIN = new Set(["28P01", "28000"]);

/** SQLSTATE classes and codes which mean that this connection is of no more use: connection exception, operator
 * intervention (shutdown, failover), and a writer that became a reader. */
const LOST = /^(08...|57P..|25006)$/;

/** SQLSTATEs of a database that has no room or took too long: not the caller's fault and not ours. */
const OVERLOADED = /^(53...|57014|55P03)$/;

export interface Surroundings {
  readonly readSecret: () => Promise<DatabaseSecret>;
  readonly connect: (secret: DatabaseSecret) => Promise<Connection>;
  readonly log: Log;
}

/**
 * The container's one connection: opened when first needed (which also migrates the schema), kept, and renewed once
 * it is lost. Secret and password are read again when the database refuses them.
 */
export class Database {
  private connection: Connection | undefined;
  private secret: DatabaseSecret | undefined;

  constructor(private readonly surroundings: Surroundings) {}

  /**
   * Runs one statement and gives its rows. A statement that meets a lost connection is sent once more on a new one,
   * so it must bear being run twice.
   *
   * @throws Unavailable when there is no answer within `budgetMs`, or none at all
   */
  async query(text: string, values: unknown[], budgetMs: number): Promise<Row[]> {
    const expiry = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        expiry.abort();
        this.drop();
        reject(new Unavailable(`the database gave no answer within ${budgetMs} ms`));
      }, budgetMs);
    });
    try {
      return await Promise.race([this.attempt(text, values, expiry.signal), expired]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async attempt(text: string, values: unknown[], expiry: AbortSignal): Promise<Row[]> {
    const kept = this.connection;
    const connection = kept ?? (await this.open());
    // Whoever was told that there is no answer must not find the record written after all.
    if (expiry.aborted) throw new Unavailable("the time is up");
    try {
      return (await connection.query(text, values)).rows;
    } catch (error) {
      if (error instanceof DatabaseError && !LOST.test(error.code ?? "")) {
        if (OVERLOADED.test(error.code ?? "")) throw new Unavailable("the database is overloaded", error);
        throw error;
      }
      this.drop();
      if (kept === undefined || expiry.aborted) throw new Unavailable("the connection to the database was lost", error);
      this.surroundings.log.info("the connection to the database was lost; opening a new one");
      return this.attempt(text, values, expiry);
    }
  }

  private async open(): Promise<Connection> {
    const connection = await this.login();
    connection.onLost(() => {
      if (this.connection === connection) this.drop();
    });
    try {
      await migrate(connection);
    } catch (error) {
      connection.close(); // and with it the transaction
      throw new Unavailable("the schema could not be brought up to date", error);
    }
    this.connection = connection;
    return connection;
  }

  private async login(): Promise<Connection> {
    const { readSecret, connect, log } = this.surroundings;
    const cached = this.secret;
    const secret = cached ?? (await readSecret());
    try {
      const connection = await connect(secret);
      this.secret = secret;
      return connection;
    } catch (error) {
      // Whatever was wrong, host, certificate or password: the next attempt asks for the secret again.
      this.secret = undefined;
      const refused = error instanceof DatabaseError && REFUSED_LOGIN.has(error.code ?? "");
      if (cached !== undefined && refused) {
        log.info("the database refused the cached login; reading the secret again");
        return this.login();
      }
      throw new Unavailable(refused ? "the database refused the login in the secret" : "no connection to the database", error);
    }
  }

  private drop(): void {
    this.connection?.close();
    this.connection = undefined;
  }
}
