import { describe, expect, it } from 'vitest';
import { parseEntrypoint, readDirectory, readManifest, renderProblem } from '../src/index.ts';
import { makeFolder, POLICY, problemsOf } from './bundle-fixture.ts';

const withEntrypoints = (...entrypoints: object[]) => ({ metadata: { writ: { entrypoints } } });

describe('a manifest', () => {
  it.each([
    [{ root: ['a'] }, '/root', 'did you mean `roots`?'],
    [{ metadata: { writ: { entrypoint: [] } } }, '/metadata/writ/entrypoint', 'did you mean `entrypoints`?'],
    [
      withEntrypoints({ path: 'a/b', kind: 'grant', layr: 'resource' }),
      '/metadata/writ/entrypoints/0/layr',
      'did you mean `layer`?',
    ],
    [
      withEntrypoints({ path: 'a/b', kind: 'guard', when: { tool: ['x'] } }),
      '/metadata/writ/entrypoints/0/when/tool',
      'did you mean `tools`?',
    ],
    [
      withEntrypoints({ path: 'a/b', kind: 'gard' }),
      '/metadata/writ/entrypoints/0/kind',
      'did you mean `guard`?',
    ],
  ])('names the nearest right one for what is unknown: %j', (document, pointer, help) => {
    expect(problemsOf(readManifest(document))).toMatchObject([{ code: 'manifest_invalid', pointer, help }]);
  });

  it.each([
    { revision: 7 },
    { roots: 'a' },
    { rego_version: 3 },
    withEntrypoints({ path: 'a/b' }),
    withEntrypoints({ path: '/a', kind: 'grant' }),
    withEntrypoints({ path: 'a//b', kind: 'grant' }),
    withEntrypoints({ path: 'a/b', kind: 'grant', when: { tools: [] } }),
    [],
    null,
  ])('refuses %j', (document) => {
    expect(problemsOf(readManifest(document))[0]).toMatchObject({ code: 'manifest_invalid' });
  });

  it('keeps other metadata as it is', () => {
    const read = readManifest({ metadata: { team: 'payments', writ: {} }, roots: ['/a/'] });
    expect(read).toMatchObject({
      ok: true,
      manifest: { metadata: { team: 'payments', writ: {} }, roots: ['a'] },
    });
  });

  it('[P-GRANT-ONLY-RESOURCE] lets no kind stand in a layer that is not its own', () => {
    const codes = (kind: string, layer: string) =>
      problemsOf(readManifest(withEntrypoints({ path: 'a/b', kind, layer })));
    expect(codes('grant', 'compliance')[0]).toMatchObject({ code: 'entrypoint_invalid' });
    expect(codes('capabilities', 'resource')[0]).toMatchObject({ code: 'entrypoint_invalid' });
    expect(codes('overrides', 'workflow')[0]).toMatchObject({ code: 'entrypoint_invalid' });
    expect(codes('guard', 'override')[0]).toMatchObject({ code: 'entrypoint_invalid' });
  });

  it('[P-THIRD-PARTY-TIGHTENS] consults a third party only for servers that it names', async () => {
    const read = async (when: object | undefined) => {
      const entrypoint = {
        path: 'agent/tools/allow',
        kind: 'guard',
        ...(when === undefined ? {} : { when }),
      };
      const manifest = JSON.stringify(withEntrypoints(entrypoint));
      return readDirectory(makeFolder({ 'p.rego': POLICY, '.manifest': manifest }), { thirdParty: true });
    };
    expect((await read({ servers: ['files'] })).ok).toBe(true);
    for (const when of [undefined, {}, { servers: ['*'] }, { servers: ['files', '*'] }, { tools: ['read'] }])
      expect(problemsOf(await read(when))[0]).toMatchObject({ code: 'entrypoint_invalid' });
  });

  it('[P-THIRD-PARTY-TIGHTENS] lets a third party neither grant nor override, nor say who an actor is', async () => {
    for (const kind of ['grant', 'overrides', 'capabilities']) {
      const manifest = JSON.stringify(
        withEntrypoints({ path: 'agent/tools/allow', kind, when: { servers: ['files'] } }),
      );
      const folder = makeFolder({ 'p.rego': POLICY, '.manifest': manifest });
      expect((await readDirectory(folder)).ok).toBe(true);
      expect(problemsOf(await readDirectory(folder, { thirdParty: true }))[0]).toMatchObject({
        code: 'entrypoint_invalid',
      });
    }
  });

  it('keeps a bundle to the layers that configuration gives it', async () => {
    const manifest = JSON.stringify(withEntrypoints({ path: 'agent/tools/allow', kind: 'grant' }));
    const folder = makeFolder({ 'p.rego': POLICY, '.manifest': manifest });
    expect((await readDirectory(folder, { layers: ['resource'] })).ok).toBe(true);
    expect(problemsOf(await readDirectory(folder, { layers: ['compliance'] }))[0]).toMatchObject({
      code: 'entrypoint_invalid',
    });
  });

  it('refuses an entrypoint that is listed twice', async () => {
    const twice = { path: 'agent/tools/allow', kind: 'grant' };
    const folder = makeFolder({
      'p.rego': POLICY,
      '.manifest': JSON.stringify(withEntrypoints(twice, { ...twice, profile: 'tools/v1' })),
    });
    expect(problemsOf(await readDirectory(folder))[0]).toMatchObject({ code: 'entrypoint_invalid' });
  });

  it('gives files their language version', async () => {
    const manifest = { rego_version: 0, file_rego_versions: { '/new/*.rego': 1 } };
    const folder = makeFolder({
      'old.rego': POLICY,
      'new/p.rego': POLICY,
      '.manifest': JSON.stringify(manifest),
    });
    const read = await readDirectory(folder);
    expect(read.ok && read.bundle.modules.map(({ file, version }) => [file, version])).toEqual([
      ['new/p.rego', 1],
      ['old.rego', 0],
    ]);
  });
});

describe('an entrypoint as an option', () => {
  it('is a path with settings', () => {
    expect(parseEntrypoint('agent/tools/decision')).toMatchObject({
      entrypoint: { path: 'agent/tools/decision', kind: 'grant', layer: 'resource', profile: 'writ/v1' },
    });
    expect(
      parseEntrypoint('data.agent.tools.deny,kind=violations,layer=compliance,profile=tools/v1'),
    ).toMatchObject({
      entrypoint: { path: 'agent/tools/deny', kind: 'violations', layer: 'compliance', profile: 'tools/v1' },
    });
  });

  it.each([
    ['allow', undefined],
    ['a b/c', undefined],
    ['a/b,knd=grant', 'did you mean `kind`?'],
    ['a/b,kind=guards', 'did you mean `guard`?'],
    ['a/b,layer=resorce', 'did you mean `resource`?'],
    ['a/b,kind=grant,layer=identity', undefined],
  ])('refuses %s', (option, help) => {
    const read = parseEntrypoint(option);
    expect(read).toMatchObject({ ok: false, problem: { code: 'entrypoint_invalid' } });
    if (!read.ok && help !== undefined) expect(renderProblem(read.problem)).toContain(help);
  });
});
