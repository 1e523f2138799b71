import { describe, expect, test } from 'vitest';
import { faultsOf, moduleOf } from './show.ts';

describe('packages and imports', () => {
  test('paths', () => {
    expect(moduleOf('package a.b["c-d"].if').package.path).toEqual(['a', 'b', 'c-d', 'if']);
  });

  test('imports keep path and alias', () => {
    const { imports } = moduleOf(
      'package a\nimport data.x["y z"]\nimport input.if.foo as bar\nimport data.contains as c',
    );
    expect(imports.map(({ path, alias }) => [path, alias])).toEqual([
      [['data', 'x', 'y z'], undefined],
      [['input', 'if', 'foo'], 'bar'],
      [['data', 'contains'], 'c'],
    ]);
  });

  test.each([
    ['', '0:0 empty module'],
    ['p := 1', '1:1 package expected'],
    ['package a\npackage b', '2:1 unexpected package'],
    ['package 1', '1:9 unexpected number token'],
    ['package a.b[1]', '1:13 unexpected number token: expecting string'],
    [
      'package a\nimport x.y',
      '2:8 unexpected import path, must begin with one of: {data, future, input, rego}, got: x (hint: if this is unexpected, try updating OPA)',
    ],
    ['package a\nimport data.a[b]', '2:15 unexpected var token: expecting string'],
    [
      'package a\nimport data.if',
      '2:13 unexpected import path, must not end with a keyword, got: if (hint: import a different path or use an alias)',
    ],
    [
      'package a\nimport data.x as input',
      '2:18 unexpected import alias, must not be a reserved name, got: input',
    ],
    ['package a\nimport data.x as 1', '2:18 unexpected number token: expected var'],
    ['package a\nimport rego.v3', '2:8 invalid import `rego.v3`, must be one of: `rego.v1`, `rego.v2`'],
    ['package a\nimport rego.v1 as x', '2:19 `rego` imports cannot be aliased'],
    ['package a\nimport future.x', '2:8 invalid import, must be `future.keywords`'],
    [
      'package a\nimport future.keywords.x',
      '2:8 unexpected keyword, must be one of [and contains every if in not or]',
    ],
  ])('%j', (text, fault) => {
    expect(faultsOf(text)[0]).toBe(fault);
  });
});

test('comments are kept in their order', () => {
  const { comments } = moduleOf('# head\npackage a # name\np := 1\n# tail');
  expect(comments.map(({ text }) => text)).toEqual([' head', ' name', ' tail']);
});

describe('annotations', () => {
  const text = `# METADATA
# title: Whole package
# custom:
#   owner: {team: a}
package a

# METADATA
# description: first
# entrypoint: true
p := 1 if x

# no metadata
p := 2 if y

# METADATA
# scope: rule
# title: only here
p := 3 if z

q := 1
`;

  test('stand at what follows them, with the scope that the place gives', () => {
    const { annotations } = moduleOf(text);
    expect(annotations.map(({ scope, entrypoint, title }) => [scope, entrypoint, title])).toEqual([
      ['package', false, 'Whole package'],
      ['document', true, undefined],
      ['rule', false, 'only here'],
    ]);
    expect(annotations[0]?.custom).toEqual({ owner: { team: 'a' } });
    expect(annotations[1]?.location).toMatchObject({ row: 7, column: 1 });
  });

  test('those of a document describe all rules of its name, the others one', () => {
    const { rules } = moduleOf(text);
    expect(rules.map(({ annotations }) => annotations.map(({ scope }) => scope))).toEqual([
      ['document'],
      ['document'],
      ['document', 'rule'],
      [],
    ]);
  });

  test.each([
    ['# METADATA\n\npackage a', '1:1 expected METADATA block, found whitespace'],
    ['# METADATA\n# title: [\npackage a', '2:1 yaml: '],
    [
      '# METADATA\n# scope: nowhere\npackage a',
      "1:1 invalid annotation scope 'nowhere'. Use one of 'rule', 'document', 'package', or 'subpackages'",
    ],
    [
      '# METADATA\n# scope: rule\npackage a',
      "1:1 annotation scope 'rule' must be applied to rule (have package)",
    ],
    [
      'package a\n# METADATA\n# scope: package\np := 1',
      "2:1 annotation scope 'package' must be applied to package (have rule)",
    ],
    [
      'package a\n# METADATA\n# title: x\nimport data.b',
      "2:1 invalid annotation scope 'import'. Use one of 'rule', 'document', 'package', or 'subpackages'",
    ],
    [
      'package a\n# METADATA\n# scope: rule\n# entrypoint: true\np := 1',
      "2:1 annotation entrypoint applied to non-document or package scope 'rule'",
    ],
    [
      '# METADATA\n# - a\npackage a',
      '2:1 yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into ast.rawAnnotation',
    ],
    [
      '# METADATA\n# custom: 1\npackage a',
      '2:1 yaml: unmarshal errors:\n  line 1: cannot unmarshal !!int `1` into map[string]interface {}',
    ],
  ])('%j is refused', (source, fault) => {
    expect(faultsOf(source)[0]).toContain(fault);
  });

  test('an alias bomb is refused', () => {
    const levels = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg', 'gh']) {
      levels.push(`${to}: &${to} [${Array(9).fill(`*${from}`).join(', ')}]`);
    }
    const source = `# METADATA\n${['custom:', ...levels.map((line) => `  ${line}`)].map((line) => `# ${line}`).join('\n')}\npackage a`;
    expect(faultsOf(source)[0]).toContain('yaml: ');
  });
});
