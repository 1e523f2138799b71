import type { CompiledGroup } from '../eval/backend.ts';
import type { Run } from '../runtime/run.ts';
import { lookup } from '../value/index.ts';
import type { Value } from '../value/value.ts';

/** What the generated code of a directly generated group consists of. */
export interface GeneratedGroup {
  /** The group's value, remembered; undefined for functions with arguments. */
  value(run: Run): Value | undefined;
  call(run: Run, ...args: readonly Value[]): Value | undefined;
}

export function compiledGroup({ value, call }: GeneratedGroup): CompiledGroup {
  return {
    value,
    member: (run, key) => lookup(value(run), key),
    call: call === undefined ? () => undefined : (run: Run, args: readonly Value[]) => call(run, ...args),
  };
}
