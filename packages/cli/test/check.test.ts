import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilePolicy } from '@writ/rego';
import { describe, expect, it, onTestFinished } from 'vitest';
import { applyFixes } from '../src/check/apply-fixes.ts';
import { limited, opaError } from '../src/check/error-json.ts';
import { lineDifference } from '../src/check/line-difference.ts';
import { readCapabilitiesFile, readSchemas } from '../src/check/read-options.ts';

function fixed(text: string, strict = true, version: 0 | 1 = 1) {
  const { sources, diagnostics, count } = applyFixes([{ file: 'a.rego', text, version }], { strict });
  return { text: sources[0]!.text, left: diagnostics.map(({ message }) => message), count };
}

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'writ-check-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe('mends', () => {
  it.each([
    ['a missing `if`', 'package a\n\np {\n\tinput.x\n}\n', 'package a\n\np if {\n\tinput.x\n}\n'],
    [
      'a missing `contains`',
      'package a\n\np[x] {\n\tx := input.x\n}\n',
      'package a\n\np contains x if {\n\tx := input.x\n}\n',
    ],
    [
      'an unused import',
      'package a\n\nimport data.b\nimport data.c\n\np := c\n',
      'package a\n\nimport data.c\n\np := c\n',
    ],
    [
      'an import twice',
      'package a\n\nimport data.b\nimport data.b\n\np := b\n',
      'package a\n\nimport data.b\n\np := b\n',
    ],
    [
      'an unused variable',
      'package a\n\np if {\n\tx := input.x\n\t[y, z] := input.y\n\tz\n}\n',
      'package a\n\np if {\n\t_ := input.x\n\t[_, z] := input.y\n\tz\n}\n',
    ],
    ['an unused argument', 'package a\n\nf(x, [y, z]) := y\n', 'package a\n\nf(_, [y, _]) := y\n'],
    [
      'an unused key of every',
      'package a\n\np if every k, v in input.x { v == 1 }\n',
      'package a\n\np if every _, v in input.x { v == 1 }\n',
    ],
    [
      'a builtin with a new name',
      'package a\n\np if re_match("a", input.x)\n',
      'package a\n\np if regex.match("a", input.x)\n',
    ],
  ])('of %s leave nothing to say, and are made once', (_about, before, after) => {
    const once = fixed(before);
    expect(once).toMatchObject({ text: after, left: [] });
    expect(once.count).toBeGreaterThan(0);
    expect(fixed(once.text)).toEqual({ text: after, left: [], count: 0 });
  });

  it('leave alone what needs a choice', () => {
    const text = 'package a\n\np if starts_with(input.x, "a")\n';
    expect(fixed(text)).toEqual({ text, left: ['undefined function starts_with'], count: 0 });
  });

  it('change no answer of a policy that compiled', () => {
    const text =
      'package a\n\nimport data.b\n\nf(x, y) := x\n\np := f(input.x, 1) if every k, v in input.y { v > 0 }\n';
    const lenient = text.replace('every k, v', 'every _, v');
    const mended = fixed(lenient).text;
    for (const input of [{ x: 1, y: [1] }, { x: 1, y: [0] }, {}]) {
      const [before, after] = [lenient, mended].map((one) => {
        const { policy } = compilePolicy([{ file: 'a.rego', text: one }]);
        return policy!.prepare('a/p').evaluate(input);
      });
      expect(after).toMatchObject({ kind: before!.kind });
    }
  });
});

describe('a difference', () => {
  it('shows changed lines with their surroundings, and far ones apart', () => {
    const before = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const after = before.with(1, 'first').with(18, 'last');
    expect(lineDifference(before.join('\n'), after.join('\n'), 'a.rego')).toBe(
      [
        '--- a.rego',
        '+++ a.rego',
        '@@ -1,5 +1,5 @@',
        ' line 0',
        '-line 1',
        '+first',
        ' line 2',
        ' line 3',
        ' line 4',
        '@@ -16,5 +16,5 @@',
        ' line 15',
        ' line 16',
        ' line 17',
        '-line 18',
        '+last',
        ' line 19',
      ].join('\n'),
    );
    expect(lineDifference('a', 'a', 'a.rego')).toBe('');
  });
});

describe('options', () => {
  it('read schemas by their path, from JSON and YAML', () => {
    const folder = folderWith({ 'input.json': '{"type":"object"}', 'a/b-c.yaml': 'type: string' });
    expect([...readSchemas(folder)].sort()).toEqual([
      ['a/b-c', { type: 'string' }],
      ['input', { type: 'object' }],
    ]);
    expect([...readSchemas(join(folder, 'input.json'))]).toEqual([['', { type: 'object' }]]);
    expect(() => readSchemas(join(folder, 'none'))).toThrow('there is no schema');
  });

  it('read capabilities, and say what is wrong with them', () => {
    const folder = folderWith({
      'good.json': '{"builtins":[]}',
      'bad.json': '{"builtins":1}',
      'not.json': '{',
    });
    expect(readCapabilitiesFile(join(folder, 'good.json'))).toEqual({ builtins: [] });
    expect(() => readCapabilitiesFile(join(folder, 'bad.json'))).toThrow('`builtins` must be a list');
    expect(() => readCapabilitiesFile(join(folder, 'not.json'))).toThrow('not.json');
    expect(() => readCapabilitiesFile('v1.0.0')).toThrow('there is no file v1.0.0');
  });
});

describe('errors as JSON', () => {
  const { diagnostics } = compilePolicy([
    { file: 'a.rego', text: 'package a\n\np if 1 == "a"\n\nq if startswith(1, "a")\n' },
  ]);

  it('have the shape of `opa check --format json`', () => {
    expect(diagnostics.map(opaError)).toEqual([
      {
        message: 'match error',
        code: 'rego_type_error',
        location: { file: 'a.rego', row: 3, col: 6 },
        details: { a: { type: 'number' }, b: { type: 'string' } },
      },
      {
        message: 'startswith: invalid argument(s)',
        code: 'rego_type_error',
        location: { file: 'a.rego', row: 5, col: 6 },
        details: {
          have: [{ type: 'number' }, { type: 'string' }],
          want: {
            args: [
              { type: 'string', name: 'search' },
              { type: 'string', name: 'base' },
              { type: 'boolean', name: 'result' },
            ],
          },
        },
      },
    ]);
  });

  it('end at the limit', () => {
    expect(limited(diagnostics, 1).map(({ message }) => message)).toEqual([
      'match error',
      'error limit reached',
    ]);
    expect(limited(diagnostics, 0)).toHaveLength(2);
    expect(limited(diagnostics, 10)).toHaveLength(2);
  });
});
