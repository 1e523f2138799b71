import { describe, expect, test } from 'vitest';
import { answer, errorsOf, policyOf } from '../support/compile.ts';

const OUTER = `# METADATA
# scope: subpackages
# organizations: [outer]
package a
`;

const INNER = `# METADATA
# title: the package
package a.b

# METADATA
# scope: document
# description: all of them
# entrypoint: true

# METADATA
# title: first
# authors: [A B <a@b.c>, {email: d@e.f}]
# related_resources: [https://example.com, {ref: https://other.example, description: more}]
# schemas: [{input: schema.x}, {data.y: {type: string}}]
# custom: {n: 1, deep: {list: [true, null]}}
# labels: {team: x}
p := rego.metadata.chain() if input.chain

else := rego.metadata.rule() if input.none

p := rego.metadata.rule() if input.rule

# METADATA
# title: an array
q contains rego.metadata.rule().title
`;

const policy = policyOf(OUTER, INNER);
const RULE = {
  authors: [{ email: 'a@b.c', name: 'A B' }, { email: 'd@e.f' }],
  custom: { deep: { list: [true, null] }, n: 1 },
  labels: { team: 'x' },
  related_resources: [{ ref: 'https://example.com' }, { description: 'more', ref: 'https://other.example' }],
  schemas: [
    { path: ['input'], schema: ['schema', 'x'] },
    { definition: { type: 'string' }, path: ['data', 'y'] },
  ],
  scope: 'rule',
  title: 'first',
};
const DOCUMENT = { description: 'all of them', entrypoint: true, scope: 'document' };

describe('rego.metadata', () => {
  test('the chain goes from the rule outward', () => {
    expect(JSON.parse(answer(policy, 'a/b/p', { chain: true }))).toEqual([
      { annotations: RULE, path: ['a', 'b', 'p'] },
      { annotations: DOCUMENT, path: ['a', 'b', 'p'] },
      { annotations: { scope: 'package', title: 'the package' }, path: ['a', 'b'] },
      { annotations: { organizations: ['outer'], scope: 'subpackages' }, path: ['a'] },
    ]);
  });

  test('an else branch and a rule without annotations have none of their own', () => {
    expect(answer(policy, 'a/b/p', { none: true })).toBe('{}');
    expect(answer(policy, 'a/b/p', { rule: true })).toBe('{}');
  });

  test('it is a value like any other', () => {
    expect(answer(policy, 'a/b/q')).toBe('["an array"]');
  });

  test('a query is no rule', () => {
    const { query } = policy.prepareQuery('x = rego.metadata.rule()');
    expect(query?.evaluate(undefined, { strict: true })).toMatchObject({
      code: 'eval_builtin_error',
      message:
        'rego.metadata.rule: the rego.metadata.rule function must only be called within the scope of a rule',
    });
  });

  test('one scope is annotated once', () => {
    expect(errorsOf('# METADATA\n# title: a\npackage a', '# METADATA\n# title: b\npackage a')).toEqual([
      '1: rego_type_error: package annotation redeclared: m0.rego:1',
    ]);
  });
});
