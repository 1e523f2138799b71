import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  cadenceMs,
  checkSet,
  type Governance,
  modeOf,
  type RequiredSignature,
  readDirectory,
  readManifest,
  readTarballBytes,
  reviewersOf,
  reviewState,
  signBundle,
  stewardshipFor,
  writeArchive,
} from '../src/index.ts';
import { bundleOf, makeFolder, POLICY, problemsOf } from './bundle-fixture.ts';

const manifestOf = (writ: object) => ({ roots: ['agent'], metadata: { writ } });
const GUARD = { path: 'agent/tools/allow', kind: 'guard' };

async function bundleWith(writ: object, options: Parameters<typeof readDirectory>[1] = {}) {
  const folder = makeFolder({ '.manifest': JSON.stringify(manifestOf(writ)), 'p.rego': POLICY });
  return readDirectory(folder, { name: 'rules', ...options });
}

describe('who answers for a bundle', () => {
  it('is said of the bundle and of each entrypoint, whose own word goes first; reviewers are united', async () => {
    const bundle = bundleOf(
      await bundleWith({
        layer: 'compliance',
        owner: 'legal',
        reviewers: ['legal'],
        cadence: 'quarterly',
        reviewed_at: '2026-11-01',
        profile: 'tools/v1',
        when: { tools: ['pay*'] },
        entrypoints: [
          GUARD,
          {
            ...GUARD,
            path: 'agent/tools/own',
            owner: 'dpo',
            reviewers: ['dpo'],
            profile: 'writ/v1',
            when: {},
          },
        ],
      }),
    );
    const [plain, own] = bundle.entrypoints;
    expect(plain).toMatchObject({ layer: 'compliance', profile: 'tools/v1', when: { tools: ['pay*'] } });
    expect(stewardshipFor(bundle, plain!)).toEqual({
      owner: 'legal',
      reviewers: ['legal'],
      cadence: 'quarterly',
      reviewed_at: '2026-11-01',
      mode: 'enforce',
    });
    expect(own).toMatchObject({ profile: 'writ/v1', when: { phases: ['call'] } });
    expect(own?.when.tools).toBeUndefined();
    expect(stewardshipFor(bundle, own!)).toMatchObject({ owner: 'dpo', reviewers: ['legal', 'dpo'] });
  });

  it('can be said in annotations as well', async () => {
    const text = `package agent.tools\n\n# METADATA\n# entrypoint: true\n# custom:\n#   writ:\n#     kind: guard\n#     owner: ops\n#     mode: observe\nallow if true\n`;
    const folder = makeFolder({
      '.manifest': JSON.stringify(manifestOf({ layer: 'workflow' })),
      'p.rego': text,
    });
    const bundle = bundleOf(await readDirectory(folder));
    expect(bundle.entrypoints).toMatchObject([{ layer: 'workflow', owner: 'ops', mode: 'observe' }]);
  });

  it('changes no digest of a bundle that says nothing', async () => {
    const bundle = bundleOf(await bundleWith({ entrypoints: [GUARD] }));
    expect(bundle.governance).toBeUndefined();
    expect(Object.keys(bundle.entrypoints[0]!)).toEqual(['path', 'kind', 'layer', 'profile', 'when']);
  });

  it.each([
    [{ cadence: 'fortnightly', reviewed_at: '2026-11-01' }, '/metadata/writ/cadence'],
    [{ cadence: '0d', reviewed_at: '2026-11-01' }, '/metadata/writ/cadence'],
    [{ cadence: 'weekly' }, '/metadata/writ/cadence'],
    [{ reviewed_at: '2026-02-30' }, '/metadata/writ/reviewed_at'],
    [{ reviewed_at: 'yesterday' }, '/metadata/writ/reviewed_at'],
    [{ reviewers: [] }, '/metadata/writ/reviewers'],
    [{ mode: 'off' }, '/metadata/writ/mode'],
    [{ entrypoints: [{ ...GUARD, cadence: '30d' }] }, '/metadata/writ/entrypoints/0/cadence'],
  ])('refuses %j', (writ, pointer) => {
    expect(problemsOf(readManifest(manifestOf(writ)))).toMatchObject([{ code: 'manifest_invalid', pointer }]);
  });

  it('an entrypoint takes the day of its review from its bundle', () => {
    const entrypoints = [{ ...GUARD, cadence: '30d' }];
    expect(readManifest(manifestOf({ reviewed_at: '2026-11-01', entrypoints })).ok).toBe(true);
  });

  it('a bundle of one layer holds no entrypoint of another', async () => {
    const grant = { path: 'agent/tools/allow', kind: 'grant' };
    const problems = problemsOf(await bundleWith({ layer: 'compliance', entrypoints: [grant] }));
    expect(problems).toMatchObject([
      { code: 'entrypoint_invalid', message: expect.stringContaining('layer `compliance`') },
    ]);
  });
});

