import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { BatchEvaluator } from '../src/batch/batch-evaluator.ts';
import { BoundedCache } from '../src/batch/bounded-cache.ts';
import { linesOf, runBatch } from '../src/batch/run-batch.ts';

const POLICY = 'package p\nallow if input.role == "admin"\nroles := {"b", "a"}\nbad := 1 / input.zero\n';

async function ask(question: object | string, evaluator = new BatchEvaluator()): Promise<unknown> {
  const line = typeof question === 'string' ? question : JSON.stringify(question);
  return JSON.parse(await evaluator.answer(line));
}

test('answers bindings and the values of expressions', async () => {
  expect(await ask({ id: 1, query: 'x = 1 + 1; y = [x, 3][_]' })).toEqual({
    id: 1,
    results: [
      { bindings: { x: 2, y: 2 }, expressions: [true, true] },
      { bindings: { x: 2, y: 3 }, expressions: [true, true] },
    ],
  });
  expect(await ask({ id: 'b', query: '1 == 2' })).toEqual({
    id: 'b',
    results: [{ bindings: {}, expressions: [false] }],
  });
});

test('sets are sorted arrays, and keys that are not strings their JSON text', async () => {
  const modules = { 'p.rego': POLICY };
  expect(await ask({ id: 1, modules, query: 'data.p.roles' })).toEqual({
    id: 1,
    results: [{ bindings: {}, expressions: [['a', 'b']] }],
  });
  expect(await ask({ id: 2, query: '{[1]: {true}, null: 2}' })).toEqual({
    id: 2,
    results: [{ bindings: {}, expressions: [{ '[1]': [true], null: 2 }] }],
  });
});

test('numbers keep their digits', async () => {
  const line = '{"id":10000000000000000001,"query":"input.n + 1","input":{"n":90071992547409930000001}}';
  expect(await new BatchEvaluator().answer(line)).toBe(
    '{"id":10000000000000000001,"results":[{"bindings":{},"expressions":[90071992547409930000002]}]}',
  );
});

test('undefined, absent input and null input are told apart', async () => {
  const modules = { 'p.rego': POLICY };
  expect(await ask({ id: 1, modules, query: 'data.p.allow', input: { role: 'admin' } })).toEqual({
    id: 1,
    results: [{ bindings: {}, expressions: [true] }],
  });
  expect(await ask({ id: 2, modules, query: 'data.p.allow', input: { role: 'guest' } })).toEqual({
    id: 2,
    undefined: true,
  });
  expect(await ask({ id: 3, query: 'input', input: null })).toEqual({
    id: 3,
    results: [{ bindings: {}, expressions: [null] }],
  });
  expect(await ask({ id: 4, query: 'input', input: null, input_absent: true })).toEqual({
    id: 4,
    undefined: true,
  });
});

test('errors have OPA’s codes and places', async () => {
  const modules = { 'p.rego': POLICY };
  expect(
    await ask({ id: 1, modules, query: 'data.p.bad', input: { zero: 0 }, strict_builtin_errors: true }),
  ).toEqual({
    id: 1,
    error: { code: 'eval_builtin_error', message: 'div: divide by zero', file: 'p.rego', row: 4, col: 8 },
  });
  expect(await ask({ id: 2, modules: { 'q.rego': 'package q\np {' }, query: '1' })).toMatchObject({
    id: 2,
    error: { code: 'rego_parse_error', file: 'q.rego', row: 2 },
  });
  expect(await ask({ id: 3, query: 'x' })).toMatchObject({
    id: 3,
    error: { code: 'rego_unsafe_var_error', message: 'var x is unsafe', file: '', row: 1, col: 1 },
  });
  expect(
    await ask({ id: 4, modules: { 'v.rego': 'package v\np { true }' }, query: 'data.v.p', rego_version: 0 }),
  ).toEqual({
    id: 4,
    results: [{ bindings: {}, expressions: [true] }],
  });
});

test('a malformed line is answered and the next one too', async () => {
  const evaluator = new BatchEvaluator();
  for (const line of [
    '',
    '{',
    '[]',
    '{"id":7}',
    '{"id":7,"query":"1","querry":"2"}',
    '{"id":7,"query":"1","data":[]}',
  ])
    expect(await ask(line, evaluator)).toMatchObject({ error: { code: 'invalid_question' } });
  expect(await ask('{"id":7}', evaluator)).toMatchObject({ id: 7 });
  expect(await ask({ id: 8, query: '1' }, evaluator)).toMatchObject({
    id: 8,
    results: [{ expressions: [1] }],
  });
});

test('the clock is fixed where asked', async () => {
  const evaluator = new BatchEvaluator({ timeNs: 1_700_000_000_000_000_001n });
  expect(await evaluator.answer('{"id":1,"query":"time.now_ns()"}')).toContain('[1700000000000000001]');
});

test('lines end at \\n only, wherever the chunks are cut', async () => {
  const bytes = Buffer.from('a\u2028b\r\n\nü\nlast');
  const chunks = [...bytes].map((byte) => Buffer.from([byte]));
  const lines: string[] = [];
  for await (const some of linesOf(Readable.from(chunks))) lines.push(...some);
  expect(lines).toEqual(['a\u2028b\r', '', 'ü', 'last']);
});

test('answers come in order, and no faster than they are taken', async () => {
  const lines = Array.from({ length: 500 }, (_, id) => `{"id":${id},"query":"${id} + 1"}`).join('\n');
  const to = new PassThrough({ highWaterMark: 64 });
  const taken: Buffer[] = [];
  const done = (async () => {
    for await (const chunk of to) taken.push(chunk as Buffer);
  })();
  const count = await runBatch(new BatchEvaluator(), Readable.from([Buffer.from(lines)]), to);
  to.end();
  await done;
  const ids = Buffer.concat(taken)
    .toString()
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { id: number }).id);
  expect(count).toBe(500);
  expect(ids).toEqual(Array.from({ length: 500 }, (_, id) => id));
});

test('a cache drops what was used longest ago', async () => {
  const cache = new BoundedCache<number>(2, 10);
  cache.set('a', 1);
  cache.set('b', 2);
  expect(cache.get('a')).toBe(1);
  cache.set('c', 3);
  expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([1, undefined, 3]);
  cache.set('heavy', 4, 11);
  expect([cache.get('a'), cache.get('c'), cache.get('heavy')]).toEqual([undefined, undefined, 4]);
});
