import type { APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";

import { readCall, type Call } from "./calls";
import type { Row } from "./connection";
import type { Database } from "./database";
import { BadRequest, Unavailable } from "./errors";
import { describe, type Log } from "./log";
import { parseLeaderboardQuery, parsePlayerQuery, parseRecord } from "./records";

/** The longest that an answer waits for the database; an HTTP API gives up after 30 s. */
const DATABASE_MS = 8_000;
/** Kept back of the function's timeout, to answer and to log. */
const RESERVE_MS = 500;

const COLUMNS = `id, player, words_per_minute, accuracy, text_id, played_at AS "time"`;

/** Answers every call; never throws. Both kinds of callers get the same shape of answer. */
export class RecordService {
  constructor(
    private readonly database: Pick<Database, "query">,
    private readonly log: Log,
  ) {}

  async answer(event: unknown, context: Context): Promise<APIGatewayProxyStructuredResultV2> {
    this.log.setContext({ requestId: context.awsRequestId });
    const budgetMs = Math.max(1, Math.min(DATABASE_MS, context.getRemainingTimeInMillis() - RESERVE_MS));
    try {
      const call = readCall(event);
      const started = performance.now();
      const [status, body] = await this.perform(call, budgetMs);
      this.log.info("answered", {
        operation: call.operation,
        status,
        duration_ms: Math.round(performance.now() - started),
      });
      return reply(status, body);
    } catch (error) {
      return this.refuse(error);
    }
  }

  private async perform({ operation, input }: Call, budgetMs: number): Promise<[number, object]> {
    const query = (text: string, values: unknown[] = []): Promise<Row[]> => this.database.query(text, values, budgetMs);
    switch (operation) {
      case "health": {
        await query("SELECT 1");
        return [200, { status: "ok", database: "ok" }];
      }
      case "add_record": {
        const record = parseRecord(input);
        // The id is ours, so that sending the statement twice stores the record once.
        await query(
          `INSERT INTO records (id, player, words_per_minute, accuracy, text_id, played_at)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
          [record.id, record.player, record.words_per_minute, record.accuracy, record.text_id, record.time],
        );
        return [201, { record }];
      }
      case "get_records": {
        const { player, limit } = parsePlayerQuery(input);
        const records = await query(
          `SELECT ${COLUMNS} FROM records WHERE player = $1 ORDER BY played_at DESC, id LIMIT $2`,
          [player, limit],
        );
        return [200, { player, records }];
      }
      case "get_leaderboard": {
        const { limit } = parseLeaderboardQuery(input);
        // A player's best: the fastest, then the most accurate, then whoever got there first.
        const best = await query(
          `SELECT * FROM (
             SELECT DISTINCT ON (player) ${COLUMNS} FROM records
             ORDER BY player, words_per_minute DESC, accuracy DESC, played_at, id
           ) AS best
           ORDER BY words_per_minute DESC, accuracy DESC, "time", id LIMIT $1`,
          [limit],
        );
        return [200, { leaderboard: best.map((record, index) => ({ rank: index + 1, ...record })) }];
      }
    }
  }

  private refuse(error: unknown): APIGatewayProxyStructuredResultV2 {
    if (error instanceof BadRequest) {
      this.log.info("refused", { status: error.status, reason: error.message });
      return reply(error.status, { error: error.message });
    }
    if (error instanceof Unavailable) {
      this.log.error(error.message, { status: 503, error: describe(error) });
      return reply(503, { error: "the records' database can't be reached; try again later" });
    }
    this.log.error("the call failed", { status: 500, error: describe(error) });
    return reply(500, { error: "internal error" });
  }
}

function reply(statusCode: number, body: object): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: { "content-type": "application/json", "cache-control": "no-store" },
    body: JSON.stringify(body),
  };
}
