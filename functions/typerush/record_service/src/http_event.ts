import { isUtf8 } from "node:buffer";

import { BadRequest } from "./errors";
import { fault, isObject, type Input } from "./input";

/** What is asked by HTTP: the path is without stage and closing slash, the body is decoded. */
export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: Input;
  readonly body: string;
}

/**
 * Reads an event of an HTTP API or a function URL (payload 2.0,
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html).
 *
 * @throws BadRequest, which names the field, for anything else
 */
export function readRequest(event: Input): Request {
  const about = object(event.requestContext, "requestContext");
  const http = object(about.http, "requestContext.http");
  const stage = string(about.stage ?? "$default", "requestContext.stage");
  const path = string(http.path, "requestContext.http.path");
  strings(event.headers ?? {}, "headers");
  return {
    method: string(http.method, "requestContext.http.method"),
    path: withoutClosingSlash(belowStage(path, stage)),
    query: strings(event.queryStringParameters ?? {}, "queryStringParameters"),
    body: readBody(event),
  };
}

/** A stage other than $default is the first part of the path. */
function belowStage(path: string, stage: string): string {
  return path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : path;
}

function withoutClosingSlash(path: string): string {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

function readBody(event: Input): string {
  const body = string(event.body ?? "", "body");
  const encoded = event.isBase64Encoded ?? false;
  if (typeof encoded !== "boolean") throw new BadRequest(fault("isBase64Encoded", encoded, "true or false"));
  if (!encoded) return body;
  const bytes = Buffer.from(body, "base64"); // passes over what isn't base64
  if (bytes.toString("base64") !== body) throw new BadRequest("the body is not base64, as isBase64Encoded says it is");
  if (!isUtf8(bytes)) throw new BadRequest("the body is not UTF-8");
  return bytes.toString();
}

function object(value: unknown, name: string): Input {
  if (isObject(value)) return value;
  throw new BadRequest(fault(name, value, "an object, as in events of payload 2.0"));
}

function string(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new BadRequest(fault(name, value, "a string"));
}

function strings(value: unknown, name: string): Input {
  const given = object(value, name);
  for (const [key, item] of Object.entries(given)) string(item, `${name}.${key.slice(0, 80)}`);
  return given;
}
