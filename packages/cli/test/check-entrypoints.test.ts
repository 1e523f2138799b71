import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readDirectory } from '@writ/bundle';
import { describe, expect, it, onTestFinished } from 'vitest';
import { contradictions } from '../src/check/bundles-beside.ts';
import { checkBundle } from '../src/check/check-bundle.ts';
import { silentBundles } from '../src/check/silent-bundles.ts';

type Files = Readonly<Record<string, string>>;

async function checked(folder: string, name: string, files: Files) {
  const path = join(folder, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  }
  const read = await readDirectory(path, { name });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return checkBundle(read.bundle, path, {});
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'writ-check-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function manifest(entrypoint: object, roots: readonly string[] = ['p']): string {
  return JSON.stringify({ roots, rego_version: 1, metadata: { writ: { entrypoints: [entrypoint] } } });
}

describe('bundles that stand together', () => {
  const guard = { path: 'p/x', kind: 'guard' };
  const files = (root: string): Files => ({
    '.manifest': manifest({ ...guard, path: `${root}/x` }, [root]),
    'p.rego': `package ${root.replaceAll('/', '.')}\n\nx := true\n`,
  });

  it.each([
    ['the same root', 'p', 'p', 'its root `p` overlaps with `p` of bundle `one`'],
    ['a root below the other', 'p', 'p/q', 'its root `p/q` overlaps with `p` of bundle `one`'],
    ['roots apart', 'p', 'q', undefined],
    ['names of which one begins the other', 'p', 'pq', undefined],
  ])('are refused with overlapping roots: %s', async (_what, first, second, message) => {
    const place = folder();
    const both = [await checked(place, 'one', files(first)), await checked(place, 'two', files(second))];
    expect(contradictions(both).map((problem) => problem.message)).toEqual(
      message === undefined ? [] : [message],
    );
  });

  it('may overlap where they stand in folders of their own', async () => {
    const apart = [await checked(folder(), 'one', files('p')), await checked(folder(), 'two', files('p'))];
    expect(contradictions(apart)).toEqual([]);
  });
});

describe('an entrypoint whose rule cannot answer as its kind does', () => {
  it.each([
    ['grant', 'a number', 'x := 5', 'object with `allow`'],
    ['grant', 'a number', 'x := count(input.a)', 'object with `allow`'],
    ['guard', 'a null', 'x := null', 'true, false'],
    ['violations', 'a boolean', 'x if input.a', 'deny contains message'],
    ['violations', 'a string', 'x := "no" if input.a', 'deny contains message'],
    ['overrides', 'a string', 'x := "lift"', '{"lift": […]}'],
    ['capabilities', 'a set', 'x contains "a"', '"known": true'],
    ['visible', 'a number', 'x := 1', 'true or false'],
  ])('is refused: %s with %s', async (kind, what, rule, mend) => {
    const layer =
      kind === 'capabilities' ? { layer: 'identity' } : kind === 'overrides' ? { layer: 'override' } : {};
    const { problems, diagnostics } = await checked(folder(), 'b', {
      'p.rego': `package p\n\n${rule}\n`,
      '.manifest': manifest({ path: 'p/x', kind, ...layer }),
    });
    expect(diagnostics).toEqual([]);
    expect(problems).toMatchObject([{ code: 'entrypoint_invalid', file: 'p.rego', row: 3 }]);
    expect(problems[0]?.message).toContain(`can only be ${what}`);
    expect(problems[0]?.help).toContain(mend);
  });

  it.each([
    ['grant', 'x if input.a'],
    ['grant', 'x := "escalate" if input.a'],
    ['grant', 'x := {"allow": true} if input.a'],
    ['grant', 'x := input.a'],
    ['grant', 'x := 5 if input.a\n\nx := true if input.b'],
    ['grant', 'x contains {"allow": true} if input.a'],
    ['guard', 'default x := false\n\nx if input.a'],
    ['violations', 'x contains "no" if input.a'],
    ['violations', 'x := [m | some m in input.a]'],
    ['violations', 'x := data.elsewhere.y'],
  ])('is none where it may: %s with %s', async (kind, rule) => {
    const { problems } = await checked(folder(), 'b', {
      'p.rego': `package p\n\n${rule}\n`,
      '.manifest': manifest({ path: 'p/x', kind }),
    });
    expect(problems).toEqual([]);
  });
});

