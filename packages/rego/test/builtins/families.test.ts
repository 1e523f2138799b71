import { describe, expect, it } from 'vitest';
import { BUILTINS } from '../../src/builtins/index.ts';
import type { Value } from '../../src/value/index.ts';
import { makeObject, numberFromText, RegoSet, toJson } from '../../src/value/index.ts';
import { call, callContext, shown } from './call-context.ts';

type Row = readonly [name: string, operands: readonly Value[], expected: string];
const set = (...members: Value[]): RegoSet => RegoSet.from(members);
const ns = (text: string): Value => numberFromText(text)!;

const FAMILIES: Readonly<Record<string, readonly Row[]>> = {
  'numbers and sets': [
    ['plus', [0.1, 0.2], 'number 0.3'],
    ['minus', [set(1, 2), set(2)], 'set [1]'],
    ['and', [set(1, 2), set(2, 3)], 'set [2]'],
    ['or', [set(1), set(2)], 'set [1,2]'],
    ['union', [set(set(1), set(2, 1))], 'set [1,2]'],
    ['union', [set(set(1), 2)], 'eval_type_error: union: operand 1 must be set but got number'],
    ['intersection', [set(set(1, 2), set(2, 3))], 'set [2]'],
    ['intersection', [set()], 'set []'],
    ['numbers.range', [3, 1], 'array [3,2,1]'],
    ['numbers.range_step', [0, 5, 2], 'array [0,2,4]'],
    [
      'numbers.range_step',
      [0, 5, 0],
      'eval_builtin_error: numbers.range_step: numbers.range_step: step must be a positive integer',
    ],
    ['bits.lsh', [1, 70], 'number 1180591620717411303424'],
    ['bits.rsh', [-5, 1], 'number -3'],
    ['bits.negate', [0], 'number -1'],
  ],
  comparison: [
    ['equal', [1, ns('1.0')], 'boolean true'],
    ['lt', ['Z', 'a'], 'boolean true'],
    ['gt', [set(), {}], 'boolean true'],
    ['internal.member_2', [1, [0, 1]], 'boolean true'],
    ['internal.member_2', ['v', { k: 'v' }], 'boolean true'],
    ['internal.member_2', ['k', { k: 'v' }], 'boolean false'],
    ['internal.member_2', [1, 'text'], 'boolean false'],
    ['internal.member_3', [0, 'a', ['a']], 'boolean true'],
    ['internal.member_3', ['a', 'a', set('a')], 'boolean true'],
    ['internal.member_3', ['a', 'b', set('a', 'b')], 'boolean false'],
    ['internal.member_3', ['constructor', 1, {}], 'boolean false'],
    ['type_name', [set()], 'string "set"'],
    ['is_object', [makeObject([[1, 2]])], 'boolean true'],
  ],
  aggregates: [
    ['sum', [[1, 2.5]], 'number 3.5'],
    ['sum', [set()], 'number 0'],
    ['product', [[]], 'number 1'],
    ['max', [[1, 'a', null]], 'string "a"'],
    ['max', [[]], 'undefined'],
    ['min', [set(3, 2)], 'number 2'],
    ['sort', [[3, null, 'a', 1]], 'array [null,1,3,"a"]'],
    ['any', [[false, true]], 'boolean true'],
    ['all', [[]], 'boolean true'],
  ],
  'arrays and objects': [
    ['array.concat', [[1], [2]], 'array [1,2]'],
    ['array.slice', [[1, 2, 3], -5, 2], 'array [1,2]'],
    ['array.slice', [[1, 2, 3], 2, 1], 'array []'],
    ['array.flatten', [[1, [2, [3]]]], 'array [1,2,[3]]'],
    ['object.get', [{ a: [{ b: 1 }] }, ['a', 0, 'b'], 0], 'number 1'],
    ['object.get', [{ a: 1 }, 'constructor', 'none'], 'string "none"'],
    ['object.get', [{ a: null }, 'a', 'none'], 'null null'],
    ['object.get', [{ a: [null] }, ['a', 0], 'none'], 'null null'],
    ['object.get', [{ a: 1 }, [], 'none'], 'object {"a":1}'],
    ['object.union', [{ a: { b: 1 } }, { a: { c: 2 } }], 'object {"a":{"b":1,"c":2}}'],
    ['object.union_n', [[{ a: { b: 2 } }, { a: 4 }, { a: { c: 3 } }]], 'object {"a":{"c":3}}'],
    ['object.remove', [{ a: 1, b: 2 }, set('a')], 'object {"b":2}'],
    ['object.filter', [{ a: 1, b: 2 }, { a: 0 }], 'object {"a":1}'],
    ['object.keys', [makeObject([[1, 2]])], 'set [1]'],
    ['object.subset', [{ a: { b: 1, c: 2 } }, { a: { c: 2 } }], 'boolean true'],
    ['object.subset', [[1, 2, 3], set(3, 1)], 'boolean true'],
    [
      'object.subset',
      [
        [1, 2, 3],
        [2, 3],
      ],
      'boolean true',
    ],
    ['json.filter', [{ a: { b: 1, c: 2 } }, ['a/b']], 'object {"a":{"b":1}}'],
    ['json.remove', [{ a: [1, 2, { b: 1 }] }, ['a/0', 'a/2/b']], 'object {"a":[2,{}]}'],
    ['json.remove', [{ 'a/b': 1, c: 2 }, set('a~1b')], 'object {"c":2}'],
  ],
  'JSON patches': [
    ['json.patch', [{ a: [1] }, [{ op: 'add', path: 'a/-', value: 2 }]], 'object {"a":[1,2]}'],
    ['json.patch', [{ a: null }, [{ op: 'copy', from: 'a', path: 'b' }]], 'object {"a":null,"b":null}'],
    ['json.patch', [{}, [{ op: 'add', path: 'a', value: null }]], 'object {"a":null}'],
    ['json.patch', [{ a: 1 }, [{ op: 'move', from: 'a', path: 'b' }]], 'object {"b":1}'],
    [
      'json.patch',
      [{ a: 1 }, [{ op: 'test', path: 'a', value: 2 }]],
      'eval_builtin_error: json.patch: value from EditTree != patch value',
    ],
    ['json.patch', [{ a: set(1) }, [{ op: 'add', path: ['a', 2], value: 2 }]], 'object {"a":[1,2]}'],
    ['json.patch', [{ a: 1 }, [{ op: 'replace', path: '', value: 3 }]], 'number 3'],
    [
      'json.patch',
      [[1, 2], [{ op: 'remove', path: '/01' }]],
      'eval_builtin_error: json.patch: leading zeros are not allowed in JSON paths',
    ],
    [
      'json.patch',
      [{}, [{ op: 'add', path: '__proto__/x', value: 1 }]],
      'eval_builtin_error: json.patch: path does not exist',
    ],
  ],
  encodings: [
    ['json.marshal', [{ b: '<', a: set(2, 1) }], 'string "{\\"a\\":[1,2],\\"b\\":\\"\\\\u003c\\"}"'],
    ['json.unmarshal', ['{"a":9007199254740993}'], 'object {"a":9007199254740993}'],
    ['json.unmarshal', ['{'], 'eval_builtin_error: json.unmarshal: invalid JSON'],
    ['json.is_valid', [1], 'boolean false'],
    ['base64.encode', ['ä?>'], 'string "w6Q/Pg=="'],
    ['base64url.encode_no_pad', ['ä?>'], 'string "w6Q_Pg"'],
    ['base64url.decode', ['w6Q_Pg'], 'string "ä?>"'],
    ['base64.is_valid', ['YQ'], 'boolean false'],
    ['hex.decode', ['c3a4'], 'string "ä"'],
    ['hex.decode', ['c3a'], 'eval_builtin_error: hex.decode: encoding/hex: odd length hex string'],
    ['urlquery.encode', ['a b&ä'], 'string "a+b%26%C3%A4"'],
    ['urlquery.decode_object', ['a=1&a=2&b'], 'object {"a":["1","2"],"b":[""]}'],
    ['urlquery.encode_object', [{ b: set('y', 'x'), a: '1' }], 'string "a=1&b=x&b=y"'],
  ],
  patterns: [
    ['regex.match', ['^[a-z]+$', 'abc'], 'boolean true'],
    ['regex.is_valid', ['('], 'boolean false'],
    ['regex.split', ['a*', 'baac'], 'array ["b","c"]'],
    ['regex.find_n', ['a.', 'abacad', 2], 'array ["ab","ac"]'],
    ['regex.find_n', ['a*', 'baaa', -1], 'array ["","aaa"]'],
    ['regex.find_all_string_submatch_n', ['(a)(b)?', 'ab a', -1], 'array [["ab","a","b"],["a","a",""]]'],
    [
      'regex.replace',
      ['john smith', '(?P<first>\\w+) (\\w+)', `$2 $${'{first}'}x$$`],
      'string "smith johnx$"',
    ],
    ['regex.template_match', ['urn:foo:{.*}', 'urn:foo:bar', '{', '}'], 'boolean true'],
    [
      'glob.match',
      ['spiffe://poc.local/agents/mcp-client/*/dev', [], 'spiffe://poc.local/agents/mcp-client/a/dev'],
      'boolean true',
    ],
    ['glob.match', ['*.example.com', [], 'a.b.example.com'], 'boolean false'],
    ['glob.match', ['*.example.com', null, 'a.b.example.com'], 'boolean true'],
    ['glob.match', ['a:**:d', [':'], 'a:b:c:d'], 'boolean true'],
    ['glob.match', ['{cat,[!d]at}', [], 'bat'], 'boolean true'],
    [
      'glob.match',
      ['[a', [], 'a'],
      'eval_builtin_error: glob.match: glob: syntax error: unexpected end of input',
    ],
    ['glob.quote_meta', ['*.a[b]'], 'string "\\\\*.a\\\\[b\\\\]"'],
  ],
  time: [
    ['time.parse_rfc3339_ns', ['2024-02-29T12:00:00.5+02:00'], 'number 1709200800500000000'],
    [
      'time.parse_rfc3339_ns',
      ['2300-01-01T00:00:00Z'],
      'eval_builtin_error: time.parse_rfc3339_ns: time outside of valid range',
    ],
    ['time.parse_ns', ['02 Jan 2006 15:04', '29 Feb 2024 12:00'], 'number 1709208000000000000'],
    ['time.parse_duration_ns', ['-1h30m0.5s'], 'number -5400500000000'],
    ['time.parse_duration_ns', ['1d2h'], 'number 93600000000000'],
    [
      'time.format',
      [[ns('1709208000123000000'), 'America/New_York', 'RFC3339Nano']],
      'string "2024-02-29T07:00:00.123-05:00"',
    ],
    ['time.date', [[ns('1709251200000000000'), 'America/New_York']], 'array [2024,2,29]'],
    ['time.clock', [ns('1709208000000000000')], 'array [12,0,0]'],
    ['time.weekday', [0], 'string "Thursday"'],
    ['time.add_date', [ns('1706659200000000000'), 0, 1, 0], 'number 1709337600000000000'],
    ['time.diff', [ns('1709208000000000000'), 0], 'array [54,1,28,12,0,0]'],
    ['time.date', [[0, 'Nowhere/City']], 'eval_builtin_error: time.date: unknown time zone Nowhere/City'],
    ['time.date', [0.5], 'eval_builtin_error: time.date: timestamp too big'],
  ],
  'units, versions, networks, UUIDs, digests': [
    ['units.parse', ['1.5Mi'], 'number 1572864'],
    ['units.parse', ['500m'], 'number 0.5'],
    [
      'units.parse_bytes',
      ['10 KB'],
      'eval_builtin_error: units.parse_bytes: units.parse_bytes: spaces not allowed in resource strings',
    ],
    ['units.parse_bytes', ['1.5kib'], 'number 1536'],
    ['semver.compare', ['1.2.3-alpha.10', 'v1.2.3-alpha.9'], 'number 1'],
    ['semver.is_valid', ['1.2'], 'boolean false'],
    ['net.cidr_contains', ['10.0.0.0/8', '10.255.0.0/16'], 'boolean true'],
    ['net.cidr_contains', ['2001:db8::/32', '10.0.0.1'], 'boolean false'],
    ['net.cidr_contains_matches', [['10.0.0.0/8'], set('10.1.1.1', '11.1.1.1')], 'set [[0,"10.1.1.1"]]'],
    ['net.cidr_expand', ['10.0.0.2/31'], 'set ["10.0.0.2","10.0.0.3"]'],
    [
      'uuid.parse',
      ['6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
      'object {"clocksequence":180,"macvariables":"global:unicast","nodeid":"00-c0-4f-d4-30-c8","time":886630433151182400,"variant":"RFC4122","version":1}',
    ],
    ['uuid.parse', ['x'], 'undefined'],
    ['crypto.sha256', ['abc'], 'string "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"'],
    [
      'crypto.hmac.sha256',
      ['abc', 'key'],
      'string "9c196e32dc0175f86f4b1cb89289d6619de6bee699e4c378e68309ed97a1a6ab"',
    ],
    ['graph.reachable', [{ a: ['b'], b: ['a', 'c'] }, ['a']], 'set ["a","b"]'],
    ['graph.reachable_paths', [{ a: ['b'], b: ['a'] }, ['a']], 'set [["a","b"]]'],
  ],
};

for (const [family, rows] of Object.entries(FAMILIES)) {
  describe(family, () => {
    it.each(rows)('%s %j', (name, operands, expected) => {
      expect(shown(call(name, ...operands))).toBe(expected);
    });
  });
}

describe('bytes', () => {
  it('pass through text unharmed, whatever they are', () => {
    const bytes = call('hex.decode', 'ff00c3a4f09f98');
    expect(shown(call('hex.encode', bytes as Value))).toBe('string "ff00c3a4f09f98"');
    expect(shown(call('base64.encode', bytes as Value))).toBe('string "/wDDpPCfmA=="');
    expect(shown(call('count', bytes as Value))).toBe('number 6');
    expect(toJson(bytes as Value)).toBe('"\ufffd\\u0000ä\ufffd\ufffd\ufffd"');
  });
});

describe('walk', () => {
  it('gives a value and all inside it, outermost first', () => {
    const answers = BUILTINS['walk']!.answers!(callContext(), { a: [1], b: set(2) });
    expect([...answers].map((answer) => toJson(answer))).toEqual([
      '[[],{"a":[1],"b":[2]}]',
      '[["a"],[1]]',
      '[["a",0],1]',
      '[["b"],[2]]',
      '[["b",2],2]',
    ]);
  });
});
