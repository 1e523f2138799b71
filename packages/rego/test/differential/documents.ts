import type { Kind } from './kind.ts';
import { arrayOf, objectOf } from './kind.ts';
import type { Random } from './random.ts';

/** Numbers as text: nothing whose value a double, a 32-bit or a 64-bit integer holds differently is missing. */
export const NUMBER_TEXTS: readonly string[] = [
  ...['0', '1', '2', '3', '4', '5', '7', '10', '-1', '-2', '-7', '100', '255', '0.5', '1.5', '2.5', '-0.5'],
  ...['0.1', '0.2', '3.14159', '2147483647', '2147483648', '-2147483649', '4294967296', '9007199254740991'],
  ...['9007199254740993', '18446744073709551616', '12345678901234567890', '-9223372036854775808'],
  ...['100000000000000000000000000000000000', '0.1234567890123456789', '99999999999999999999.5'],
];

const COMMON_NUMBERS: readonly string[] = ['0', '1', '2', '3', '4', '-1', '1.5'];

/** Strings of all sorts; the first are the usual ones. */
export const STRING_VALUES: readonly string[] = [
  ...['a', 'b', 'c', 'ab', 'abc', '', 'x', 'a.b', 'a/b', 'A', '0', '1', 'true', 'hello world', 'a,b,c'],
  ...[
    'ä',
    'grüße',
    '😀',
    'a😀b',
    '\u{10ffff}',
    '\uffff',
    '\u0000',
    '\n',
    '\t"\\',
    'e\u0301',
    '\u2028',
    '$x{1}',
  ],
  ...['__proto__', 'constructor', 'toString', '10', '2', 'İ', 'ß', '\u202eabc', '%s', '{', '}', 'null', ' '],
];

export function numberText(random: Random): string {
  if (random.chance(0.6)) return random.pick(COMMON_NUMBERS);
  return random.pick(NUMBER_TEXTS);
}

export function stringValue(random: Random): string {
  return random.chance(0.65) ? STRING_VALUES[random.below(6)]! : random.pick(STRING_VALUES);
}

export function scalarText(random: Random): string {
  return random.weighted([
    [4, () => numberText(random)],
    [4, () => JSON.stringify(stringValue(random))],
    [1, () => random.pick(['true', 'false', 'null'])],
  ]);
}

function arrayText(random: Random, item: () => string): string {
  return `[${random.times(0, 4, item).join(',')}]`;
}

function objectText(random: Random, value: () => string): string {
  const keys = ['a', 'b', 'c', ...random.times(0, 1, () => stringValue(random))];
  const kept = [...new Set(keys)].filter(() => random.chance(0.7));
  return `{${kept.map((key) => `${JSON.stringify(key)}:${value()}`).join(',')}}`;
}

/** Any JSON, as text. */
export function anyJson(random: Random, depth = 2): string {
  if (depth === 0 || random.chance(0.4)) return scalarText(random);
  return random.chance(0.5)
    ? arrayText(random, () => anyJson(random, depth - 1))
    : objectText(random, () => anyJson(random, depth - 1));
}

interface Field {
  readonly name: string;
  readonly kind: Kind;
  readonly make: (random: Random) => string;
}

function userText(random: Random): string {
  const fields = [
    `"id":${JSON.stringify(random.pick(['a', 'b', 'c', 'd']))}`,
    `"n":${numberText(random)}`,
    `"tags":${arrayText(random, () => JSON.stringify(stringValue(random)))}`,
    `"on":${random.pick(['true', 'false'])}`,
  ];
  return `{${fields.filter(() => random.chance(0.9)).join(',')}}`;
}

/** What inputs and base documents hold, as a rule; now and then a field is missing or holds anything. */
const FIELDS: readonly Field[] = [
  { name: 'n', kind: 'number', make: numberText },
  { name: 'm', kind: 'number', make: numberText },
  { name: 's', kind: 'string', make: (random) => JSON.stringify(stringValue(random)) },
  { name: 't', kind: 'string', make: (random) => JSON.stringify(stringValue(random)) },
  { name: 'b', kind: 'boolean', make: (random) => random.pick(['true', 'false']) },
  { name: 'l', kind: arrayOf('number'), make: (random) => arrayText(random, () => numberText(random)) },
  {
    name: 'w',
    kind: arrayOf('string'),
    make: (random) => arrayText(random, () => JSON.stringify(stringValue(random))),
  },
  { name: 'o', kind: objectOf('number'), make: (random) => objectText(random, () => numberText(random)) },
  {
    name: 'p',
    kind: objectOf('string'),
    make: (random) => objectText(random, () => JSON.stringify(stringValue(random))),
  },
  { name: 'u', kind: arrayOf('any'), make: (random) => arrayText(random, () => userText(random)) },
  {
    name: 'g',
    kind: objectOf('any'),
    make: (random) =>
      `{"a":{"b":{"c":${numberText(random)},"d":${arrayText(random, () => scalarText(random))}}},"e":${anyJson(random)}}`,
  },
  { name: 'x', kind: 'any', make: (random) => anyJson(random) },
  { name: 'y', kind: 'any', make: (random) => anyJson(random, 3) },
];

/** A path below `input` or `data.d`, with the kind of what usually lies there. */
export interface DocumentPath {
  readonly steps: string;
  readonly kind: Kind;
}

export const PATHS: readonly DocumentPath[] = [
  ...FIELDS.map(({ name, kind }) => ({ steps: `.${name}`, kind })),
  { steps: '["n"]', kind: 'number' },
  { steps: '.l[0]', kind: 'number' },
  { steps: '.l[1]', kind: 'number' },
  { steps: '.w[0]', kind: 'string' },
  { steps: '.o.a', kind: 'number' },
  { steps: '.o.b', kind: 'number' },
  { steps: '.p.a', kind: 'string' },
  { steps: '.u[0].id', kind: 'string' },
  { steps: '.u[0].n', kind: 'number' },
  { steps: '.u[1].tags', kind: arrayOf('string') },
  { steps: '.u[0].on', kind: 'boolean' },
  { steps: '.g.a.b.c', kind: 'number' },
  { steps: '.g.a.b.d', kind: arrayOf('any') },
  { steps: '.g.a', kind: objectOf('any') },
  { steps: '.g.e', kind: 'any' },
  { steps: '.x.a', kind: 'any' },
  { steps: '.x[0]', kind: 'any' },
  { steps: '.none', kind: 'any' },
  { steps: '.n.a', kind: 'any' },
];

/** The members of an object, as JSON text without braces. */
export function documentFields(random: Random): string[] {
  return FIELDS.filter(() => random.chance(0.93)).map(
    ({ name, make }) => `${JSON.stringify(name)}:${random.chance(0.06) ? anyJson(random) : make(random)}`,
  );
}
