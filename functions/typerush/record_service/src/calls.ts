import type { APIGatewayProxyEventV2 } from "aws-lambda";

import { BadRequest } from "./errors";
import type { Input } from "./records";

const OPERATIONS = ["health", "add_record", "get_records", "get_leaderboard"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What is asked of the service, whichever way it was asked. */
export interface Call {
  readonly operation: Operation;
  readonly input: Input;
}

const ROUTES = new Map<string, Map<string, Operation>>([
  ["/health", new Map([["GET", "health"]])],
  ["/records/health", new Map([["GET", "health"]])],
  ["/records", new Map([["GET", "get_records"], ["POST", "add_record"]])],
  ["/records/leaderboard", new Map([["GET", "get_leaderboard"]])],
]);

/** Reads a direct invocation ({"action": ...}) or an event of an HTTP API or a function URL (payload 2.0). */
export function readCall(event: unknown): Call {
  if (!isObject(event)) throw new BadRequest('the event must be a JSON object such as {"action": "health"}');
  return isHttp(event) ? readHttp(event) : readDirect(event);
}

function readDirect({ action, ...input }: Input): Call {
  const operation = OPERATIONS.find((name) => name === action);
  if (operation === undefined) {
    const found = action === undefined ? "is missing" : `${JSON.stringify(action)} is not known`;
    throw new BadRequest(`action ${found}; known are ${OPERATIONS.join(", ")}`);
  }
  return { operation, input };
}

function readHttp(event: APIGatewayProxyEventV2): Call {
  const { method } = event.requestContext.http;
  const path = pathBelowStage(event);
  const methods = ROUTES.get(path);
  if (methods === undefined) throw new BadRequest(`nothing is at ${path}`, 404);
  const operation = methods.get(method);
  if (operation === undefined) {
    throw new BadRequest(`${path} takes ${[...methods.keys()].join(" and ")}, not ${method}`, 405);
  }
  return { operation, input: method === "POST" ? readBody(event) : (event.queryStringParameters ?? {}) };
}

/** A stage other than $default is the first part of the path. */
function pathBelowStage({ requestContext: { stage, http } }: APIGatewayProxyEventV2): string {
  const path = http.path.startsWith(`/${stage}/`) ? http.path.slice(stage.length + 1) : http.path;
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function readBody({ body, isBase64Encoded }: APIGatewayProxyEventV2): Input {
  let parsed: unknown;
  try {
    parsed = JSON.parse(isBase64Encoded ? Buffer.from(body ?? "", "base64").toString() : (body ?? ""));
  } catch {
    throw new BadRequest("the body is not JSON");
  }
  if (!isObject(parsed)) throw new BadRequest("the body must be a JSON object");
  return parsed;
}

function isHttp(event: unknown): event is APIGatewayProxyEventV2 {
  return isObject(event) && isObject(event.requestContext) && isObject(event.requestContext.http);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
