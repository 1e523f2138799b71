import { expect, test } from 'vitest';
import { STAGES } from '../../src/analysis/stages.ts';
import { capabilities, compilePolicy, type JsonObject } from '../../src/index.ts';
import { CHECKED_MODULES, findingsIn } from '../support/checked-modules.ts';

test.each(CHECKED_MODULES)('[P-REGO-LOCATED-ERRORS] $about', (module) => {
  expect(findingsIn(module)).toEqual(module.errors);
});

test('every stage runs after those that it needs', () => {
  const seen = new Set<string>();
  for (const { name, needs } of STAGES) {
    expect(needs.filter((need) => !seen.has(need))).toEqual([]);
    seen.add(name);
  }
});

test.each([
  ['starts_with(input.x, "a")', 'did you mean `startswith`?'],
  ['len(input.x) > 1', 'Rego calls it `count`'],
  ['has_scpoe(input.x)', 'did you mean `has_scope`?'],
  ['limits.reed > 1', 'did you mean `read`?'],
])('what %s was meant to be', (literal, help) => {
  const text = `package a\n\nlimits := {"read": 1}\n\nhas_scope(x) if x == "a"\n\np if ${literal}\n`;
  expect(compilePolicy([{ file: 'a.rego', text }]).diagnostics.map((one) => one.help)).toEqual([help]);
});

test('a rule in the place of base data', () => {
  const sources = [{ file: 'a.rego', text: 'package a.b\n\np := 1\n\nq := 2\n' }];
  const messages = (documents: JsonObject): string[] =>
    compilePolicy(sources, { documents }).diagnostics.map(
      ({ location, code, message }) => `${location.row}: ${code}: ${message}`,
    );
  expect(messages({ a: { b: { q: {} }, c: 1 } })).toEqual([
    '5: rego_compile_error: conflicting rule for data path a/b/q found',
  ]);
  expect(messages({ a: 1 })).toHaveLength(2);
  expect(messages({ a: { b: {} } })).toEqual([]);
});

test('hosts that capabilities do not list are not reached', () => {
  const text = 'package a\n\np := http.send({"method": "get", "url": "http://example.com"})\n';
  const { policy, diagnostics } = compilePolicy([{ file: 'a.rego', text }], {
    capabilities: { ...capabilities(), allow_net: [] },
  });
  expect(diagnostics).toEqual([]);
  expect(policy!.prepare('a/p').evaluate(undefined, { strict: true })).toMatchObject({
    kind: 'error',
    message: expect.stringContaining('example.com') as unknown,
  });
});

test('queries are checked by what is known of the policy', () => {
  const text = 'package a\n\nlimit := 10\n\nf(x) := upper(x)\n';
  const { policy } = compilePolicy([{ file: 'a.rego', text }], {
    capabilities: {
      ...capabilities(),
      builtins: capabilities().builtins!.filter(({ name }) => name !== 'lower'),
    },
  });
  const errorsOf = (query: string): string[] =>
    policy!.prepareQuery(query).diagnostics.map(({ code, message }) => `${code}: ${message}`);
  expect(errorsOf('data.a.limit == 10')).toEqual([]);
  expect(errorsOf('x := data.a.limit; x = "10"')).toEqual(['rego_type_error: match error']);
  expect(errorsOf('data.a.f(1, x)')).toEqual(['rego_type_error: data.a.f: invalid argument(s)']);
  expect(errorsOf('data.a.limit.x')).toEqual(['rego_type_error: undefined ref: data.a.limit.x']);
  expect(errorsOf('lower("A", x)')).toEqual(['rego_type_error: undefined function lower']);
});

test('a check that is left out refuses nothing', () => {
  const text = 'package a\n\nimport data.b\nimport data.b\n\np if 1 == "a"\n';
  const { policy, diagnostics } = compilePolicy([{ file: 'a.rego', text }], { skip: ['types', 'imports'] });
  expect(diagnostics).toEqual([]);
  expect(policy!.prepare('a/p').evaluate(undefined)).toMatchObject({ kind: 'undefined' });
});
