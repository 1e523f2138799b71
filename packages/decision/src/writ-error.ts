import type { Reason } from './contract.ts';
import { isReasonCodeOfWrit, REASON_TABLE, type ReasonCode } from './reason-codes.ts';

/**
 * Base class of what Writ throws: for bugs and cancellation, and where a caller asked for exceptions. `code` is
 * machine-readable, `publicMessage` may be shown to a stranger, `message` and `cause` are for operators.
 */
export class WritError<Code extends string = string> extends Error {
  override readonly name: string = 'WritError';
  readonly code: Code;
  readonly publicMessage: string;

  constructor(code: Code, message: string, options: ErrorOptions & { readonly publicMessage?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.publicMessage =
      options.publicMessage ?? (isReasonCodeOfWrit(code) ? REASON_TABLE[code].sentence : code);
  }
}

/** A reason with Writ's own code; the message defaults to the code's sentence. */
export function writReason(code: ReasonCode, message?: string): Reason {
  return { code, message: message ?? REASON_TABLE[code].sentence, outcome: 'deny' };
}

/**
 * The one coercion of whatever was thrown into a reason to deny. What is not a `WritError` with a code of Writ's own
 * becomes `fallback`, and its text is not passed on.
 */
export function denyReasonFrom(thrown: unknown, fallback: ReasonCode = 'internal_error'): Reason {
  if (thrown instanceof WritError && isReasonCodeOfWrit(thrown.code)) {
    const code = thrown.code;
    if (REASON_TABLE[code].category !== 'granted') return writReason(code, thrown.publicMessage);
  }
  return writReason(fallback);
}
