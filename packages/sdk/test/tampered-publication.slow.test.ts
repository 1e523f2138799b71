import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createRemoteBundle,
  type Fetcher,
  type FetchOutcome,
  type RequiredSignature,
  signBundle,
  writeArchive,
} from '@writ/bundle';
import type { DecisionRequest } from '@writ/decision';
import { tamperedArchives } from '@writ/testing';
import { expect, it, onTestFinished } from 'vitest';
import { openLocal } from '../src/local/index.ts';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const AUTHOR: RequiredSignature = {
  name: 'author',
  form: 'bundle',
  keys: {
    k1: { algorithm: 'ES256', key: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString() },
  },
};

async function signed(
  sequence: number,
  files: Readonly<Record<string, string>> = {},
  roots = ['live', 'limits'],
): Promise<Uint8Array> {
  const writ = { sequence, entrypoints: [{ path: 'live/answer', kind: 'grant' }] };
  const all = {
    '.manifest': JSON.stringify({ revision: `r${sequence}`, roots, metadata: { writ } }),
    'p.rego': `package live\n\nanswer := {"outcome": "deny", "reason": "r${sequence}"}\n`,
    'limits/data.json': '{"max": 5}',
    ...files,
  };
  const list = Object.entries(all).map(([path, text]) => ({ path, text }));
  const made = await signBundle(
    list.map(({ path, text }) => ({ path, bytes: Buffer.from(text) })),
    { key, algorithm: 'ES256', keyId: 'k1' },
  );
  if (!made.ok) throw new Error(JSON.stringify(made.problems));
  return writeArchive([...list, { path: '.signatures.json', text: made.text }]);
}

/** A place where bundles are published, that says at once when there is another. */
function publication(first: Uint8Array) {
  let archive = first;
  let number = 0;
  let wake = (): void => undefined;
  const fetcher: Fetcher = {
    place: 'the test',
    waits: true,
    fetch: async (since, signal): Promise<FetchOutcome> => {
      if (since === String(number)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
      if (since === String(number)) return { kind: 'unchanged' };
      return { kind: 'fetched', fetched: { archive, detached: [], tag: String(number) } };
    },
    close: () => Promise.resolve(),
  };
  return {
    fetcher,
    publish(next: Uint8Array) {
      archive = next;
      number += 1;
      wake();
    },
  };
}

const request: DecisionRequest = {
  principal: { id: 'user:1' },
  actor: { id: 'agent:1' },
  action: { type: 'tool_call', phase: 'call', tool: 'read', args: {} },
};

it('[P-BUNDLE-LAST-GOOD] [P-BUNDLE-SIGNATURE] whatever is changed of a publication is refused, on record, and the last good one decides', async () => {
  const good = await signed(5);
  const { fetcher, publish } = publication(good);
  const directory = mkdtempSync(join(tmpdir(), 'writ-tampered-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const other = {
    kind: 'built-in',
    bundle: (await import('@writ/bundle')).BUILT_IN_BUNDLES.get('writ/grant-all')!,
  } as const;
  const remote = createRemoteBundle({ name: 'live', fetcher, directory: join(directory, 'bundles') });
  const refusals: string[] = [];
  let heard = (): void => undefined;
  const local = await openLocal({
    dataDirectory: directory,
    bundles: [{ kind: 'remote', remote, signatures: [AUTHOR] }, other],
    onRefused: ({ problems }) => {
      refusals.push(problems[0]?.code ?? 'diagnostics');
      heard();
    },
  });
  onTestFinished(() => local.close());
  const decided = async () => (await local.point.explain({ request })).reasons[0]?.code;
  expect(await decided()).toBe('r5');

  const cases = [
    ...tamperedArchives(good),
    {
      name: 'a root that is not its own',
      archive: await signed(6, { 'q.rego': 'package foreign\n' }),
      code: 'roots_violated',
    },
    {
      name: 'data outside of its roots',
      archive: await signed(6, { 'foreign/data.json': '{"x": 1}' }),
      code: 'roots_violated',
    },
    {
      name: "another bundle's root",
      archive: await signed(6, {}, ['live', 'limits', 'writ/grant_all']),
      code: 'roots_overlap',
    },
    { name: 'an older one', archive: await signed(4), code: 'bundle_downgrade' },
    {
      name: 'policy that does not compile',
      archive: await signed(6, { 'q.rego': 'package live\n\nx if y\n' }),
      code: 'diagnostics',
    },
  ];
  for (const { name, archive, code } of cases) {
    const refused = new Promise<void>((resolve) => {
      heard = resolve;
    });
    publish(archive);
    await refused;
    expect([name, refusals.at(-1), await decided()]).toEqual([name, code, 'r5']);
  }
  const entries = await local.point.administration.log.tail(cases.length + 10);
  const recorded = entries.filter(({ core }) => core.kind === 'policy_refusal');
  expect(recorded).toHaveLength(cases.length);

  // Nothing of all that stands in the way of what is right.
  publish(await signed(6));
  for (let turn = 0; turn < 200 && (await decided()) !== 'r6'; turn += 1)
    await new Promise((resolve) => setTimeout(resolve, 25));
  expect(await decided()).toBe('r6');
});
