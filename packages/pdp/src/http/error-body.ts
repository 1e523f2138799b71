/** Every error of the HTTP API has this body; the data API's `errors` follows OPA's form. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly [extra: string]: unknown;
}

/** An answer that is an error: thrown by handlers, turned into a response at one place. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly code: string;
  readonly extra: Readonly<Record<string, unknown>>;
  /** The message could not be read: to be put on record before it is answered. */
  readonly malformed: boolean;

  constructor(
    status: number,
    code: string,
    message: string,
    extra: Readonly<Record<string, unknown>> = {},
    malformed = false,
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.extra = extra;
    this.malformed = malformed;
  }

  get body(): ErrorBody {
    return { code: this.code, message: this.message, ...this.extra };
  }
}
