import { type ActionResult, canonicalJson, checkStrictValue, type Json } from '@writ/decision';

/** A tool's return value as policies and the record see it. */
export type ShownResult =
  | {
      readonly ok: true;
      readonly result: ActionResult;
      readonly release: (released: ActionResult | undefined) => unknown;
    }
  | { readonly ok: false; readonly message: string };

const RESULT_LIMITS = { sizeBytesMax: 8 * 1024 * 1024, depthMax: 256 };

/**
 * Shows a return value as JSON: a text as `content`, anything else as `structured`. `release` gives the caller what
 * may be let out: the value itself where nothing was changed, else what the decision point left of it. What cannot
 * be shown (streams, functions, cycles) cannot be checked, so it is not released either.
 */
export function showResult(returned: unknown): ShownResult {
  if (returned === undefined) return shown({}, returned);
  if (typeof returned === 'string') return shown({ content: returned.toWellFormed() }, returned);
  if (typeof returned === 'function' || isStream(returned)) {
    return { ok: false, message: 'the tool returned a stream or a function, which cannot be checked' };
  }
  const value = asJson(returned);
  return value === undefined
    ? { ok: false, message: 'the tool returned what is not JSON, which cannot be checked' }
    : shown({ structured: value }, returned);
}

function shown(result: ActionResult, returned: unknown): ShownResult {
  const text = canonicalJson(result as Json);
  const release = (released: ActionResult | undefined): unknown => {
    if (released === undefined || canonicalJson(released as Json) === text) return returned;
    return released.structured ?? released.content;
  };
  return { ok: true, result, release };
}

function isStream(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && (Symbol.asyncIterator in value || 'getReader' in value)
  );
}

function asJson(value: unknown): Json | undefined {
  const checked = checkStrictValue(value, RESULT_LIMITS);
  if (checked.ok) return checked.value;
  try {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) return undefined;
    const again = checkStrictValue(JSON.parse(text.toWellFormed()), RESULT_LIMITS);
    return again.ok ? again.value : undefined;
  } catch {
    return undefined;
  }
}

/** What the record keeps of an exception that a tool threw. */
export function showError(thrown: unknown): ActionResult {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return { is_error: true, content: text.slice(0, 4000).toWellFormed() };
}
