import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject, Value } from '../../src/index.ts';
import { fromParsed } from '../../src/index.ts';
import { answer, policyOf } from '../support/compile.ts';
import { documentsFor } from '../support/generate.ts';

function reads(text: string, path = 'a/p') {
  return policyOf(text).reads(path);
}

describe('the paths that a rule can read', () => {
  test('are those of its literals, through the rules and functions that it reaches', () => {
    const text = [
      'package a',
      'p if { input.tool == "x"; q; f(input.args.amount) }',
      'q if input.identity.scopes[_] == "s"',
      'f(x) if x < data.limits[input.agent].max',
      'r if input.unrelated',
    ].join('\n');
    expect(reads(text)).toEqual({
      input: [['agent'], ['args', 'amount'], ['identity', 'scopes'], ['tool']],
      data: [['limits']],
    });
  });

  test('a bare document is read in whole', () => {
    expect(reads('package a\n\np := count(input)\n').input).toEqual([[]]);
    expect(reads('package a\n\np := input.x if input\n').input).toEqual([[]]);
  });

  test('a dynamic step cuts the path off', () => {
    expect(reads('package a\n\np := input.a[input.k].b\n').input).toEqual([['a'], ['k']]);
    expect(reads('package a\n\np := input[input.k]\n').input).toEqual([[]]);
  });

  test('a path covers those below it', () => {
    expect(reads('package a\n\np if { input.a.b; input.a }\n').input).toEqual([['a']]);
  });

  test('comprehensions, every, heads, defaults and with count', () => {
    const text = [
      'package a',
      'p := {"k": input.head} if { every x in input.all { x == input.inner }; q with input.w as input.value }',
      'q := [y | y := input.listed[_]]',
    ].join('\n');
    expect(reads(text).input).toEqual([['all'], ['head'], ['inner'], ['listed'], ['value']]);
  });

  test('a package is all of its rules, and base data below it', () => {
    expect(reads('package a\n\np := input.x\n\nq := input.y\n', 'a')).toEqual({
      input: [['x'], ['y']],
      data: [['a']],
    });
  });
});

const POLICY = [
  'package a',
  'import data.limits',
  'default decision := {"outcome": "deny", "reason": "none"}',
  'decision := {"outcome": "allow", "by": input.identity.sub} if { input.tool in allowed; within }',
  'allowed contains tool if { some tool, scope in data.tools; scope in input.identity.scopes }',
  'within if not input.args.amount',
  'within if input.args.amount <= limits[input.identity.sub].max',
  'within if { some path, value; walk(input.args.nested, [path, value]); value == "escape" }',
  'labels[k] := v if some k, v in input.context.labels',
  'listed := [k | some k, _ in labels]',
  'replaced := y if y := within with input.args.amount as data.base.amount',
  'other := data.tools[input.tool]',
].join('\n');

/** A document with only what lies at the paths. */
function pruned(document: Value | undefined, paths: readonly (readonly string[])[]): Value | undefined {
  if (paths.some((path) => path.length === 0)) return document;
  if (document === null || typeof document !== 'object' || Array.isArray(document)) return document;
  const names = new Set(paths.map((path) => path[0]!));
  const kept: Record<string, Value> = {};
  for (const name of names) {
    if (!Object.hasOwn(document, name)) continue;
    const below = paths.filter((path) => path[0] === name).map((path) => path.slice(1));
    kept[name] = pruned((document as JsonObject)[name], below)!;
  }
  return kept;
}

test('[P-REGO-READS] leaving out what the analysis says is not read changes no answer', () => {
  const policy = policyOf(POLICY);
  const paths = [...policy.rulePaths, 'a'];
  const everyInput = documentsFor(policy, 'a', 'input');
  const everyData = documentsFor(policy, 'a', 'data');
  fc.assert(
    fc.property(fc.constantFrom(...paths), everyInput, everyData, (path, rawInput, rawData) => {
      const input = fromParsed(rawInput);
      const data = fromParsed(rawData) as JsonObject;
      const { input: inputPaths, data: dataPaths } = policy.reads(path);
      const whole = answer(policy, path, input, { data });
      const part = answer(policy, path, pruned(input, inputPaths), {
        data: pruned(data, dataPaths) as JsonObject,
      });
      expect(part).toBe(whole);
    }),
    { seed: 7, numRuns: 600 },
  );
});
