import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import {
  findOpa,
  isOracleFailure,
  isSkip,
  loadSeedPolicies,
  mendTutorial,
  type Oracle,
  startOracle,
} from '../src/index.ts';

const started = await startOracle();
const why = isSkip(started) ? ` (skipped: ${started.skip})` : '';

describe.skipIf(isSkip(started))(`the real OPA${why}`, () => {
  const oracle = started as Oracle;
  const modules = {
    'a.rego': 'package a\np := input.x + 1\ns contains x if some x in input.xs\nq := 1 / input.zero',
  };
  afterAll(() => oracle.stop());

  test('is of the pinned version', () => {
    expect(oracle.version).toBe('1.22.0');
  });

  test('gives values, undefined, and sets as sorted arrays', async () => {
    expect(await oracle.evaluate({ modules, query: 'data.a.p', input: { x: 1 } })).toMatchObject({
      value: 2,
    });
    expect(await oracle.evaluate({ modules, query: 'data.a.p', input: {} })).toMatchObject({
      defined: false,
    });
    expect(await oracle.evaluate({ modules, query: 'data.a.s', input: { xs: [3, 1, 3] } })).toMatchObject({
      value: [1, 3],
    });
  });

  test('keeps numbers that a JavaScript number does not hold', async () => {
    const answer = await oracle.evaluate({
      modules,
      query: 'data.a.p',
      inputText: '{"x": 12345678901234567890}',
    });
    expect(isOracleFailure(answer) ? '' : answer.line).toContain('12345678901234567891');
  });

  test('an undefined input is not null', async () => {
    expect(await oracle.evaluate({ query: 'input' })).toMatchObject({ defined: false });
    expect(await oracle.evaluate({ query: 'input', input: null })).toMatchObject({ value: null });
  });

  test('builtin errors are undefined, or errors where strict', async () => {
    const question = { modules, query: 'data.a.q', input: { zero: 0 } };
    expect(await oracle.evaluate(question)).toMatchObject({ defined: false });
    expect(await oracle.evaluate({ ...question, strict: true })).toMatchObject({
      error: { code: 'eval_builtin_error', row: 4, message: expect.stringContaining('divide by zero') },
    });
  });

  test('a prepared query takes many inputs at once, answers in their order', async () => {
    const prepared = await oracle.prepare({ modules, query: 'data.a.p' });
    if (isOracleFailure(prepared)) throw new Error(prepared.error.message);
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, x) => oracle.evaluate({ handle: prepared.handle, input: { x } })),
    );
    expect(answers.map((answer) => ('value' in answer ? answer.value : answer))).toEqual(
      Array.from({ length: 500 }, (_, x) => x + 1),
    );
  });

  test('faults have code, row and column', async () => {
    expect(await oracle.check({ modules: { 'b.rego': 'package b\np := q' } })).toMatchObject({
      error: { code: 'rego_unsafe_var_error', message: 'var q is unsafe', file: 'b.rego', row: 2, col: 6 },
    });
    const parsed = await oracle.parse({ modules: { 'c.rego': 'package c\np {', 'd.rego': 'package d' } });
    expect(parsed['c.rego']?.errors?.[0]?.code).toBe('rego_parse_error');
    expect(parsed['d.rego']?.errors).toBeUndefined();
  });

  test('queries give their bindings', async () => {
    expect(await oracle.query({ query: 'x = [1, 2][_]' })).toMatchObject({
      results: [{ bindings: { x: 1 } }, { bindings: { x: 2 } }],
    });
  });

  test('holds the evaluation corpus', async () => {
    const [v0, v1] = [await oracle.cases('v0'), await oracle.cases('v1')];
    expect([v0.length, v1.length]).toEqual([2027, 2392]);
  });

  test('finds the policies of the seed documents as they are known to be, and takes the mends', async (context) => {
    const seeds = await loadSeedPolicies();
    if (isSkip(seeds)) return context.skip(seeds.skip);
    const { tutorial, aegis, precinct } = seeds;
    for (const { file, text, regoVersion } of [aegis.decisions, aegis.egress, ...precinct]) {
      expect(await oracle.check({ modules: { [file]: text }, regoVersion })).toMatchObject({ ok: true });
    }
    expect(await oracle.check({ modules: { a: tutorial.policy.text } })).toMatchObject({
      error: { code: 'rego_parse_error', message: 'unexpected ; token' },
    });
    const mended = { a: mendTutorial(tutorial.policy.text), b: mendTutorial(tutorial.tests.text) };
    expect(await oracle.check({ modules: mended })).toMatchObject({ ok: true });
    for (const name of mended.b.match(/^test_\w+/gm) ?? []) {
      const answer = await oracle.evaluate({ modules: mended, query: `data.agent.tools.${name}` });
      expect(answer, name).toMatchObject({ value: true });
    }
  });

  test('a real opa command can be had', async () => {
    const opa = await findOpa();
    if (typeof opa !== 'string') throw new Error(opa.skip);
    const { stdout } = await promisify(execFile)(opa, ['version']);
    expect(stdout).toContain('Version: 1.22.0');
  });
});
