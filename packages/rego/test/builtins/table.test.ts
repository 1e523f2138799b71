import { describe, expect, it } from 'vitest';
import { BUILTINS, isKnownBuiltin, KNOWN_BUILTINS } from '../../src/builtins/index.ts';
import { RegoSet } from '../../src/value/index.ts';
import { call, callContext, shown } from './call-context.ts';

/** What OPA has and this engine does not call yet: analysis reports each use with its place. */
const UNSUPPORTED: readonly string[] = ['assign'];

describe('the table of builtins', () => {
  it('knows every builtin of OPA 1.22 and says which it cannot call', () => {
    const names = Object.keys(KNOWN_BUILTINS);
    expect(names).toHaveLength(206);
    expect(names.filter((name) => BUILTINS[name] === undefined).sort()).toEqual(UNSUPPORTED);
  });

  it.each(['constructor', '__proto__', 'toString', 'no.such'])('knows no %s', (name) => {
    expect(isKnownBuiltin(name)).toBe(false);
    expect(BUILTINS[name]).toBeUndefined();
    expect(KNOWN_BUILTINS[name]).toBeUndefined();
  });

  it('says what follows from the operands alone, what is deprecated, what is a relation', () => {
    expect(BUILTINS['plus']).toMatchObject({ arity: 2, deterministic: true, infix: '+' });
    expect(BUILTINS['time.now_ns']).toMatchObject({ arity: 0, deterministic: false });
    expect(BUILTINS['re_match']).toMatchObject({ deprecated: true });
    expect(BUILTINS['walk']).toMatchObject({ relation: true });
    expect(KNOWN_BUILTINS['http.send']).toMatchObject({ nondeterministic: true });
  });

  it.each([
    ['to_number', [[]], 'to_number: operand 1 must be one of {null, boolean, number, string} but got array'],
    ['count', [1], 'count: operand 1 must be one of {array, object, set, string} but got number'],
    ['sum', [['a']], 'sum: operand 1 must be array of numbers but got array containing string'],
    [
      'concat',
      [',', RegoSet.from([1])],
      'concat: operand 2 must be set of strings but got set containing number',
    ],
    [
      'substring',
      ['a', 0.5, null],
      'substring: operand 2 must be integer number but got floating-point number',
    ],
    ['minus', [RegoSet.EMPTY, 1], 'minus: operand 2 must be set but got number'],
    ['format_int', [1, 3], 'format_int: operand 2 must be one of {2, 8, 10, 16}'],
    ['bits.and', ['a', 1], 'bits.and: operand 1 must be integer but got string'],
    ['startswith', [null, 'a'], 'startswith: operand 1 must be string but got null'],
  ] as const)('words a fault of an operand as OPA does: %s', (name, operands, message) => {
    expect(shown(call(name, ...operands))).toBe(`eval_type_error: ${message}`);
  });

  it('words a failure of the builtin as OPA does', () => {
    expect(shown(call('div', 1, 0))).toBe('eval_builtin_error: div: divide by zero');
    expect(shown(call('rem', 1.5, 1))).toBe('eval_builtin_error: rem: modulo on floating-point number');
    expect(shown(call('indexof', 'a', ''))).toBe('eval_builtin_error: indexof: empty search character');
  });
});

