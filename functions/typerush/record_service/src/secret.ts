import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

import { Unavailable } from "./errors";

/** How to reach the database, in the form in which RDS keeps it in Secrets Manager; `ca` (PEM) is our addition. */
export interface DatabaseSecret {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly dbname: string;
  readonly ca?: string;
}

/**
 * Reads the secret's text. Port and database have the defaults of RDS's own secrets
 * (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html).
 * Errors name the field and never show a value.
 */
export function parseSecret(text: string | undefined): DatabaseSecret {
  let fields: Record<string, unknown>;
  try {
    fields = { ...(JSON.parse(text ?? "") as object) };
  } catch {
    throw new Unavailable("the database secret is not a JSON object"); // the parser's own message quotes the secret
  }
  const string = (name: string, otherwise?: string): string => {
    const value = fields[name] ?? otherwise;
    if (typeof value === "string" && value !== "") return value;
    throw new Unavailable(`the database secret has no ${name} (a string that isn't empty)`);
  };
  const port = Number(fields.port ?? 5432);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Unavailable("the database secret's port is not a number from 1 to 65535");
  }
  return {
    host: string("host"),
    port,
    username: string("username"),
    password: string("password"),
    dbname: string("dbname", "postgres"),
    ...(fields.ca === undefined ? {} : { ca: string("ca") }),
  };
}

/** Fetches the current version of the secret named by DB_SECRET_ARN. */
export class SecretReader {
  private client: SecretsManagerClient | undefined;

  constructor(private readonly arn: string | undefined) {}

  async read(): Promise<DatabaseSecret> {
    if (!this.arn) throw new Unavailable("DB_SECRET_ARN is not set: it names the secret with the database's address");
    this.client ??= new SecretsManagerClient({
      maxAttempts: 2,
      requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
    });
    let text: string | undefined;
    try {
      ({ SecretString: text } = await this.client.send(new GetSecretValueCommand({ SecretId: this.arn })));
    } catch (error) {
      const denied = error instanceof Error && error.name === "AccessDeniedException";
      throw new Unavailable(
        `secretsmanager:GetSecretValue on ${this.arn} ${denied ? "is denied to the function's role" : "failed"}`,
        error,
      );
    }
    return parseSecret(text);
  }
}