const REGISTRY = JSON.stringify({
  writ: {
    registry: {
      capabilities: [
        { id: 'web.search', adapter: 'mcp', servers: ['web'], tools: { allow: ['web_search', 'fetch'] } },
        { id: 'model.small', adapter: 'openai_compat', authorization: { resource: 'groq/*' } },
      ],
    },
  },
});

/** A bundle beside another one that holds the registry. */
async function silence(rule: string, entrypoint: object, data: Files = {}) {
  const where = folder();
  const registry = await checked(where, 'registry', {
    'data.json': REGISTRY,
    '.manifest': JSON.stringify({ roots: ['writ/registry'] }),
  });
  const policy = await checked(where, 'policy', {
    'p.rego': `package p\n\n${rule}\n`,
    '.manifest': manifest({ path: 'p/x', kind: 'grant', ...entrypoint }),
    ...data,
  });
  expect(policy.diagnostics).toEqual([]);
  return silentBundles([registry, policy]);
}

describe('a bundle that can never say anything on what the registry describes', () => {
  it.each([
    ['x := true', { when: { tools: ['web_serch'] } }, 'did you mean `web_search`'],
    ['x := true', { when: { servers: ['mail'] } }, 'no entry has `mail`'],
    ['x := true', { when: { capabilities: ['web.serch'] } }, 'did you mean `web.search`'],
    [
      'x := true',
      { when: { types: ['model_inference'], capabilities: ['web.search'] } },
      'fit no entry together',
    ],
  ])('is refused for its `when`: %s %o', async (rule, entrypoint, help) => {
    const problems = await silence(rule, entrypoint);
    expect(problems).toMatchObject([{ code: 'entrypoint_invalid', bundle: 'policy', file: '.manifest' }]);
    expect(problems[0]?.help).toContain(help);
  });

  it.each([
    ['x if input.action.tool == "web_serch"', {}],
    ['default x := false\n\nx if input.action.capability == "web.serch"', {}],
    ['x if {\n\tinput.action.tool == "fetch"\n\tinput.action.capability == "mail.send"\n}', {}],
    ['x if input.tool_name in {"web_serch", "mail"}', { profile: 'spiffe/v1' }],
    ['x contains "no" if input.action.server == "mail"', { kind: 'violations' }],
    ['x if input.tool_name == "fetch"', {}],
    ['x if input.action.tool in data.p.tools', {}, { 'data.json': '{"p": {"tools": ["mail"]}}' }],
  ] as [string, object, Files?][])(
    'is refused for its conditions: %s',
    async (rule, entrypoint, data = {}) => {
      const problems = await silence(rule, entrypoint, data);
      expect(problems).toMatchObject([{ code: 'entrypoint_invalid', bundle: 'policy', file: 'p.rego' }]);
      expect(problems[0]?.help).toContain('writ registry show');
    },
  );

  it.each([
    ['x := true', {}],
    ['x := true', { when: { tools: ['web_*'] } }],
    ['x := true', { when: { types: ['sampling'] } }],
    ['x if input.action.tool == "fetch"', {}],
    ['x if input.action.args.tool == "nothing"', {}],
    ['x if input.action.capability == input.context.task_id', {}],
    ['x if input.action.tool in data.p.tools', {}, { 'data.json': '{"p": {"tools": ["fetch"]}}' }],
    ['x if input.capability_id == "web.search"', { profile: 'spiffe/v1' }],
    ['x if input.action == "model/inference"', { profile: 'spiffe/v1' }],
    ['x if input.tool == "nothing"', { profile: 'tools/v1' }],
    ['default x := false\n\nx if input.action.tool == "nothing"', { kind: 'guard' }],
    ['x := {"allow": false, "reason": "no"}', {}],
    ['x contains "no" if input.action.server == "web"', { kind: 'violations' }],
    ['x if input.action.phase == "list"', { when: { phases: ['list'] } }],
  ] as [string, object, Files?][])('is none where it may: %s %o', async (rule, entrypoint, data = {}) => {
    expect(await silence(rule, entrypoint, data)).toEqual([]);
  });

  it('is none where no registry stands beside it', async () => {
    const alone = await checked(folder(), 'policy', {
      'p.rego': 'package p\n\nx if input.action.tool == "nothing"\n',
      '.manifest': manifest({ path: 'p/x', kind: 'grant', when: { tools: ['nothing'] } }),
    });
    expect(silentBundles([alone])).toEqual([]);
  });
});
