import type { DiagnosticDetails } from '../../syntax/diagnostic.ts';
import type { Value } from '../../value/index.ts';
import { compare, isObject, toJson, valueText } from '../../value/index.ts';
import type { CoreRef, CoreTerm } from '../core.ts';
import { refText, termText } from '../term-text.ts';
import { isUnknown } from './select-types.ts';
import type { FunctionType, MaybeType } from './type.ts';
import { LINE_MAX, outlineText, SHORT_MAX, shortText, typeDifference, width } from './type-difference.ts';
import { typeJson, typeText } from './type-text.ts';
import { unifies } from './unifies.ts';

/** A finding of the checker, in OPA's words. */
export interface TypeFault {
  readonly message: string;
  readonly location: CoreTerm['location'];
  readonly details?: DiagnosticDetails;
  /** It rests on a type that is not known, so that a finding inside of the expression explains it better. */
  readonly vague: boolean;
  /** What the mend is looked for by. */
  readonly candidates?: { readonly given: string; readonly names: readonly string[] };
}

const MATCH_ERROR_PAGE = 'https://www.openpolicyagent.org/docs/errors/rego-type-error/match-error';
const PLURALS: Readonly<Record<string, string>> = { object: 'objects', array: 'arrays', set: 'sets' };

/** Two sides that can never be equal. */
export function matchError(location: CoreTerm['location'], left: MaybeType, right: MaybeType): TypeFault {
  let lines = [`left  : ${typeText(left)}`, `right : ${typeText(right)}`];
  if (isWide(lines)) {
    const [a, b] = typeDifference(left, right);
    lines = [`left  : ${a}`, `right : ${b}`];
  }
  const plural = left?.kind === right?.kind ? PLURALS[left?.kind ?? ''] : undefined;
  if (plural !== undefined) {
    lines.push(
      `hint  : both sides are ${plural} but their types differ, so they can never be equal (see ${MATCH_ERROR_PAGE})`,
    );
  }
  const json = { a: typeJson(left), b: typeJson(right) };
  return {
    message: 'match error',
    location,
    details: { lines, json },
    vague: isUnknown(left) || isUnknown(right),
  };
}

function isWide(lines: readonly string[]): boolean {
  return lines.some((line) => width(line) > LINE_MAX);
}

/** Arguments that a function does not take. `wanted` are its arguments, and its result where it may be given. */
export function argumentError(
  location: CoreTerm['location'],
  name: string,
  problem: string,
  have: readonly MaybeType[],
  callee: FunctionType,
  withResult: boolean,
): TypeFault {
  const wanted = withResult && callee.result !== undefined ? [...callee.args, callee.result] : callee.args;
  const json = {
    have: have.map(typeJson),
    want: {
      ...(wanted.length > 0 && { args: wanted.map((type, index) => namedJson(type, callee.names?.[index])) }),
      ...(callee.variadic !== undefined && { variadic: typeJson(callee.variadic) }),
    },
  };
  return {
    message: `${name}: ${problem}`,
    location,
    details: { lines: argumentLines(have, wanted, callee), json },
    vague: have.some((type) => isUnknown(type)),
  };
}

