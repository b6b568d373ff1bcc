/** What a caller sent, or a part of it: any JSON object. */
export type Input = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Input {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Says what is wrong with a field: "accuracy must be a number from 0 to 100, not 101". */
export function fault(name: string, value: unknown, allowed: string): string {
  return value === undefined ? `${name} is missing: ${allowed}` : `${name} must be ${allowed}, not ${shown(value)}`;
}

/** A caller's text, short enough for an error. */
export function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** A caller's value; of lists and objects, which may be deeper than can be written, the kind. */
function shown(value: unknown): string {
  if (isObject(value)) return "an object";
  return Array.isArray(value) ? "a list" : cut(JSON.stringify(value));
}
