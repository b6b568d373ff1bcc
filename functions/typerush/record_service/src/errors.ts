/** What the caller did wrong; its message is the answer. */
export class BadRequest extends Error {
  constructor(
    message: string,
    readonly status: 400 | 404 | 405 = 400,
  ) {
    super(message);
    this.name = "BadRequest";
  }
}

/** Something that this service stands on does not work. The message is for the log only; the caller gets a 503. */
export class Unavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "Unavailable";
  }
}
