import { canonicalJson, type JsonObject } from '@writ/decision';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { applyPatch, diffData, patchPath, readPatchPath } from '../src/delta/patch.ts';
import {
  applyDeltas,
  buildBundle,
  buildDelta,
  contentFacts,
  createRemoteBundle,
  type Fetcher,
  type FetchOutcome,
  foldDeltas,
  isSameContent,
  type RequiredSignature,
  readSource,
  readTarballBytes,
  signBundle,
  unpackArchive,
  writeArchive,
} from '../src/index.ts';
import { keptContents } from '../src/remote/kept-contents.ts';
import { bundleOf, makeFolder, makeSigner, POLICY, problemsOf, writeFiles } from './bundle-fixture.ts';

const { signing: SIGNING, keys: KEYS } = makeSigner();
const AUTHOR: RequiredSignature = { name: 'author', form: 'bundle', keys: KEYS };

const manifest = (more: object = {}) => JSON.stringify({ roots: ['agent', 'limits'], ...more });
const FILES = {
  '.manifest': manifest(),
  'p.rego': POLICY,
  'limits/data.json': '{"max": 5, "names": {"a": 1, "b": {"c": [1, 2]}}}',
};

async function built(
  files: Readonly<Record<string, string>>,
  options: Parameters<typeof buildBundle>[1] = {},
): Promise<Uint8Array> {
  const result = await buildBundle(makeFolder(files), { name: 'b', signing: SIGNING, ...options });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.archive;
}

const deltaFor = (
  base: Uint8Array,
  files: Readonly<Record<string, string>>,
  options: Parameters<typeof buildBundle>[1] = {},
) => buildDelta(makeFolder(files), base, { name: 'b', signing: SIGNING, ...options });

const baseOf = async (archive: Uint8Array) =>
  bundleOf(await readTarballBytes(archive, { name: 'b', signatures: [AUTHOR] }));
const apply = async (base: Uint8Array, ...deltas: readonly Uint8Array[]) =>
  applyDeltas(
    await baseOf(base),
    deltas.map((archive) => ({ archive, detached: [] })),
    { name: 'b', signatures: [AUTHOR] },
  );

/** Documents with keys that paths have trouble with. */
const keys = fc.constantFrom('a', 'b', 'c d', 'e/f', 'g~1', '%41', '~', '%', 'é😀', 'constructor', '', '0');
const document: fc.Arbitrary<JsonObject> = fc.letrec<{ value: unknown; object: object }>((tie) => ({
  object: fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
  value: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.constantFrom(null, true, 'x', 1.5),
    fc.array(fc.integer(), { maxLength: 3 }),
    tie('object'),
  ),
})).object as fc.Arbitrary<JsonObject>;

