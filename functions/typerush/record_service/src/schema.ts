import { DatabaseError, type Connection } from "./connection";

const UNDEFINED_TABLE = "42P01";

/** Any number that no other program locks: it keeps two containers from migrating at the same time. */
const MIGRATION_LOCK = 8_397_374_737;

/** Each entry brings the schema from the version before it (its index) to the next. Only ever append. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE records (
     id uuid PRIMARY KEY,
     player text NOT NULL,
     words_per_minute double precision NOT NULL CHECK (words_per_minute >= 0),
     accuracy double precision NOT NULL CHECK (accuracy BETWEEN 0 AND 100),
     text_id text NOT NULL,
     played_at timestamptz NOT NULL
   );
   CREATE INDEX records_of_player ON records (player, played_at DESC);
   CREATE INDEX records_best ON records (player, words_per_minute DESC, accuracy DESC, played_at, id)`,
];

/** Brings the schema up to date. Safe to run again and from several containers at once; all or nothing. */
export async function migrate(connection: Connection): Promise<void> {
  if ((await version(connection)) >= MIGRATIONS.length) return;
  await connection.query("BEGIN");
  await connection.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
  await connection.query(
    `CREATE TABLE IF NOT EXISTS records_schema (
       version integer PRIMARY KEY,
       applied_at timestamptz NOT NULL DEFAULT now()
     )`,
  );
  for (let from = await version(connection); from < MIGRATIONS.length; from++) {
    await connection.query(MIGRATIONS[from]!);
    await connection.query("INSERT INTO records_schema (version) VALUES ($1)", [from + 1]);
  }
  await connection.query("COMMIT");
}

async function version(connection: Connection): Promise<number> {
  try {
    const { rows } = await connection.query("SELECT coalesce(max(version), 0) AS version FROM records_schema");
    return Number(rows[0]?.version);
  } catch (error) {
    if (error instanceof DatabaseError && error.code === UNDEFINED_TABLE) return 0;
    throw error;
  }
}
