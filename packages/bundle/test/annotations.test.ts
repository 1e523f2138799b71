import { parseModule } from '@writ/rego';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDirectory } from '../src/index.ts';
import { packagePath } from '../src/package-path.ts';
import { bundleOf, makeFolder, problemsOf } from './bundle-fixture.ts';

const marked = (custom: string) => `package agent.tools

# METADATA
# entrypoint: true
${custom}decision := "allow" if input.x == 1

decision := "deny" if input.x == 2
`;

describe('entrypoints that modules mark', () => {
  it('are grants of the resource layer unless they say otherwise', async () => {
    const bundle = bundleOf(await readDirectory(makeFolder({ 'p.rego': marked('') })));
    expect(bundle.entrypoints).toEqual([
      {
        path: 'agent/tools/decision',
        kind: 'grant',
        layer: 'resource',
        profile: 'writ/v1',
        when: { phases: ['call'] },
      },
    ]);
    const custom =
      '# custom:\n#   writ:\n#     kind: violations\n#     layer: compliance\n#     profile: tools/v1\n#     when: {tools: ["pay*"]}\n';
    const other = bundleOf(await readDirectory(makeFolder({ 'p.rego': marked(custom) })));
    expect(other.entrypoints).toMatchObject([
      { kind: 'violations', layer: 'compliance', profile: 'tools/v1', when: { tools: ['pay*'] } },
    ]);
  });

  it('may be whole packages', async () => {
    const folder = makeFolder({
      'p.rego': '# METADATA\n# scope: package\n# entrypoint: true\npackage agent.tools\n\nallow := true\n',
    });
    expect(bundleOf(await readDirectory(folder)).entrypoints.map(({ path }) => path)).toEqual([
      'agent/tools',
    ]);
  });

  it('name what is wrong with the mark', async () => {
    const custom = '# custom:\n#   writ:\n#     knd: grant\n';
    expect(problemsOf(await readDirectory(makeFolder({ 'p.rego': marked(custom) })))[0]).toMatchObject({
      code: 'entrypoint_invalid',
      file: 'p.rego',
      help: 'did you mean `kind`?',
    });
  });

  it('give way to those of a manifest', async () => {
    const manifest = JSON.stringify({
      metadata: { writ: { entrypoints: [{ path: 'agent/tools/other', kind: 'guard' }] } },
    });
    const bundle = bundleOf(await readDirectory(makeFolder({ 'p.rego': marked(''), '.manifest': manifest })));
    expect(bundle.entrypoints.map(({ path }) => path)).toEqual(['agent/tools/other']);
  });
});

describe('the path of a package', () => {
  it('is read as the parser reads it', () => {
    const name = fc.constantFrom('a', 'b_1', 'tools', 'rules');
    const step = fc.oneof(
      name.map((text) => `.${text}`),
      fc.constantFrom('["x y"]', '["a"]', '["tab\\t"]', '[ "q\\"x" ]'),
    );
    const blank = fc.constantFrom('', '\n', ' \n', '# package no.not.this\n', '\t');
    const after = fc.constantFrom(
      '\n',
      '\n\nallow := true\n',
      ' # end\n',
      '\n.x\n',
      '\n[1]\n',
      ' import rego.v1\n',
      '; x := 1\n',
    );
    const module = fc
      .tuple(blank, name, fc.array(step, { maxLength: 3 }), after)
      .map(([before, first, steps, rest]) => `${before}package ${first}${steps.join('')}${rest}`);
    fc.assert(
      fc.property(module, (text) => {
        const parsed = parseModule(text, { file: 'p.rego' }).module;
        if (parsed !== undefined) expect(packagePath(text)).toBe(parsed.package.path.join('/'));
      }),
      { numRuns: 500, seed: 11 },
    );
  });
});
