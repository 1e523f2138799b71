import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '@writ/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type EvidenceManifest,
  LEDGER_PROCEDURES,
  openFileSigner,
  type PackReport,
  proveEvidence,
  rotateKey,
  verifyPack,
} from '../src/index.ts';
import { formatSignature } from '../src/note.ts';
import { TemporaryLog } from './temporary-log.ts';

let log: TemporaryLog;
let keys: string[];
let pack: string;
let before: string;
let copies = 0;

beforeAll(async () => {
  log = await new TemporaryLog().open();
  keys = [log.signer.verifierKey];
  await log.decide(0, 30);
  before = (await log.publish()) ?? '';
  for (let each = 0; each < 2; each++) {
    // Nobody signs while the key changes.
    await log.close();
    const store = await openStore({ directory: log.directory, procedures: LEDGER_PROCEDURES });
    const { to } = await rotateKey({ store, directory: log.directory, keys: log.keys, trust: 'enforced' });
    await store.close();
    keys.push(to);
    await log.open();
    await log.decide(30 * (each + 1), 30 * (each + 2));
  }
  await sleep(5);
  const from = new Date().toISOString();
  await sleep(5);
  await log.decide(90, 120);
  await sleep(5);
  const to = new Date().toISOString();
  await log.publish();
  pack = join(log.root, 'pack');
  const proved = proveEvidence({
    directory: log.directory,
    out: pack,
    question: { actor: 'agent:none', from, to },
  });
  expect(proved).toMatchObject({ ok: true });
});
afterAll(() => log[Symbol.asyncDispose]());

const verify = (directory: string, verifierKeys: readonly string[]): PackReport =>
  verifyPack({ directory, verifierKeys });
const codes = ({ problems }: PackReport) => [...new Set(problems.map(({ code }) => code))];

/** A copy of the pack with another manifest. */
function changed(change: (manifest: EvidenceManifest) => unknown): string {
  copies += 1;
  const copy = join(log.root, `changed-${copies}`);
  cpSync(pack, copy, { recursive: true });
  const path = join(copy, 'pack.json');
  const manifest = change(JSON.parse(readFileSync(path, 'utf8')));
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
  return copy;
}

describe('[P-LEDGER-ROTATION] a pack of a log whose key was changed', () => {
  it('is verified by whoever holds the key of the time, or any before it', () => {
    const [first = '', second = '', third = ''] = keys;
    expect(verify(pack, [third])).toMatchObject({ ok: true });
    expect(verify(pack, [second])).toMatchObject({ ok: true, followed: [{ key: third }] });
    expect(verify(pack, [first])).toMatchObject({ ok: true, followed: [{ key: second }, { key: third }] });
  });

  it('leads to no key without the entry that names it and the signatures of both', async () => {
    const [first = '', second = ''] = keys;
    const without = changed(({ rotations: _rotations, ...rest }) => rest);
    expect(codes(verify(without, [first]))).toContain('checkpoint_signature');
    const leap = changed((manifest) => ({ ...manifest, rotations: manifest.rotations?.slice(1) }));
    expect(verify(leap, [first]).ok).toBe(false);
    const thief = openFileSigner(join(log.root, 'thief'), { name: log.signer.name });
    const renamed = changed((manifest) => ({
      ...manifest,
      rotations: manifest.rotations?.map((each) => ({
        ...each,
        leaf: each.leaf.replace(second, thief.verifierKey),
      })),
    }));
    expect(codes(verify(renamed, [first]))).toContain('rotation_unproven');
    const [shown] =
      (JSON.parse(readFileSync(join(pack, 'pack.json'), 'utf8')) as EvidenceManifest).rotations ?? [];
    const text = shown?.note.slice(0, shown.note.indexOf('\n\n') + 1) ?? '';
    const signature = formatSignature(thief.name, thief.keyId, await thief.sign(Buffer.from(text)));
    const alone = changed((manifest) => ({
      ...manifest,
      // Signed by the key before and by a stranger, not by the key that the entry names.
      rotations: manifest.rotations?.map((each, index) =>
        index > 0
          ? each
          : { ...each, note: `${each.note.trimEnd().split('\n').slice(0, -1).join('\n')}\n${signature}` },
      ),
    }));
    expect(codes(verify(alone, [first]))).toContain('rotation_unproven');
  });

  it('is verified with a later key alone where its time began before that key', async () => {
    const [first = '', , third = ''] = keys;
    const out = join(log.root, 'whole');
    const question = { actor: 'agent:none', from: '2000-01-01T00:00:00.000Z', to: new Date().toISOString() };
    const since = [before];
    expect(proveEvidence({ directory: log.directory, out, question, since })).toMatchObject({ ok: true });
    expect(verify(out, [first])).toMatchObject({ ok: true });
    expect(verify(out, [third])).toMatchObject({ ok: true });
    const manifest = JSON.parse(readFileSync(join(out, 'pack.json'), 'utf8')) as EvidenceManifest;
    expect(manifest.earlier.map(({ note }) => note)).toContain(before);
  });

  it('has to be of the log in which the key changed', () => {
    const [first = ''] = keys;
    const apart = changed((manifest) => ({
      ...manifest,
      rotations: manifest.rotations?.map((each) => ({ ...each, proof: each.proof.slice(1) })),
    }));
    expect(codes(verify(apart, [first]))).toContain('consistency');
  });
});
