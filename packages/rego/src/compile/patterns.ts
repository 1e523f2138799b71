import type { Pattern } from '../plan/plan.ts';
import type { Code } from './code.ts';
import { code, nameOf } from './code.ts';
import type { Emitter, Fail } from './emitter.ts';
import { equality } from './inline-builtins.ts';
import { emitDefined } from './values.ts';

type PatternEmitter<K extends Pattern['op']> = (
  emitter: Emitter,
  pattern: Extract<Pattern, { op: K }>,
  value: Code,
  fail: Fail,
  ordered: boolean,
) => void;

const EMITTERS: { readonly [K in Pattern['op']]: PatternEmitter<K> } = {
  any: () => undefined,
  bind: (emitter, { slot }, value) => emitter.write(code`${nameOf('slot', slot)} = ${value};`),
  check: (emitter, pattern, value, fail, ordered) => {
    const expected = emitDefined(emitter, pattern.value, fail, ordered);
    emitter.write(code`if (!(${equality([expected, value], [pattern.value])})) ${fail}`);
  },
  array: (emitter, { items }, value, fail, ordered) => {
    emitter.write(code`if (!isArray(${value}) || ${value}.length !== ${items.length}) ${fail}`);
    items.forEach((item, index) => {
      if (item.op === 'any') return;
      emitPattern(emitter, item, emitter.hold(code`${value}[${index}]`), fail, ordered);
    });
  },
  object: (emitter, { entries }, value, fail, ordered) => {
    emitter.write(code`if (!isObject(${value}) || objectSize(${value}) !== ${entries.length}) ${fail}`);
    for (const [key, inner] of entries) {
      const name = emitDefined(emitter, key, fail, ordered);
      const found = emitter.hold(code`objectGet(${value}, ${name})`);
      emitter.write(code`if (${found} === undefined) ${fail}`);
      emitPattern(emitter, inner, found, fail, ordered);
    }
  },
};

/** Writes what takes a value apart; `value` is a name or constant. Where it does not fit, the code jumps to `fail`. */
export function emitPattern(
  emitter: Emitter,
  pattern: Pattern,
  value: Code,
  fail: Fail,
  ordered: boolean,
): void {
  const emit = EMITTERS[pattern.op] as (
    emitter: Emitter,
    pattern: Pattern,
    value: Code,
    fail: Fail,
    ordered: boolean,
  ) => void;
  emit(emitter, pattern, value, fail, ordered);
}
