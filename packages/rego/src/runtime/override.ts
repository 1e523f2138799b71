import { isObject } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import { replaceAt } from './collections.ts';
import { EvaluationFault } from './fault.ts';
import type { Mock, Run, Scope } from './run.ts';
import { newMemo } from './run.ts';

/** A scope that a `with` is still making. */
export type ScopeDraft = { -readonly [K in keyof Scope]: Scope[K] };

/** A scope inside the present one: sees the same, remembers nothing yet. */
export function innerScope(run: Run): ScopeDraft {
  const outer = run.scope;
  return { ...outer, outer, memo: newMemo(run.groupCount), keyed: undefined };
}

/** `with input.path as value` */
export function overrideInput(draft: ScopeDraft, path: readonly string[], value: Value): void {
  draft.input = replaceAt(draft.input, path, value);
}

/** `with data.path as value` */
export function overrideData(draft: ScopeDraft, path: readonly string[], value: Value): void {
  if (path.length === 0 && !isObject(value)) {
    throw new EvaluationFault('eval_with_merge_error', 'real and replacement data could not be merged');
  }
  draft.data = replaceAt(draft.data, path, value);
  draft.replaced = [...(draft.replaced ?? []), path];
}

/** `with f as …` */
export function overrideCall(draft: ScopeDraft, key: string, mock: Mock): void {
  draft.mocks = new Map(draft.mocks).set(key, mock);
}
