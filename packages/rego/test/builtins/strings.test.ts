import { describe, expect, it } from 'vitest';
import type { Value } from '../../src/value/index.ts';
import { numberFromText, RegoSet } from '../../src/value/index.ts';
import { call, shown } from './call-context.ts';

type Row = readonly [name: string, operands: readonly Value[], expected: string];

const big = numberFromText('18446744073709551617')!;

const ROWS: readonly Row[] = [
  ['count', ['x\u{1F600}y'], 'number 3'],
  ['indexof', ['a\u{1F600}b', 'b'], 'number 2'],
  ['indexof', ['abc', 'x'], 'number -1'],
  ['indexof_n', ['aXaXa', 'a'], 'array [0,2,4]'],
  ['indexof_n', ['aaaa', 'aa'], 'array [0,1,2]'],
  ['substring', ['a\u{1F600}bc', 1, 2], 'string "\u{1F600}b"'],
  ['substring', ['abc', 1, -1], 'string "bc"'],
  ['substring', ['abc', 5, 1], 'string ""'],
  ['substring', ['abc', -1, 1], 'eval_builtin_error: substring: negative offset'],
  ['lower', ['ÄÖ İSTANBUL ΑΣ'], 'string "äö istanbul ασ"'],
  ['upper', ['straße ŉ ǆ'], 'string "STRAßE ŉ Ǆ"'],
  ['split', ['a.b..c', '.'], 'array ["a","b","","c"]'],
  ['split', ['a\u{1F600}', ''], 'array ["a","\u{1F600}"]'],
  ['strings.split_n', ['a.b.c', '.', -2], 'array ["b","c"]'],
  ['strings.reverse', ['a\u{1F600}b'], 'string "b\u{1F600}a"'],
  ['strings.count', ['ababab', 'ab'], 'number 3'],
  ['replace', ['aXbX', 'X', '$&'], 'string "a$&b$&"'],
  ['replace', ['ab', '', '-'], 'string "-a-b-"'],
  ['replace', ['\u00e4', '', '-'], 'string "-\ufffd-\ufffd-"'],
  ['strings.replace_n', [{ a: 'b', b: 'a' }, 'ab'], 'string "ba"'],
  ['trim', ['xxhixx', 'x'], 'string "hi"'],
  ['trim_left', ['xxhix', 'x'], 'string "hix"'],
  ['trim_space', ['\u00a0 a \u2003\u0085'], 'string "a"'],
  ['trim_prefix', ['foobar', 'foo'], 'string "bar"'],
  ['concat', ['/', RegoSet.from(['b', 'a'])], 'string "a/b"'],
  ['strings.any_prefix_match', [['ab', 'cd'], RegoSet.from(['c', 'x'])], 'boolean true'],
  ['strings.any_suffix_match', ['abc', ['x', 'bc']], 'boolean true'],
  ['format_int', [255, 16], 'string "ff"'],
  ['format_int', [-15.9, 16], 'string "-f"'],
  ['format_int', [big, 2], `string "1${'0'.repeat(63)}1"`],
  ['to_number', ['1e3'], 'number 1e3'],
  [
    'to_number',
    ['1e400'],
    'eval_builtin_error: to_number: strconv.ParseFloat: parsing "1e400": value out of range',
  ],
  ['to_number', [null], 'number 0'],
  ['to_number', ['nan'], 'eval_type_error: to_number: operand 1 must be valid number string but got string'],
];

describe('strings', () => {
  it.each(ROWS)('%s %j', (name, operands, expected) => {
    expect(shown(call(name, ...operands))).toBe(expected);
  });
});

const FORMATS: readonly (readonly [format: string, values: readonly Value[], expected: string])[] = [
  ['%s is %d', ['x', 5], 'x is 5'],
  ['%v', [{ b: 1, a: [true, null] }], '{"a": [true, null], "b": 1}'],
  ['%v %v', [RegoSet.from([1]), 'raw'], '{1} raw'],
  ['%d', ['x'], '%!d(string=x)'],
  ['%d', [1.5], '%!d(float64=1.5)'],
  ['%s', [5], '%!s(int64=5)'],
  ['%t', [true], '%!t(string=true)'],
  ['%d', [], '%!d(MISSING)'],
  ['%s', ['a', 1], 'a%!(EXTRA int64=1)'],
  ['%z', [1], '%!z(int64=1)'],
  ['100%', [], '100%!(NOVERB)'],
  ['%[3]d', [1], '%!d(BADINDEX)'],
  ['%[2]d %[1]d', [1, 2], '2 1'],
  ['%*d|%-6.2f|', [5, 42, 2.34567], '   42|2.35  |'],
  [
    '%05d %+d %x %X %o %b %c %q %U',
    [42, 5, 255, 255, 8, 5, 65, 65, 128512],
    "00042 +5 ff FF 10 101 A 'A' U+1F600",
  ],
  ['%d', [big], '18446744073709551617'],
  ['%e %g %f', [1234.5678, 1e21 + 0.5, 0.1], '1.234568e+03 %!g(big.Int=1000000000000000000000) 0.100000'],
  ['%v %v', [1234567.5, 0.00001], '1.2345675e+06 1e-05'],
  ['%.0f %.0f %.1f', [0.5, 1.5, 0.25], '0 2 0.2'],
  ['%5s|%-5s|%.2s|%q|%x', ['ab', 'ab', '\u{1F600}bc', 'a"\n', 'hi'], '   ab|ab   |\u{1F600}b|"a\\"\\n"|6869'],
  ['%T %T', [1, 'a'], 'int64 string'],
  ['%%', [], '%'],
];

describe('sprintf', () => {
  it.each(FORMATS)('%j %j', (format, values, expected) => {
    expect(call('sprintf', format, values)).toBe(expected);
  });

  it('refuses the forms of fractions that it does not write', () => {
    expect(shown(call('sprintf', '%x', [1.5]))).toBe(
      'eval_builtin_error: sprintf: %x of a fraction is not supported',
    );
  });
});
