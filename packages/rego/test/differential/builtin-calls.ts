import fc from 'fast-check';
import type { Builtin, BuiltinType } from '../../src/builtins/index.ts';
import { BUILTINS } from '../../src/builtins/index.ts';
import type { Value } from '../../src/index.ts';
import { objectEntries, RegoSet, toJson, typeName } from '../../src/index.ts';
import { operands } from '../builtins/argument-generators.ts';
import type { Kind } from './kind.ts';
import { fits, kindOf } from './kind.ts';
import type { Random } from './random.ts';

/** Builtins that are not called by name in generated programs. */
export const NOT_CALLED: Readonly<Record<string, string>> = {
  eq: 'written as `=`',
  print: 'written as a statement',
  'internal.print': 'called by the compiler',
  'internal.test_case': 'called by the compiler',
  'internal.template_string': 'written as a template string',
  'internal.member_2': 'written as `in`',
  'internal.member_3': 'written as `in`',
  walk: 'written as a statement',
  'opa.runtime': 'depends on the host',
  'rand.intn': 'random',
  'uuid.rfc4122': 'random',
  'io.jwt.encode_sign': 'signatures of some algorithms differ each time',
  'io.jwt.encode_sign_raw': 'signatures of some algorithms differ each time',
};

/** Grow with the value of an operand: only operands made for them. */
const UNBOUNDED = new Set(['numbers.range', 'numbers.range_step', 'bits.lsh', 'net.cidr_expand']);

export const CALLED: readonly Builtin[] = Object.values(BUILTINS).filter(
  ({ name, infix }) => NOT_CALLED[name] === undefined && infix === undefined,
);

const SAMPLES = 48;

/** Operands for builtins by name, the same for the same seed. */
export class OperandSource {
  readonly #samples = new Map<string, Value[][]>();
  readonly #seed: number;
  #round = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Operands that were made for a builtin. */
  take(builtin: Builtin): readonly Value[] {
    let samples = this.#samples.get(builtin.name);
    if (samples === undefined || samples.length === 0) {
      this.#round += 1;
      samples = fc.sample(operands(builtin), { seed: this.#seed * 31 + this.#round, numRuns: SAMPLES });
      this.#samples.set(builtin.name, samples);
    }
    return samples.pop()!;
  }
}

export function isUnbounded(builtin: Builtin): boolean {
  return UNBOUNDED.has(builtin.name);
}

/** A builtin that gives a kind; one that gives anything where none does. */
export function builtinGiving(random: Random, kind: Kind, isAllowed: (one: Builtin) => boolean): Builtin {
  const allowed = CALLED.filter((one) => isAllowed(one) && one.result !== undefined);
  if (kind === 'any') return random.pick(allowed);
  const giving = allowed.filter(({ result }) => fits(kindOf(result!), kind));
  return random.pick(giving.length > 0 ? giving : allowed);
}

/** A value as a Rego literal. */
export function literalOf(value: Value): string {
  if (value instanceof RegoSet) {
    const members = value.sorted().map(literalOf);
    return members.length === 0 ? 'set()' : `{${members.join(', ')}}`;
  }
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(literalOf).join(', ')}]`;
  if (typeName(value) === 'object') {
    const entries = objectEntries(value as never) as Iterable<readonly [Value, Value]>;
    return `{${[...entries].map(([key, held]) => `${literalOf(key)}: ${literalOf(held)}`).join(', ')}}`;
  }
  return toJson(value);
}

/** Whether OPA's type checker lets a literal stand for an operand of a declared type. */
export function isOfType(value: Value, declared: BuiltinType): boolean {
  const name = typeName(value);
  switch (declared.type) {
    case 'any':
      return !('of' in declared) || declared.of.some((one) => isOfType(value, one));
    case 'array': {
      if (name !== 'array') return false;
      const items = value as readonly Value[];
      if (declared.static !== undefined) {
        return (
          items.length === declared.static.length &&
          declared.static.every((type, at) => isOfType(items[at]!, type))
        );
      }
      return declared.dynamic === undefined || items.every((item) => isOfType(item, declared.dynamic!));
    }
    case 'set':
      return name === 'set' && (value as RegoSet).sorted().every((member) => isOfType(member, declared.of));
    case 'object':
      return name === 'object' && declared.static === undefined && isObjectOf(value, declared.dynamic);
    default:
      return name === declared.type;
  }
}

function isObjectOf(
  value: Value,
  dynamic: { readonly key: BuiltinType; readonly value: BuiltinType } | undefined,
): boolean {
  if (dynamic === undefined) return true;
  const entries = objectEntries(value as never) as Iterable<readonly [Value, Value]>;
  return [...entries].every(([key, held]) => isOfType(key, dynamic.key) && isOfType(held, dynamic.value));
}

/** Whether JSON can hold a value as it is. */
export function isJson(value: Value): boolean {
  if (value instanceof RegoSet) return false;
  if (Array.isArray(value)) return (value as readonly Value[]).every(isJson);
  if (typeName(value) !== 'object') return true;
  const entries = objectEntries(value as never) as Iterable<readonly [Value, Value]>;
  return [...entries].every(([key, held]) => typeof key === 'string' && isJson(held));
}
