import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BundleSource,
  createRemoteBundle,
  type Fetcher,
  type Release,
  type RemoteBundle,
  writeArchive,
} from '@writ/bundle';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createRegoEngine } from '../../src/engine/rego-engine.ts';
import { loadFirst } from '../../src/layers/load-policies.ts';
import { createPolicySource } from '../../src/layers/policy-source.ts';
import { reloadPolicies } from '../../src/layers/reload-policies.ts';

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'writ-settle-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Published {
  readonly name: string;
  readonly revision: string;
  /** The rule `answer`; by default one that compiles. */
  readonly rule?: string;
  readonly roots?: readonly string[];
  readonly release?: Release;
}

function archiveOf({
  name,
  revision,
  rule = 'answer := true',
  roots = [name],
  release,
}: Published): Uint8Array {
  const writ = {
    entrypoints: [{ path: `${name}/answer`, kind: 'guard' }],
    ...(release === undefined ? {} : { release }),
  };
  return writeArchive([
    { path: '.manifest', text: JSON.stringify({ revision, roots, metadata: { writ } }) },
    { path: 'p.rego', text: `package ${name}\n\n${rule}\n` },
  ]);
}

/** A bundle whose place of publication is in memory. */
async function published(first: Published) {
  let archive = archiveOf(first);
  let tag = 1;
  const fetcher: Fetcher = {
    place: `memory:${first.name}`,
    waits: false,
    async fetch(since) {
      if (since === String(tag)) return { kind: 'unchanged' };
      return { kind: 'fetched', fetched: { archive, detached: [], tag: String(tag) } };
    },
    close: async () => undefined,
  };
  const remote: RemoteBundle = createRemoteBundle({
    name: first.name,
    fetcher,
    directory: scratch(),
    pollMs: 5,
  });
  onTestFinished(() => remote.close());
  await remote.start();
  return {
    remote,
    async publish(next: Omit<Published, 'name'>) {
      const before = remote.current();
      archive = archiveOf({ name: first.name, ...next });
      tag += 1;
      await vi.waitFor(() => expect(remote.current()).not.toBe(before));
    },
  };
}

/** Policies of these sources, active, and how they are kept up with. */
async function following(sources: readonly BundleSource[]) {
  const engine = createRegoEngine();
  const { load } = await loadFirst(sources, engine, (error) => {
    throw error;
  });
  if (!load.ok) throw new Error(JSON.stringify(load));
  const policies = createPolicySource(load.set);
  onTestFinished(async () => {
    await policies.close();
    await engine.close();
  });
  return {
    reload: () => reloadPolicies(sources, engine, policies),
    revisions: () => policies.current()?.bundles.map(({ revision }) => revision),
  };
}

const remotes = (...list: readonly { readonly remote: RemoteBundle }[]): BundleSource[] =>
  list.map(({ remote }) => ({ kind: 'remote', remote }));

it('[P-BUNDLE-LAST-GOOD] a bundle that does not compile holds up no other', async () => {
  const a = await published({ name: 'a', revision: 'a1' });
  const b = await published({ name: 'b', revision: 'b1' });
  const { reload, revisions } = await following(remotes(a, b));
  await a.publish({ revision: 'a2', rule: 'answer := missing' });
  await b.publish({ revision: 'b2' });
  const { activated, refused } = await reload();
  expect(refused).toMatchObject({ diagnostics: [{ bundle: 'a' }] });
  expect(activated).toBeDefined();
  expect(revisions()).toEqual(['a1', 'b2']);
  // What was refused is not tried again; what comes next is.
  expect((await reload()).refused).toBeUndefined();
  await a.publish({ revision: 'a3' });
  await reload();
  expect(revisions()).toEqual(['a3', 'b2']);
});

it('[P-RELEASE-WHOLE] of a release nothing goes in while one of it is wrong, and all once it is right', async () => {
  const release = (version: string): Release => ({ name: 'r', version });
  const a = await published({ name: 'a', revision: 'a1', release: release('1') });
  const b = await published({ name: 'b', revision: 'b1', release: release('1') });
  const c = await published({ name: 'c', revision: 'c1' });
  const { reload, revisions } = await following(remotes(a, b, c));
  await a.publish({ revision: 'a2', release: release('2'), rule: 'answer := missing' });
  await b.publish({ revision: 'b2', release: release('2') });
  await c.publish({ revision: 'c2' });
  await reload();
  expect(revisions()).toEqual(['a1', 'b1', 'c2']);
  expect(b.remote.status().waiting).toBe(true);
  await a.publish({ revision: 'a3', release: release('2') });
  await reload();
  expect(revisions()).toEqual(['a3', 'b2', 'c2']);
  expect(b.remote.status().waiting).toBe(false);
});

it('what was published while a folder was wrong goes in as soon as the folder is right', async () => {
  const folder = join(scratch(), 'folder');
  mkdirSync(folder);
  writeFileSync(join(folder, '.manifest'), '{"roots": ["folder"]}');
  const write = (rule: string) => writeFileSync(join(folder, 'p.rego'), `package folder\n\n${rule}\n`);
  write('fine := true');
  const a = await published({ name: 'a', revision: 'a1' });
  const { reload, revisions } = await following([
    { kind: 'path', path: folder, name: 'folder', revision: 'f' },
    ...remotes(a),
  ]);
  write('fine := missing');
  await a.publish({ revision: 'a2' });
  expect((await reload()).activated).toBeUndefined();
  expect(revisions()).toEqual(['f', 'a1']);
  write('fine := false');
  await reload();
  expect(revisions()).toEqual(['f', 'a2']);
});

it('one new content that does not fit beside the others is put aside, of several all wait', async () => {
  const a = await published({ name: 'a', revision: 'a1' });
  const b = await published({ name: 'b', revision: 'b1' });
  const c = await published({ name: 'c', revision: 'c1' });
  const { reload, revisions } = await following(remotes(a, b, c));
  await a.publish({ revision: 'a2', roots: ['a', 'b'] });
  // The bundle that comes later is named, though it is the earlier one that reaches into it.
  expect((await reload()).refused).toMatchObject({ problems: [{ code: 'roots_overlap', bundle: 'b' }] });
  expect(a.remote.status().waiting).toBe(false);
  expect((await reload()).refused).toBeUndefined();
  await a.publish({ revision: 'a3', roots: ['a', 'b'] });
  await c.publish({ revision: 'c2' });
  await reload();
  expect(revisions()).toEqual(['a1', 'b1', 'c1']);
  await a.publish({ revision: 'a4' });
  await reload();
  expect(revisions()).toEqual(['a4', 'b1', 'c2']);
});
