import { BadRequest } from "./errors";
import { readRequest } from "./http_event";
import { cut, fault, isObject, type Input } from "./input";

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
  return "requestContext" in event ? readHttp(event) : readDirect(event);
}

function readDirect({ action, ...input }: Input): Call {
  const operation = OPERATIONS.find((name) => name === action);
  if (operation === undefined) throw new BadRequest(fault("action", action, `one of ${OPERATIONS.join(", ")}`));
  return { operation, input };
}

function readHttp(event: Input): Call {
  const { method, path, query, body } = readRequest(event);
  const methods = ROUTES.get(path);
  if (methods === undefined) throw new BadRequest(`nothing is at ${cut(path)}`, 404);
  const operation = methods.get(method);
  if (operation === undefined) {
    throw new BadRequest(`${path} takes ${[...methods.keys()].join(" and ")}, not ${cut(method)}`, 405);
  }
  return { operation, input: method === "POST" ? readJsonObject(body) : query };
}

function readJsonObject(body: string): Input {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new BadRequest("the body is not JSON");
  }
  if (!isObject(parsed)) throw new BadRequest("the body must be a JSON object");
  return parsed;
}
