import { checkStrictValue, describeProblems, type ReasonCode, type Validation } from '@writ/decision';

/** A call as it may be worked on, or why not. */
export type Admission<Call> =
  | { readonly ok: true; readonly call: Call }
  | { readonly ok: false; readonly code: ReasonCode; readonly message: string };

/**
 * Takes a frozen copy of what came, refusing what is not JSON or not exact, then checks its shape. From here on nobody
 * can change what was hashed, decided and forwarded. `accepts` may say first, and faster, that the shape is right.
 */
export function admit<Call>(
  given: unknown,
  validate: (value: unknown) => Validation<Call>,
  accepts?: (value: unknown) => value is Call,
): Admission<Call> {
  const read = checkStrictValue(given);
  if (!read.ok) {
    const place = read.pointer === '' ? 'the call' : `\`${read.pointer}\``;
    return { ok: false, code: read.code, message: `${place}: ${read.message}` };
  }
  const value: unknown = read.value;
  if (accepts?.(value) === true) return { ok: true, call: value };
  const checked = validate(value);
  if (checked.ok) return { ok: true, call: checked.value };
  return { ok: false, code: 'request_invalid', message: describeProblems(checked.problems) };
}
