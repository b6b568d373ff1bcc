import type { APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";

import { connect } from "./connection";
import { Database } from "./database";
import { Log } from "./log";
import { SecretReader } from "./secret";
import { RecordService } from "./service";

const log = new Log(process.env.LOG_LEVEL);
const secrets = new SecretReader(process.env.DB_SECRET_ARN);
const database = new Database({ readSecret: () => secrets.read(), connect, log });
const service = new RecordService(database, log);

export const handler = (event: unknown, context: Context): Promise<APIGatewayProxyStructuredResultV2> =>
  service.answer(event, context);
