import { expect, test } from 'vitest';
import { compilePolicy, toJson } from '../../src/index.ts';

const ONE = `# METADATA
# scope: subpackages
# organizations: [Org]
package a

import rego.v1
`;
const TWO = `# METADATA
# description: the package
package a.b

# METADATA
# title: the document
# scope: document
# authors:
# - Ann Ypsilon <ann@example.org>
# - <only@example.org>
# related_resources:
# - https://example.org
# - ref: https://example.com
#   description: more
p := 1 if input.never

# METADATA
# title: the rule
# custom: {n: 1, list: [a]}
p := rego.metadata.chain()

q := [x | x := rego.metadata.rule()]

# METADATA
# title: g
# schemas:
# - input: schema.input
# - input.x: {type: string}
g[x] := rego.metadata.rule() if some x in [1]
`;

function answer(path: string): unknown {
  const { policy, diagnostics } = compilePolicy([
    { file: 'one.rego', text: ONE },
    { file: 'two.rego', text: TWO },
  ]);
  expect(diagnostics).toEqual([]);
  const result = policy!.prepare(path).evaluate({});
  return result.kind === 'value' ? JSON.parse(toJson(result.value)) : result.kind;
}

test('a rule sees its annotations and those around it, from the nearest outwards', () => {
  expect(answer('a/b/p')).toEqual([
    {
      path: ['a', 'b', 'p'],
      annotations: { scope: 'rule', title: 'the rule', custom: { n: 1, list: ['a'] } },
    },
    {
      path: ['a', 'b', 'p'],
      annotations: {
        scope: 'document',
        title: 'the document',
        authors: [{ name: 'Ann Ypsilon', email: 'ann@example.org' }, { email: 'only@example.org' }],
        related_resources: [
          { ref: 'https://example.org' },
          { ref: 'https://example.com', description: 'more' },
        ],
      },
    },
    { path: ['a', 'b'], annotations: { scope: 'package', description: 'the package' } },
    { path: ['a'], annotations: { scope: 'subpackages', organizations: ['Org'] } },
  ]);
});

test('a rule without annotations has none, inside of comprehensions too', () => {
  expect(answer('a/b/q')).toEqual([{}]);
  expect(answer('a/b/g')).toMatchObject({ 1: { title: 'g', scope: 'rule' } });
});

test('a query has no rule around it', () => {
  const { policy } = compilePolicy([]);
  const { query, diagnostics } = policy!.prepareQuery('rego.metadata.chain()');
  expect(diagnostics).toEqual([]);
  expect(query!.evaluate(undefined, { strict: true })).toMatchObject({
    code: 'eval_builtin_error',
    message: expect.stringContaining('within the scope of a rule'),
  });
});

test('a module’s text becomes its tree', () => {
  const text = 'package a\n\np := rego.parse_module("x.rego", input)["package"].path[1].value\n';
  const { policy } = compilePolicy([{ file: 'a.rego', text }]);
  expect(policy!.prepare('a/p').evaluate('package foo.bar\n\nx := 1.50')).toMatchObject({ value: 'foo' });
  expect(policy!.prepare('a/p').evaluate('package foo.', { strict: true })).toMatchObject({
    code: 'eval_builtin_error',
    message: expect.stringContaining('rego_parse_error'),
  });
});
