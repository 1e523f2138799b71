import { compilePolicy, runTests } from '@writ/rego';
import { describe, expect, test } from 'vitest';
import { readDurationMs, readTimeNs } from '../src/load/durations.ts';
import { boxTable } from '../src/present/box-table.ts';
import { durationText, PRESENTERS, type Shown } from '../src/present/present-results.ts';
import { prettyJson } from '../src/present/pretty-json.ts';
import { junitXml } from '../src/test-report/junit.ts';
import { opaTestJson } from '../src/test-report/opa-json.ts';

const LIMIT = { limit: 80 };

function shown(query: string, modules: Readonly<Record<string, string>> = {}): Shown {
  const sources = Object.entries(modules).map(([file, text]) => ({ file, text }));
  const prepared = compilePolicy(sources).policy!.prepareResults(query).query!;
  const found = prepared.evaluate(undefined);
  if (found.kind === 'error') throw new Error(found.message);
  return { errors: [], results: found.results };
}

test('JSON is indented as Go indents it, and nothing in it changes', () => {
  expect(prettyJson('{"a":[1e400,"x: {, }"],"b":{},"c":[],"d":-0.50}')).toBe(
    '{\n  "a": [\n    1e400,\n    "x: {, }"\n  ],\n  "b": {},\n  "c": [],\n  "d": -0.50\n}',
  );
});

test('tables have their headers in the middle', () => {
  expect(boxTable(['x', 'long name'], [['12345', 'v']])).toBe(
    '┌───────┬───────────┐\n│   x   │ long name │\n├───────┼───────────┤\n│ 12345 │ v         │\n└───────┴───────────┘',
  );
});

describe('results', () => {
  test('in OPA’s JSON', () => {
    expect(JSON.parse(PRESENTERS.json(shown('x := [1, 2][i]; x > 1'), LIMIT))).toEqual({
      result: [
        {
          expressions: [
            { value: true, text: 'x := [1, 2][i]', location: { row: 1, col: 1 } },
            { value: true, text: 'x > 1', location: { row: 1, col: 17 } },
          ],
          bindings: { i: 1, x: 2 },
        },
      ],
    });
    expect(PRESENTERS.json(shown('data.nothing'), LIMIT)).toBe('{}');
    expect(PRESENTERS.json(shown('"<&>"'), LIMIT)).toContain('"\\u003c\\u0026\\u003e"');
  });

  test('for people', () => {
    expect(PRESENTERS.pretty(shown('{"a": 1}'), LIMIT)).toBe('{\n  "a": 1\n}');
    expect(PRESENTERS.pretty(shown('data.nothing'), LIMIT)).toBe('undefined');
    expect(PRESENTERS.pretty(shown('["a", "b"][i]'), LIMIT)).toBe(
      '┌───────────────┬───┐\n│ ["a", "b"][i] │ i │\n├───────────────┼───┤\n' +
        '│ "a"           │ 0 │\n│ "b"           │ 1 │\n└───────────────┴───┘',
    );
  });

  test('for scripts', () => {
    expect(PRESENTERS.raw(shown('"a\\nb"'), LIMIT)).toBe('a\nb');
    expect(PRESENTERS.raw(shown('{"x"}'), LIMIT)).toBe('["x"]');
    expect(PRESENTERS.values(shown('1; 2'), LIMIT)).toBe('[\n  1,\n  2\n]');
    expect(PRESENTERS.bindings(shown('x = 1'), LIMIT)).toBe('{\n  "x": 1\n}');
    expect(PRESENTERS.discard(shown('1'), LIMIT)).toBe('{\n  "result": "discarded"\n}');
  });
});

describe('test reports', () => {
  const text =
    'package a_test\ntest_yes if true\ntest_no if { print("<seen>"); 1 == 2 }\ntodo_test_later if true\n';
  const { policy } = compilePolicy([{ file: 'a_test.rego', text }]);
  const runs = [{ name: 'a', modules: [], report: runTests(policy!) }];

  test('in OPA’s JSON', () => {
    expect(JSON.parse(opaTestJson(runs))).toMatchObject([
      { package: 'data.a_test', name: 'test_yes', location: { file: 'a_test.rego', row: 2, col: 1 } },
      { name: 'test_no', fail: true, output: Buffer.from('<seen>\n').toString('base64') },
      { name: 'todo_test_later', skip: true, duration: 0 },
    ]);
  });

  test('as JUnit XML', () => {
    const xml = junitXml(runs);
    expect(xml).toContain('<testsuite name="a" tests="3" failures="1" errors="0" skipped="1"');
    expect(xml).toContain('<failure message="stopped at a_test.rego:3: 1 == 2"/>');
    expect(xml).toContain('<system-out>&lt;seen&gt;</system-out>');
    expect(xml).toContain('<skipped/>');
  });
});

test('durations and times', () => {
  expect(readDurationMs('--timeout', '1m30s')).toBe(90_000);
  expect(readDurationMs('--timeout', '250ms')).toBe(250);
  expect(() => readDurationMs('--timeout', 'soon')).toThrow('`soon` is no duration');
  expect(readTimeNs('--time', '1970-01-01T00:00:01.5Z')).toBe(1_500_000_000n);
  expect(readTimeNs('--time', '1970-01-01T01:00:00+01:00')).toBe(0n);
  expect(readTimeNs('--time', '-5')).toBe(-5n);
  expect(() => readTimeNs('--time', 'noon')).toThrow('`noon` is no time');
  expect([durationText(5), durationText(1500), durationText(2.5e6)]).toEqual(['5ns', '1.5µs', '2.5ms']);
});