describe('a cadence', () => {
  const HOUR = 3_600_000;
  it.each([
    ['daily', 24],
    ['weekly', 168],
    ['monthly', 31 * 24],
    ['quarterly', 92 * 24],
    ['yearly', 366 * 24],
    ['12h', 12],
    ['30d', 720],
    ['6w', 1008],
  ])('%s is %d hours', (word, hours) => {
    expect(cadenceMs(word)).toBe(hours * HOUR);
  });

  it('is overdue once it has passed since the review, and no review lies ahead', () => {
    const now = Date.parse('2026-11-29T00:00:00Z');
    const at = (reviewed_at: string, cadence?: string) =>
      reviewState({ reviewed_at, ...(cadence === undefined ? {} : { cadence }) }, now).kind;
    expect(at('2026-11-01', '30d')).toBe('current');
    expect(at('2026-10-01', '30d')).toBe('overdue');
    expect(at('2026-10-01')).toBe('none');
    expect(at('2027-01-01', '30d')).toBe('ahead');
    expect(reviewState({ cadence: '30d', reviewed_at: '2026-11-01' }, now)).toEqual({
      kind: 'current',
      dueAt: '2026-12-01T00:00:00.000Z',
    });
  });
});

describe('the mode', () => {
  it.each<[Governance, 'enforce' | 'observe' | undefined, string]>([
    [{}, undefined, 'enforce'],
    [{ mode: 'observe' }, undefined, 'observe'],
    [{ mode: 'observe' }, 'enforce', 'enforce'],
    [{ mode: 'enforce' }, 'observe', 'observe'],
    [{ mode: 'observe', operatorMode: 'enforce' }, 'observe', 'enforce'],
    [{ operatorMode: 'observe' }, 'enforce', 'observe'],
  ])('of %j with an entrypoint that says %s is %s', (governance, mode, expected) => {
    expect(modeOf({ governance }, mode === undefined ? {} : { mode })).toBe(expected);
  });

  it('[P-OBSERVE-NOT-BY-THIRD-PARTY] is not for a third party to say of itself; its operator may', async () => {
    const when = { servers: ['files'] };
    const bundle = { mode: 'observe', entrypoints: [{ ...GUARD, when }] };
    const entrypoint = { entrypoints: [{ ...GUARD, when, mode: 'observe' }] };
    for (const writ of [bundle, entrypoint])
      expect(problemsOf(await bundleWith(writ, { thirdParty: true }))).toMatchObject([
        { code: 'entrypoint_invalid', help: expect.stringContaining('writ.yaml') },
      ]);
    const plain = { entrypoints: [{ ...GUARD, when }] };
    const observed = bundleOf(await bundleWith(plain, { thirdParty: true, mode: 'observe' }));
    expect(modeOf(observed, observed.entrypoints[0])).toBe('observe');
  });
});

describe('[P-REVIEWERS-SIGNED] required reviewers', () => {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const author: RequiredSignature = {
    name: 'author',
    form: 'bundle',
    keys: { k1: { algorithm: 'ES256', key: publicKey } },
  };

  async function signedWith(writ: object): Promise<Uint8Array> {
    const files = [
      { path: '.manifest', text: JSON.stringify(manifestOf(writ)) },
      { path: 'p.rego', text: POLICY },
    ];
    const bytes = files.map(({ path, text }) => ({ path, bytes: Buffer.from(text) }));
    const signature = await signBundle(bytes, { key, algorithm: 'ES256', keyId: 'k1' });
    if (!signature.ok) throw new Error('not signed');
    return writeArchive([...files, { path: '.signatures.json', text: signature.text }]);
  }

  it.each([
    [['author'], true],
    [['k1'], true],
    [['author', 'k1'], true],
    [['security'], false],
    [['author', 'security'], false],
    [['Author'], false],
  ])('%j, with one signature by `author` under `k1`: met %s', async (reviewers, met) => {
    const archive = await signedWith({ reviewers, entrypoints: [GUARD] });
    const bundle = bundleOf(await readTarballBytes(archive, { name: 'rules', signatures: [author] }));
    const set = checkSet([bundle]);
    expect(set.ok).toBe(met);
    if (!set.ok)
      expect(set.problems).toMatchObject([
        { code: 'reviewers_missing', bundle: 'rules', message: expect.stringMatching(/security|Author/) },
      ]);
  });

  it('count only where signatures were checked', async () => {
    const archive = await signedWith({ reviewers: ['author'], entrypoints: [GUARD] });
    const unchecked = bundleOf(await readTarballBytes(archive, { name: 'rules', skipVerify: true }));
    expect(reviewersOf(unchecked)).toEqual([{ name: 'author', met: false }]);
    expect(problemsOf(checkSet([unchecked]))).toMatchObject([{ code: 'reviewers_missing' }]);
  });

  it("of an entrypoint count like the bundle's; a folder can be read and tested without them", async () => {
    const writ = { entrypoints: [{ ...GUARD, reviewers: ['legal'] }] };
    const bundle = bundleOf(await bundleWith(writ));
    expect(problemsOf(checkSet([bundle]))).toMatchObject([{ code: 'reviewers_missing' }]);
    const taken = bundleOf(await bundleWith(writ, { unreviewed: true }));
    expect(checkSet([taken]).ok).toBe(true);
    expect(reviewersOf(taken)).toEqual([{ name: 'legal', met: false }]);
  });
});
