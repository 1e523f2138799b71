import fc from 'fast-check';
import type { Builtin, BuiltinType } from '../../src/builtins/index.ts';
import type { Value } from '../../src/value/index.ts';
import { makeObject, numberFromText, RegoSet } from '../../src/value/index.ts';
import { FORMAT_LAYOUTS, PATCH_PATHS, POOLS, STRINGS, ZONES } from './argument-pools.ts';
import { GRAPHQL_POOLS } from './graphql-pools.ts';
import { SCHEMA_POOLS } from './schema-pools.ts';
import { TEMPLATE_POOLS } from './template-pools.ts';
import { TOKEN_POOLS } from './token-pools.ts';

const NUMBERS = [
  '0',
  '1',
  '-1',
  '2',
  '3',
  '7',
  '10',
  '-10',
  '0.5',
  '-0.5',
  '1.5',
  '2.5',
  '-2.5',
  '0.1',
  '0.2',
  '0.3',
  '3.14159',
  '100',
  '255',
  '65536',
  '2147483647',
  '2147483648',
  '-2147483648',
  '4294967296',
  '9007199254740991',
  '9007199254740993',
  '18446744073709551616',
  '1e30',
  '1e-7',
  '123456789.123456789',
  '1700000000000000000',
  '1582977600000000000',
  '0.33333333333333333334',
  '1e100',
  '-9223372036854775808',
  '9223372036854775808',
  '5e-324',
  '16',
  '8',
].map((text) => numberFromText(text)!);

const number: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NUMBERS) },
  { weight: 2, arbitrary: fc.integer({ min: -20, max: 20 }) },
  { weight: 1, arbitrary: fc.integer() },
  { weight: 1, arbitrary: fc.integer({ min: -100_000, max: 100_000 }).map((value) => value / 100) },
);
const string: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...STRINGS) },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
);
const scalar: fc.Arbitrary<Value> = fc.oneof(fc.constant(null), fc.boolean(), number, string);
const member: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.constantFrom('a', 'b', 'c', '0', '10', '9'), scalar, {
      maxKeys: 3,
    }) as fc.Arbitrary<Value>,
  },
);

function object(value: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  const key = fc.constantFrom('a', 'b', 'c', '0', '1', '10', 'a/b', 'ä', '__proto__', '');
  return fc.array(fc.tuple(key, value), { maxLength: 4 }).map((pairs) => makeObject(pairs));
}

/** Values that fit a declared type. JSON only, but for sets, which stand at the top of an operand. */
export function ofType(declared: BuiltinType, depth = 0): fc.Arbitrary<Value> {
  switch (declared.type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'number':
      return number;
    case 'string':
      return string;
    case 'array':
      if (declared.static) return fc.tuple(...declared.static.map((type) => ofType(type, depth + 1)));
      return fc.array(declared.dynamic ? ofType(declared.dynamic, depth + 1) : member, { maxLength: 4 });
    case 'set':
      return fc
        .array(ofType(declared.of, depth + 1), { maxLength: 4 })
        .map((members) => RegoSet.from(members));
    case 'object': {
      const { dynamic } = declared;
      return object(dynamic ? ofType(dynamic.value, depth + 1) : member);
    }
    case 'any':
      if ('of' in declared) {
        const types = depth > 0 ? declared.of.filter((type) => type.type !== 'set') : declared.of;
        return fc.oneof(...types.map((type) => ofType(type, depth)));
      }
      return depth > 0
        ? member
        : fc.oneof(
            member,
            fc.array(member, { maxLength: 4 }),
            object(member),
            fc.array(scalar, { maxLength: 4 }).map((members) => RegoSet.from(members)),
          );
  }
}

const moment: fc.Arbitrary<Value> = fc.oneof(
  fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }).map((ns) => numberFromText(String(ns))!),
  fc.integer({ min: 0, max: 2_000_000_000 }).map((seconds) => numberFromText(`${seconds}000000000`)!),
);
const zonedMoment: fc.Arbitrary<Value> = fc.oneof(moment, fc.tuple(moment, fc.constantFrom(...ZONES)));
const layoutMoment: fc.Arbitrary<Value> = fc.tuple(
  moment,
  fc.constantFrom(...ZONES),
  fc.constantFrom(...FORMAT_LAYOUTS),
);
const patch: fc.Arbitrary<Value> = fc.record(
  {
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'other'),
    path: fc.constantFrom(...PATCH_PATHS),
    from: fc.constantFrom(...PATCH_PATHS),
    value: member,
  },
  { requiredKeys: ['op', 'path', 'from', 'value'] },
) as fc.Arbitrary<Value>;
const document: fc.Arbitrary<Value> = object(
  fc.oneof(member, object(member), fc.array(member, { maxLength: 3 })),
);