describe('a patch', () => {
  it('makes of one document the other, wherever it can be told', () => {
    fc.assert(
      fc.property(document, document, (before, after) => {
        const from = { root: before };
        const to = { root: after };
        const kept = canonicalJson(from);
        const operations = diffData(from, to);
        const applied = applyPatch(from, operations ?? [], ['']);
        expect(operations).toBeDefined();
        expect(applied.ok && canonicalJson(applied.data)).toBe(canonicalJson(to));
        expect(canonicalJson(from)).toBe(kept);
        if (canonicalJson(from) === canonicalJson(to)) expect(operations).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('writes any path so that it is read back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1 }), (steps) => {
        fc.pre(!steps.includes('__proto__') && steps.every((step) => step.isWellFormed()));
        expect(readPatchPath(patchPath(steps)!)).toEqual(steps);
      }),
    );
    expect(readPatchPath('/a/__proto__/b')).toBeUndefined();
    expect(readPatchPath('/a/%zz')).toBeUndefined();
  });

  it.each([
    ['sets, makes folders on the way', [{ op: 'upsert', path: 'limits/x/y', value: 1 }], { x: { y: 1 } }],
    ['inserts into a list', [{ op: 'upsert', path: '/limits/list/1', value: 9 }], { list: [1, 9, 2] }],
    ['adds to a list', [{ op: 'upsert', path: '/limits/list/-', value: 9 }], { list: [1, 2, 9] }],
    ['replaces in a list', [{ op: 'replace', path: '/limits/list/0', value: 9 }], { list: [9, 2] }],
    ['removes from a list', [{ op: 'remove', path: '/limits/list/0' }], { list: [2] }],
    ['removes a key', [{ op: 'remove', path: '/limits/list' }], {}],
  ] as const)('as OPA does it: %s', (_name, operations, expected) => {
    const applied = applyPatch({ limits: { list: [1, 2] } }, operations, ['limits']);
    const { list: _list, ...kept } = { list: [1, 2] };
    const wanted =
      'list' in expected || _name.startsWith('removes a key') ? expected : { list: [1, 2], ...expected };
    expect(applied.ok && applied.data).toEqual({ limits: { ...kept, ...wanted } });
  });

  it.each([
    ['outside of the roots', { op: 'upsert', path: '/other', value: 1 }],
    ['beside a root of a like name', { op: 'upsert', path: '/limitsx', value: 1 }],
    ['above a root', { op: 'upsert', path: '/', value: {} }],
    ['to a prototype', { op: 'upsert', path: '/limits/__proto__/x', value: 1 }],
    ['what is not there', { op: 'replace', path: '/limits/absent', value: 1 }],
    ['removing what is not there', { op: 'remove', path: '/limits/absent' }],
    ['through what is not there', { op: 'remove', path: '/limits/absent/x' }],
    ['through a plain value', { op: 'upsert', path: '/limits/max/x', value: 1 }],
    ['beyond a list', { op: 'upsert', path: '/limits/list/5', value: 1 }],
    ['no place in a list', { op: 'replace', path: '/limits/list/-', value: 1 }],
  ] as const)('is refused as a whole: %s', (_name, operation) => {
    const good = { op: 'upsert', path: '/limits/good', value: 1 } as const;
    const data = { limits: { max: 1, list: [1] } };
    const applied = applyPatch(data, [good, operation], ['limits']);
    expect(applied).toMatchObject({
      ok: false,
      problem: { code: 'bundle_delta_refused', pointer: '/data/1' },
    });
    expect(data).toEqual({ limits: { max: 1, list: [1] } });
  });
});

describe('a delta bundle', () => {
  it('[P-BUNDLE-DELTA] on its base is the snapshot, digest and all', async () => {
    await fc.assert(
      fc.asyncProperty(document, document, async (before, after) => {
        fc.pre(canonicalJson(before) !== canonicalJson(after));
        const files = (data: JsonObject) => ({ ...FILES, 'limits/data.json': JSON.stringify({ all: data }) });
        const base = await built(files(before), { revision: 'r1', sequence: 1 });
        const options = { revision: 'r2', sequence: 2 };
        const delta = await deltaFor(base, files(after), options);
        if (!delta.ok) throw new Error(JSON.stringify(delta.problems));
        const snapshot = await baseOf(await built(files(after), options));
        const result = bundleOf(await apply(base, delta.archive));
        expect(result).toEqual(snapshot);
        expect(result.signatures).toHaveLength(1);
      }),
      { numRuns: 10 },
    );
  });

  it("has a manifest that names its base, and OPA's patch", async () => {
    const base = await built(FILES, { revision: 'r1' });
    const delta = await deltaFor(base, { ...FILES, 'limits/data.json': '{"max": 6}' }, { revision: 'r2' });
    if (!delta.ok) throw new Error(JSON.stringify(delta.problems));
    const unpacked = unpackArchive(delta.archive);
    if (!unpacked.ok) throw new Error('not unpacked');
    const texts = new Map(unpacked.files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]));
    expect([...texts.keys()]).toEqual(['.manifest', '.signatures.json', 'patch.json']);
    expect(JSON.parse(texts.get('patch.json')!)).toEqual({
      data: [
        { op: 'replace', path: '/limits/max', value: 6 },
        { op: 'remove', path: '/limits/names' },
      ],
    });
    const { digest } = await baseOf(base);
    expect(JSON.parse(texts.get('.manifest')!)).toMatchObject({
      revision: 'r2',
      roots: ['agent', 'limits'],
      metadata: { writ: { delta: { from: digest, from_revision: 'r1', to: delta.bundle.digest } } },
    });
    expect(
      problemsOf(await readTarballBytes(delta.archive, { name: 'b', signatures: [AUTHOR] })),
    ).toMatchObject([{ code: 'bundle_unreadable', file: 'patch.json' }, { code: 'manifest_invalid' }]);
  });

  const beyond: [string, Readonly<Record<string, string>>, string][] = [
    ['policy', { 'p.rego': `${POLICY}\nallow if input.root\n` }, 'p.rego'],
    ['a new module', { 'q.rego': 'package agent.more\n' }, 'q.rego'],
    ['compiled policy', { 'policy.wasm': 'x' }, 'policy.wasm'],
    ['roots', { '.manifest': JSON.stringify({ roots: ['agent', 'limits', 'x'] }) }, '.manifest'],
    ['the language version', { '.manifest': manifest({ file_rego_versions: { 'p.rego': 0 } }) }, '.manifest'],
    [
      'entrypoints',
      {
        '.manifest': manifest({
          metadata: { writ: { entrypoints: [{ path: 'agent/tools/allow', kind: 'grant' }] } },
        }),
      },
      '.manifest',
    ],
  ];
  it.each(beyond)('is not made where %s changed', async (_name, changed, file) => {
    const files = { ...FILES, 'limits/data.json': '{"max": 6}' };
    const delta = await deltaFor(await built(FILES), { ...files, ...changed });
    expect(problemsOf(delta)[0]).toMatchObject({
      code: 'bundle_delta_refused',
      file,
      help: 'publish the whole bundle: leave --delta-from out',
    });
  });

  it('is not made of nothing', async () => {
    const delta = await deltaFor(await built(FILES), FILES, { revision: 'r2' });
    expect(problemsOf(delta)[0]?.message).toContain('no data changed');
  });

  it('[P-BUNDLE-DELTA] is refused on any other base, unsigned, changed, or with more in it than a patch', async () => {
    const at = (max: number) => ({ ...FILES, 'limits/data.json': `{"max": ${max}}` });
    const [one, other] = [await built(at(1), { revision: 'r1' }), await built(at(2), { revision: 'r1' })];
    const made = await deltaFor(one, at(3), { revision: 'r2' });
    if (!made.ok) throw new Error(JSON.stringify(made.problems));
    expect((await apply(one, made.archive)).ok).toBe(true);
    expect(problemsOf(await apply(other, made.archive))[0]).toMatchObject({
      code: 'bundle_delta_refused',
      message: expect.stringContaining('it changes the bundle with digest'),
      help: 'the whole bundle (a snapshot) is fetched instead',
    });
    // Twice over: what it makes is no longer what it changes.
    expect(problemsOf(await apply(one, made.archive, made.archive))[0]?.code).toBe('bundle_delta_refused');

    const unsigned = await deltaFor(one, at(3), { revision: 'r2', signing: undefined as never });
    expect(unsigned.ok && problemsOf(await apply(one, unsigned.archive))[0]).toMatchObject({
      code: 'bundle_signature_missing',
    });
    const unpacked = unpackArchive(made.archive);
    const files = unpacked.ok ? unpacked.files.map(({ path, bytes }) => ({ path, text: bytes })) : [];
    const changed = files.map((file) =>
      file.path === 'patch.json'
        ? { ...file, text: new TextDecoder().decode(file.text).replace('3', '4') }
        : file,
    );
    expect(problemsOf(await apply(one, writeArchive(changed)))[0]).toMatchObject({
      code: 'bundle_signature_invalid',
      file: 'patch.json',
    });
    const resigned = async (content: Readonly<Record<string, string>>) => {
      const list = Object.entries(content).map(([path, text]) => ({ path, text }));
      const text = await signBundle(
        list.map((file) => ({ path: file.path, bytes: Buffer.from(file.text) })),
        SIGNING,
      );
      return writeArchive([...list, { path: '.signatures.json', text: text.ok ? text.text : '' }]);
    };
    const patch = '{"data": [{"op": "upsert", "path": "/limits/max", "value": 9}]}';
    const from = { from_revision: 'r1' };
    const says = (writ: object, more: object = {}) =>
      manifest({ revision: 'r2', metadata: { writ }, ...more });
    const cases: [Record<string, string>, string, string][] = [
      [{ 'patch.json': patch, '.manifest': manifest() }, 'bundle_delta_refused', 'does not name the bundle'],
      [{ 'patch.json': patch }, 'bundle_delta_refused', 'no manifest'],
      [
        { 'patch.json': patch, '.manifest': says({ delta: from }), 'p.rego': POLICY },
        'bundle_delta_refused',
        'nothing else',
      ],
      [
        { 'patch.json': '{"data": []}', '.manifest': says({ delta: from }) },
        'bundle_delta_refused',
        'Too small',
      ],
      [
        { 'patch.json': '{"data": 1}', '.manifest': says({ delta: from }) },
        'bundle_delta_refused',
        'expected array',
      ],
      [
        { 'patch.json': patch, '.manifest': says({ delta: { ...from, to: `sha256:${'0'.repeat(64)}` } }) },
        'bundle_delta_refused',
        'was to make',
      ],
      [
        { 'patch.json': patch, '.manifest': says({ delta: from }, { roots: ['agent', 'limits', 'x'] }) },
        'bundle_delta_refused',
        'says something else of policies',
      ],
      [
        {
          'patch.json': patch,
          '.manifest': says({ delta: from, entrypoints: [{ path: 'agent/tools/allow', kind: 'grant' }] }),
        },
        'bundle_delta_refused',
        'says something else of policies',
      ],
      [
        { 'patch.json': patch, '.manifest': says({ delta: from }, { file_rego_versions: { 'p.rego': 0 } }) },
        'bundle_delta_refused',
        'says something else of policies',
      ],
    ];
    for (const [content, code, message] of cases) {
      const refused = problemsOf(await apply(one, await resigned(content)))[0];
      expect(refused).toMatchObject({ code, message: expect.stringContaining(message) });
    }
    // One that was written by hand and names its base fits.
    const byHand = await resigned({ 'patch.json': patch, '.manifest': says({ delta: from }) });
    expect(bundleOf(await apply(one, byHand))).toMatchObject({
      revision: 'r2',
      data: { limits: { max: 9 } },
    });
  });
});

