import { randomUUID } from "node:crypto";

import { BadRequest } from "./errors";
import { cut, fault, type Input } from "./input";

/** One finished game. `accuracy` is in percent, `time` the moment at which the game ended (ISO 8601, UTC). */
export interface GameRecord {
  readonly id: string;
  readonly player: string;
  readonly words_per_minute: number;
  readonly accuracy: number;
  readonly text_id: string;
  readonly time: string;
}

const PLAYER_LENGTH = 64;
const WORDS_PER_MINUTE_MOST = 500; // sprints on record end well below
const CLOCK_SKEW_MS = 5 * 60_000;
const LIMIT_MOST = 100;

/** Reads a record out of what a caller sent; the time is now unless it is given. All faults are told at once. */
export function parseRecord(input: Input, now: Date = new Date()): GameRecord {
  const fields = new Fields(input, ["player", "words_per_minute", "accuracy", "text_id", "time"]);
  const record = {
    id: randomUUID(),
    player: fields.player(),
    words_per_minute: fields.number("words_per_minute", WORDS_PER_MINUTE_MOST),
    accuracy: fields.number("accuracy", 100),
    text_id: fields.textId(),
    time: fields.time(now),
  };
  fields.refuseFaults();
  return record;
}

export function parsePlayerQuery(input: Input): { player: string; limit: number } {
  const fields = new Fields(input, ["player", "limit"]);
  const query = { player: fields.player(), limit: fields.limit(20) };
  fields.refuseFaults();
  return query;
}

export function parseLeaderboardQuery(input: Input): { limit: number } {
  const fields = new Fields(input, ["limit"]);
  const query = { limit: fields.limit(10) };
  fields.refuseFaults();
  return query;
}

/** Reads fields one by one and collects what is wrong with them. */
class Fields {
  private readonly faults: string[] = [];

  constructor(
    private readonly input: Input,
    allowed: readonly string[],
  ) {
    const unknown = Object.keys(input).filter((name) => !allowed.includes(name));
    if (unknown.length > 0) this.faults.push(`unknown fields: ${cut(unknown.join(", "))}; known are ${allowed.join(", ")}`);
  }

  player(): string {
    const value = this.input.player;
    const player = typeof value === "string" && isWellFormed(value) ? value.normalize("NFC").trim() : "";
    if (player === "" || [...player].length > PLAYER_LENGTH || /\p{Cc}/u.test(player)) {
      this.fault("player", `a name of 1 to ${PLAYER_LENGTH} characters`);
    }
    return player;
  }

  textId(): string {
    const value = this.input.text_id;
    if (typeof value === "string" && /^[A-Za-z0-9_-]{1,64}$/.test(value)) return value;
    this.fault("text_id", "1 to 64 letters, digits, '-' or '_'");
    return "";
  }

  number(name: string, most: number): number {
    const value = this.input[name];
    if (typeof value === "number" && value >= 0 && value <= most) return value;
    this.fault(name, `a number from 0 to ${most}`);
    return 0;
  }

  time(now: Date): string {
    const value = this.input.time;
    if (value === undefined) return now.toISOString();
    const zoned = typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(value);
    const time = new Date(zoned && isDay(value.slice(0, 10)) ? value : Number.NaN);
    if (!(time.getTime() >= 0 && time.getTime() <= now.getTime() + CLOCK_SKEW_MS)) {
      this.fault("time", "a moment in the past as ISO 8601 with its zone, such as 2026-01-31T12:00:00Z");
      return "";
    }
    return time.toISOString();
  }

  limit(otherwise: number): number {
    const value = this.input.limit;
    if (value === undefined) return otherwise;
    const limit = typeof value === "string" && /^\d{1,3}$/.test(value) ? Number(value) : value;
    if (typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= LIMIT_MOST) return limit;
    this.fault("limit", `a whole number from 1 to ${LIMIT_MOST}`);
    return otherwise;
  }

  refuseFaults(): void {
    if (this.faults.length > 0) throw new BadRequest(this.faults.join("; "));
  }

  private fault(name: string, allowed: string): void {
    this.faults.push(fault(name, this.input[name], allowed));
  }
}

/** False for a day that no month has: `Date` takes 02-31 for 03-03. */
function isDay(day: string): boolean {
  return new Date(day).getUTCDate() === Number(day.slice(8));
}

/** False for half a surrogate pair, which no database stores. (`String.isWellFormed` has no type in ES2023.) */
function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}
