const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;
type Level = (typeof LEVELS)[number];
type Fields = Record<string, unknown>;

/**
 * Writes one JSON object per line. `timestamp` and `level` are the names by which Lambda's JSON logging filters a
 * line that is JSON already (https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html).
 */
export class Log {
  private readonly threshold: number;
  private context: Fields = {};

  constructor(
    level: string | undefined,
    private readonly write: (line: string) => void = (line) => void process.stdout.write(line),
  ) {
    const wanted = LEVELS.indexOf(level?.toUpperCase() as Level);
    this.threshold = wanted < 0 ? LEVELS.indexOf("INFO") : wanted;
  }

  /** Fields that every line carries from now on: a container handles one invocation at a time. */
  setContext(context: Fields): void {
    this.context = context;
  }

  info(message: string, fields: Fields = {}): void {
    this.line("INFO", message, fields);
  }

  warn(message: string, fields: Fields = {}): void {
    this.line("WARN", message, fields);
  }

  error(message: string, fields: Fields = {}): void {
    this.line("ERROR", message, fields);
  }

  private line(level: Level, message: string, fields: Fields): void {
    if (LEVELS.indexOf(level) < this.threshold) return;
    const line = { timestamp: new Date().toISOString(), level, message, ...this.context, ...fields };
    this.write(`${JSON.stringify(line)}\n`);
  }
}

/** An error as the log shows it: what happened and where, down to the first cause. */
export function describe(error: unknown): Fields {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code } = error as { code?: unknown };
  return {
    name: error.name,
    message: error.message,
    ...(typeof code === "string" ? { code } : {}),
    ...(error.cause === undefined ? { stack: error.stack } : { cause: describe(error.cause) }),
  };
}