describe('keeping up by deltas', () => {
  /** What is published: the whole, and what changed since the one before. */
  async function publishing() {
    const folder = makeFolder(FILES);
    const asked: { since: string | undefined; takesDelta: boolean | undefined; gave: string }[] = [];
    let whole: Uint8Array = new Uint8Array();
    let delta: { since: string; archive: Uint8Array } | undefined;
    let number = 0;
    const publish = async (data: string, spoil: (archive: Uint8Array) => Uint8Array = (same) => same) => {
      const options = {
        name: 'b',
        revision: `r${number + 1}`,
        sequence: number + 1,
        signing: SIGNING,
      };
      writeFiles(folder, { 'limits/data.json': data });
      const made = number === 0 ? undefined : await buildDelta(folder, whole, options);
      const next = await buildBundle(folder, options);
      if (!next.ok) throw new Error(JSON.stringify(next.problems));
      delta = made?.ok === true ? { since: `"${number}"`, archive: spoil(made.archive) } : undefined;
      whole = next.archive;
      number += 1;
    };
    const fetcher: Fetcher = {
      place: 'the test',
      waits: false,
      fetch: async (since, _signal, takesDelta) => {
        const tag = `"${number}"`;
        const outcome = (): FetchOutcome => {
          if (since === tag) return { kind: 'unchanged' };
          if (takesDelta === true && delta?.since === since)
            return { kind: 'delta', tag, delta: { archive: delta!.archive, detached: [] } };
          return { kind: 'fetched', fetched: { archive: whole, detached: [], tag } };
        };
        const given = outcome();
        if (given.kind !== 'unchanged') asked.push({ since, takesDelta, gave: given.kind });
        return given;
      },
      close: () => Promise.resolve(),
    };
    return { publish, fetcher, asked };
  }

  async function started(fetcher: Fetcher, directory: string) {
    const remote = createRemoteBundle({ name: 'b', fetcher, directory, pollMs: 5 });
    onTestFinished(() => remote.close());
    await remote.start();
    return remote;
  }

  it('[P-BUNDLE-DELTA] applies what changed, keeps it for a start, and fetches the whole where it does not fit', async () => {
    const { publish, fetcher, asked } = await publishing();
    const directory = makeFolder({});
    await publish('{"max": 1}');
    const remote = await started(fetcher, directory);
    const read = () => readSource({ kind: 'remote', remote, signatures: [AUTHOR] });
    const changed = () => new Promise<void>((resolve) => remote.onChange(resolve));
    const activate = async () => {
      const bundle = bundleOf(await read());
      await remote.accepted(remote.current(), contentFacts(bundle));
      return bundle.data;
    };
    expect(await activate()).toEqual({ limits: { max: 1 } });
    for (const max of [2, 3]) {
      const next = changed();
      await publish(`{"max": ${max}}`);
      await next;
      expect(await activate()).toEqual({ limits: { max } });
    }
    expect(asked.map(({ gave }) => gave)).toEqual(['fetched', 'delta', 'delta']);

    // To go back to it later it is one archive, of the same content.
    const [last] = await remote.history();
    const { archive, deltas = [] } = (await remote.kept(last!.digest))!;
    expect(deltas).toHaveLength(2);
    const folded = await readTarballBytes((await foldDeltas(archive, deltas))!, { name: 'b' });
    expect(isSameContent(bundleOf(folded), bundleOf(await read()))).toBe(true);
    expect(await foldDeltas(archive, [...deltas].reverse())).toBeUndefined();

    // A start reads the snapshot and both deltas, each checked again.
    expect(await keptContents(directory, 'b').read()).toMatchObject({ tag: '"3"', deltas: [{}, {}] });
    const gone: Fetcher = {
      ...fetcher,
      fetch: async () => ({ kind: 'failed', problem: { code: 'bundle_unavailable', message: 'gone' } }),
    };
    const again = await started(gone, directory);
    const kept = bundleOf(await readSource({ kind: 'remote', remote: again, signatures: [AUTHOR] }));
    expect(kept).toMatchObject({ revision: 'r3', data: { limits: { max: 3 } } });
  });

  it('[P-BUNDLE-DELTA] a spoilt delta is refused, and the whole bundle comes at once', async () => {
    const { publish, fetcher, asked } = await publishing();
    await publish('{"max": 1}');
    const remote = await started(fetcher, makeFolder({}));
    const read = () => readSource({ kind: 'remote', remote, signatures: [AUTHOR] });
    const changed = () => new Promise<void>((resolve) => remote.onChange(resolve));
    await remote.accepted(remote.current(), contentFacts(bundleOf(await read())));
    const next = changed();
    await publish('{"max": 2}', () => writeArchive([{ path: 'patch.json', text: '{}' }]));
    await next;
    expect(problemsOf(await read())[0]).toMatchObject({ code: 'bundle_signature_missing' });
    const whole = changed();
    remote.refused(remote.current());
    expect(bundleOf(await read()).data).toEqual({ limits: { max: 1 } });
    await whole;
    expect(bundleOf(await read()).data).toEqual({ limits: { max: 2 } });
    expect(asked.map(({ gave, since }) => [gave, since])).toEqual([
      ['fetched', undefined],
      ['delta', '"1"'],
      ['fetched', undefined],
    ]);
  });
});