describe('what depends on the query', () => {
  it('stays the same within one query', () => {
    const context = callContext();
    const next = (name: string, ...operands: (string | number)[]) =>
      shown(BUILTINS[name]!.implementation(context, ...operands));
    expect(next('time.now_ns')).toBe('number 1700000000123456789');
    expect(next('uuid.rfc4122', 'a')).toBe(next('uuid.rfc4122', 'a'));
    expect(next('uuid.rfc4122', 'a')).not.toBe(next('uuid.rfc4122', 'b'));
    expect(next('uuid.rfc4122', 'a')).toMatch(
      /^string "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"$/,
    );
    expect(next('rand.intn', 'k', 10)).toBe(next('rand.intn', 'k', -10));
    expect(next('rand.intn', 'k', 0)).toBe('number 0');
  });

  it('prints every combination of answers, and what is undefined', () => {
    const context = callContext();
    const members = ['text', 1, RegoSet.from(['x', ['y']]), RegoSet.EMPTY];
    expect(shown(BUILTINS['internal.print']!.implementation(context, members))).toBe('boolean true');
    BUILTINS['trace']!.implementation(context, 'seen');
    expect(context.lines).toEqual(['text 1 x <undefined>', 'text 1 ["y"] <undefined>', 'trace: seen']);
  });

  it('puts template strings together', () => {
    const parts = ['a', RegoSet.from([{ b: 1 }]), RegoSet.EMPTY, 2];
    expect(shown(call('internal.template_string', parts))).toBe('string "a{\\"b\\": 1}<undefined>2"');
  });

  it.each([
    ['numbers.range', [0, 100_000]],
    ['net.cidr_expand', ['10.0.0.0/8']],
    ['net.cidr_expand', ['::/0']],
  ] as const)('[P-BUILTINS-END] ends %s once the evaluation ought to stop', (name, operands) => {
    const context = callContext({ cancelled: () => true });
    expect(shown(BUILTINS[name]!.implementation(context, ...operands))).toMatch(/^eval_cancel_error: /);
  });

  it('[P-BUILTINS-END] matches hostile patterns in time linear in the text', () => {
    const text = 'a'.repeat(5_000);
    expect(call('regex.match', '^(a+)+$', `${text}!`)).toBe(false);
    expect(call('regex.match', '(a|aa)*b', text)).toBe(false);
    expect(call('glob.match', `${'*a'.repeat(30)}b`, null, text)).toBe(false);
    expect(call('glob.match', `{${'a*,'.repeat(20)}a}b`, [], text)).toBe(false);
  });

  it('[P-BUILTINS-END] reads hostile documents in bounded time and space', () => {
    const bomb = Array.from({ length: 30 }, (_, level) =>
      level === 0 ? 'a0: &a0 [x, x]' : `a${level}: &a${level} [*a${level - 1}, *a${level - 1}]`,
    ).join('\n');
    expect(shown(call('yaml.unmarshal', bomb))).toMatch(/^eval_builtin_error: .*aliasing/);
    const blanks = ' '.repeat(200_000);
    expect(call('strings.render_template', `${blanks}x{{- 1 -}}${blanks}y`, {})).toBe(`${blanks}x1y`);
    expect(shown(call('yaml.marshal', `a${blanks}b\u0085c`))).toContain('b c');
    const quoted = `${Buffer.from('{"cty":"JWT"}').toString('base64url')}.${Buffer.from(`x${"'".repeat(200_000)}x`).toString('base64url')}.`;
    expect(shown(call('io.jwt.decode', quoted))).toContain('no period separators');
    expect(shown(call('graphql.parse_query', '{a'.repeat(100_000)))).toMatch(/nested too deeply/);
    expect(shown(call('graphql.parse_schema', `type T { x: ${'['.repeat(100_000)}`))).toMatch(
      /nested too deeply/,
    );
    const schema = 'type Query { a: Query b: Int }';
    const levels = (count: number, body: (level: number) => string) =>
      Array.from({ length: count }, (_, level) => `fragment F${level} on Query { ${body(level)} }`).join(' ');
    const chain = `{ ...F0 } ${levels(5_000, (level) => (level < 4_999 ? `...F${level + 1}` : 'b'))}`;
    expect(shown(call('graphql.is_valid', chain, schema))).toMatch(/nests too deeply/);
    expect(call('graphql.is_valid', `{ ${'b '.repeat(1_000)}}`, schema)).toBe(true);
    for (const query of [
      `{ ${'b '.repeat(5_000)}}`,
      `{ __schema { ...F0 } } ${levels(40, (level) => `...F${level + 1} ...F${level + 1}`)} fragment F40 on __Schema { description }`,
    ]) {
      expect(shown(call('graphql.parse', query, schema))).toMatch(/^array|too many steps|GraphQL string/);
    }
    const patterns = [`${'.*'.repeat(400)}a`, '.*b'.repeat(400)];
    expect(call('regex.globs_match', patterns[0]!, `${patterns[1]!}c`)).toBe(false);
    const circle = { $ref: '#' };
    expect(shown(call('json.match_schema', {}, circle))).toMatch(/^eval_builtin_error: /);
  });
});