const YAML_TEXTS = [
  ...STRINGS,
  ...[
    'yes',
    'Off',
    'y',
    'true',
    'null',
    '~',
    '',
    '1_0',
    '0x1',
    '1:30',
    '2023-01-01',
    '.inf',
    '<<',
    '=',
    '-',
    '- a',
  ],
  ...[
    'a: b',
    'a:b',
    'a #b',
    '#a',
    '?',
    '? a',
    '!x',
    '&x',
    '*x',
    '|',
    '> x',
    '%',
    '@a',
    '`',
    '{a',
    'a}',
    'a, b',
  ],
  ...[
    'line\nbreak',
    'line\n',
    '\nline',
    'a \nb',
    'a\n\n\nb\n\n',
    ' lead',
    'trail ',
    ' lead\nx',
    'tab\tin',
    "it's",
  ],
  ...[
    '---',
    '...',
    '--- a',
    'a\rb',
    'a\u0085b',
    'a\u2028b',
    '\ufeffx',
    '\u007f',
    'x\u0000',
    '\n',
    '\ud83d\ude00',
    '~a',
  ],
];
const YAML_KEYS = [
  'a1',
  'a10',
  'a2',
  'A',
  'a',
  'b',
  '1',
  '10',
  '2',
  'a-b',
  'a_b',
  'ab',
  'a01',
  'x y',
  '',
  'true',
  'ä',
  '.a',
];