function namedJson(type: MaybeType, name: string | undefined): unknown {
  const json = typeJson(type);
  return name === undefined || name === '-' || !isRecord(json) ? json : { ...json, name };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function argumentLines(
  have: readonly MaybeType[],
  wanted: readonly MaybeType[],
  { names, variadic }: FunctionType,
): string[] {
  const label = (index: number): string => {
    const name = names?.[index];
    return name === undefined || name === '-' ? '' : `${name}: `;
  };
  const more = (text: string): string[] => (variadic === undefined ? [] : [`${text}...`]);
  const full = wanted.map((type, index) => label(index) + typeText(type));
  const lines = [
    `have: (${have.map(typeText).join(', ')})`,
    `want: (${[...full, ...more(typeText(variadic))].join(', ')})`,
  ];
  if (!isWide(lines)) return lines;
  const mine = have.map(shortText);
  const theirs = wanted.map((type, index) => shortLabelled(label(index), type));
  for (let index = 0; index < Math.min(have.length, wanted.length); index++) {
    const [a, b] = [have[index], wanted[index]];
    if (a !== undefined && b !== undefined && unifies(a, b)) continue;
    const [left, right] = typeDifference(a, b);
    mine[index] = left;
    theirs[index] = label(index) + right;
  }
  return [`have: (${mine.join(', ')})`, `want: (${[...theirs, ...more(shortText(variadic))].join(', ')})`];
}

/** A name counts to the width above which a type is shown by its constructor alone. */
function shortLabelled(label: string, type: MaybeType): string {
  const full = label + typeText(type);
  return width(full) <= SHORT_MAX ? full : label + outlineText(type);
}

/** A function that is named where a value is asked for. */
export function referredFunction(name: string, have: MaybeType, location: CoreRef['location']): TypeFault {
  const lines = [name, '^'.repeat(name.length), `have: ${typeText(have)}`];
  const message = `function ${name} used as reference, not called`;
  return { message, location, details: { lines, json: { have: typeJson(have) } }, vague: false };
}

/** A reference into what has no parts. `position` counts the root as 0 and names what has none. */
export function unsupportedReference(ref: CoreRef, position: number, have: MaybeType): TypeFault {
  const text = refText(ref);
  const isFunction = have?.kind === 'function';
  const last = ref.parts.at(-1);
  const generated = last?.kind === 'variable' && last.variable.origin === 'generated';
  const name = generated ? refText(ref, ref.parts.length - 1) : text;
  return {
    message: isFunction ? `function ${name} used as reference, not called` : `undefined ref: ${text}`,
    location: ref.location,
    details: {
      lines: [text, '^'.repeat(refText(ref, position).length), `have: ${typeText(have)}`],
      json: { ref: refJson(ref), pos: position, have: typeJson(have) },
    },
    vague: false,
  };
}

/** A reference to a part that cannot be there. */
export function invalidReference(
  ref: CoreRef,
  position: number,
  have: MaybeType,
  want: MaybeType,
  oneOf: readonly Value[],
): TypeFault {
  const text = refText(ref);
  const part = ref.parts[position - 1]!;
  const pad = ' '.repeat(refText(ref, position - 1).length + 1);
  const names = oneOf.filter((value) => typeof value === 'string');
  const given = part.kind === 'constant' && typeof part.value === 'string' ? part.value : undefined;
  let wanted = `want (type): ${typeText(want)}`;
  if (oneOf.length > 0) wanted = `want (one of): [${oneOf.map(valueText).join(' ')}]`;
  else if (want === undefined) wanted = 'want (one of): []';
  return {
    message: `undefined ref: ${text}`,
    location: ref.location,
    details: {
      lines: [
        text,
        `${pad}^`,
        pad + (have === undefined ? `have: ${termText(part)}` : `have (type): ${typeText(have)}`),
        pad + wanted,
      ],
      json: {
        ref: refJson(ref),
        pos: position,
        ...(have !== undefined && { have: typeJson(have) }),
        want: typeJson(want),
        oneOf: oneOf.length > 0 ? oneOf.map(valueJson) : null,
      },
    },
    vague: false,
    ...(given !== undefined && { candidates: { given, names } }),
  };
}

function refJson(ref: CoreRef): unknown[] {
  const root =
    typeof ref.root === 'string'
      ? { type: 'var', value: ref.root }
      : { type: 'var', value: termText(ref.root) };
  return [root, ...ref.parts.map(partJson)];
}

function partJson(part: CoreTerm): unknown {
  if (part.kind !== 'constant') return { type: 'var', value: termText(part) };
  return valueJson(part.value);
}

function valueJson(value: Value): unknown {
  const type = value === null ? 'null' : isObject(value) ? 'object' : typeof value;
  return { type, value: JSON.parse(toJson(value)) as unknown };
}

/** Values in order, each once: what a reference could have named. */
export function sortedKeys(keys: Iterable<Value>): Value[] {
  const sorted = [...keys].sort(compare);
  return sorted.filter((key, index) => index === 0 || compare(sorted[index - 1]!, key) !== 0);
}