/** Operands that types alone do not describe. */
const SPECIAL: Readonly<Record<string, readonly (fc.Arbitrary<Value> | undefined)[]>> = {
  'time.format': [fc.oneof(zonedMoment, layoutMoment)],
  'time.date': [zonedMoment],
  'time.clock': [zonedMoment],
  'time.weekday': [zonedMoment],
  'time.diff': [zonedMoment, zonedMoment],
  'time.add_date': [
    zonedMoment,
    fc.integer({ min: -30, max: 30 }),
    fc.integer({ min: -30, max: 30 }),
    fc.integer({ min: -400, max: 400 }),
  ],
  'json.patch': [document, fc.array(patch, { maxLength: 3 })],
  'json.filter': [document, undefined],
  'json.remove': [document, undefined],
  'object.get': [
    document,
    fc.oneof(string, fc.array(fc.constantFrom<Value>('a', 'b', 0, 1, '0'), { maxLength: 3 })),
    scalar,
  ],
  'object.union': [document, document],
  'object.union_n': [fc.array(document, { maxLength: 4 })],
  'object.subset': [
    fc.oneof(document, fc.array(fc.integer({ max: 3, min: 0 }), { maxLength: 6 })),
    fc.oneof(document, fc.array(fc.integer({ max: 3, min: 0 }), { maxLength: 3 })),
  ],
  'glob.match': [
    undefined,
    fc.constantFrom<Value>(null, [], ['.'], ['/'], [':', '/'], ['ab'], [1]),
    undefined,
  ],
  'numbers.range': [
    fc.integer({ min: -50, max: 50 }),
    fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constant(0.5)),
  ],
  'numbers.range_step': [
    fc.integer({ min: -50, max: 50 }),
    fc.integer({ min: -50, max: 50 }),
    fc.integer({ min: -3, max: 30 }),
  ],
  'bits.lsh': [number, fc.integer({ min: -3, max: 200 })],
  'bits.rsh': [number, fc.integer({ min: -3, max: 200 })],
  'strings.replace_n': [object(fc.constantFrom('', 'x', 'yy')), undefined],
  'graph.reachable': [
    fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 3 }),
    ) as fc.Arbitrary<Value>,
    fc.array(fc.constantFrom('a', 'b', 'e'), { maxLength: 2 }),
  ],
  'graph.reachable_paths': [
    fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 3 }),
    ) as fc.Arbitrary<Value>,
    fc.array(fc.constantFrom('a', 'b', 'e'), { maxLength: 2 }),
  ],
  'providers.aws.sign_req': [
    fc.record(
      {
        method: fc.constantFrom<Value>('get', 'POST', 1),
        url: fc.constantFrom('https://example.com/a%2Fb?x=y', 'http://[::1', 'http://h:1/ä b', 'http://h'),
        headers: fc.constantFrom<Value>({}, { 'X-A': 'b', 'User-Agent': 'u', host: 'z' }, { n: 1 }, 'no'),
        body: fc.constantFrom<Value>('text', { b: [1, '<'], a: null }, 1),
        raw_body: fc.constantFrom<Value>('raw ä', 1),
        timeout: fc.constantFrom<Value>(1, '2s'),
      },
      { requiredKeys: ['method', 'url'] },
    ) as fc.Arbitrary<Value>,
    fc.record(
      {
        aws_service: fc.constantFrom('s3', 'ec2', 'glacier'),
        aws_access_key: fc.constant('AK'),
        aws_secret_access_key: fc.constant('secret'),
        aws_region: fc.constant('eu-west-1'),
        aws_session_token: fc.constantFrom<Value>('token', '', 1),
        disable_payload_signing: fc.constantFrom<Value>(true, false, 'x'),
      },
      { requiredKeys: ['aws_service', 'aws_access_key', 'aws_region'] },
    ) as fc.Arbitrary<Value>,
    undefined,
  ],
  'yaml.marshal': [
    fc.oneof(
      document,
      object(document),
      fc.array(fc.oneof(document, fc.array(member, { maxLength: 2 })), { maxLength: 3 }),
      fc.constantFrom(...YAML_TEXTS),
      object(fc.constantFrom(...YAML_TEXTS)),
      fc
        .uniqueArray(fc.constantFrom(...YAML_KEYS), { maxLength: 6 })
        .map((keys) => makeObject(keys.map((key) => [key, 1]))),
    ),
  ],
  format_int: [number, fc.constantFrom<Value>(2, 8, 10, 16, 3)],
  sprintf: [undefined, fc.array(fc.oneof(scalar, member), { maxLength: 3 })],
  'json.marshal_with_options': [
    member,
    fc
      .record(
        {
          pretty: fc.boolean(),
          indent: fc.constantFrom('', '  ', '\t'),
          prefix: fc.constantFrom('', '> '),
          x: fc.constant(1),
        },
        { requiredKeys: [] },
      )
      .map(({ x, ...options }) =>
        x === 1 && options.pretty ? { ...options, x } : options,
      ) as fc.Arbitrary<Value>,
  ],
};

/** Builtins whose answers any large number makes too large for either engine. */
const UNBOUNDED = new Set(['numbers.range', 'numbers.range_step', 'bits.lsh']);

/** Operands for one call: mostly of the declared types, now and then one of another type. */
export function operands(builtin: Builtin): fc.Arbitrary<Value[]> {
  const right = builtin.args.map((declared, index) => {
    const pool = (TOKEN_POOLS[builtin.name] ??
      GRAPHQL_POOLS[builtin.name] ??
      SCHEMA_POOLS[builtin.name] ??
      TEMPLATE_POOLS[builtin.name] ??
      POOLS[builtin.name])?.[index];
    const special = SPECIAL[builtin.name]?.[index];
    const general = ofType(declared);
    if (special && UNBOUNDED.has(builtin.name))
      return fc.oneof({ weight: 9, arbitrary: special }, { weight: 1, arbitrary: string });
    if (special)
      return fc.oneof(
        { weight: 9, arbitrary: special },
        { weight: 1, arbitrary: ofType({ type: 'any' }, 0) },
      );
    if (pool === undefined)
      return fc.oneof({ weight: 12, arbitrary: general }, { weight: 1, arbitrary: member });
    return fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom<Value>(...pool) },
      { weight: 2, arbitrary: general },
      { weight: 1, arbitrary: member },
    );
  });
  return fc.tuple(...right) as unknown as fc.Arbitrary<Value[]>;
}
