import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  formatCheckpoint,
  KEY_FILE_NAME,
  openCheckpoint,
  openFileSigner,
  parseCheckpoint,
  parseVerifierKey,
  signCheckpoint,
} from '../src/index.ts';
import { parseNote, verifyNote } from '../src/note.ts';

const folder = mkdtempSync(join(tmpdir(), 'writ-ledger-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fresh = (): string => mkdtempSync(join(folder, 'keys-'));
const codeOf = (work: () => unknown): unknown => {
  try {
    work();
    return 'opened';
  } catch (cause) {
    return cause instanceof Error && 'code' in cause ? cause.code : cause;
  }
};

const checkpoint = {
  origin: 'log.test/one',
  size: 20_852_163,
  root: Buffer.alloc(32, 7),
  trust: 'cooperative',
  time: '2026-03-14T09:30:00.000Z',
} as const;

describe('a checkpoint', () => {
  it('[P-C2SP-CHECKPOINT] has the form of C2SP tlog-checkpoint', () => {
    expect(formatCheckpoint(checkpoint)).toBe(
      `log.test/one\n20852163\n${Buffer.alloc(32, 7).toString('base64')}\ntrust: cooperative\ntime: 2026-03-14T09:30:00.000Z\n`,
    );
    expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint);
    const { trust: _, time: __, ...plain } = checkpoint;
    expect(parseCheckpoint(formatCheckpoint(plain))).toEqual(plain);
  });

  it('is refused in any other form', () => {
    const text = formatCheckpoint(checkpoint);
    const root = checkpoint.root.toString('base64');
    for (const wrong of [
      '',
      'x',
      text.slice(0, -1),
      text.replace('20852163', '020852163'),
      text.replace('20852163', '-1'),
      text.replace('20852163', '1e3'),
      text.replace('20852163', '99999999999999999'),
      text.replace(root, root.slice(4)),
      text.replace(root, `${root.slice(0, -2)}h=`),
      text.replace('log.test/one', ''),
      text.replace('trust', '\ntrust'),
    ]) {
      expect(parseCheckpoint(wrong), JSON.stringify(wrong)).toBeUndefined();
    }
  });

  it('[P-C2SP-CHECKPOINT] is signed as a note that its key opens, and no change of it', async () => {
    const signer = openFileSigner(fresh(), { name: 'log.test/one' });
    const verifier = parseVerifierKey(signer.verifierKey)!;
    const note = await signCheckpoint(checkpoint, signer);
    expect(note.split('\n').at(-2)).toMatch(/^\u2014 log\.test\/one [A-Za-z0-9+/]+=*$/);
    expect(openCheckpoint(note, [verifier])).toEqual({ ok: true, checkpoint });
    const other = parseVerifierKey(openFileSigner(fresh(), { name: 'log.test/one' }).verifierKey)!;
    expect(openCheckpoint(note, [other])).toEqual({ ok: false, code: 'checkpoint_signature' });
    expect(openCheckpoint(note, [])).toEqual({ ok: false, code: 'checkpoint_signature' });
    const units = [...note];
    for (let index = 0; index < units.length; index++) {
      const changed = units.with(index, units[index] === 'A' ? 'B' : 'A').join('');
      if (changed !== note) expect(openCheckpoint(changed, [verifier]).ok, `at ${index}`).toBe(false);
    }
  });

  it('keeps the signatures of others, and is spoiled by a wrong one in the name of its key', async () => {
    const signer = openFileSigner(fresh(), { name: 'log.test/one' });
    const witness = openFileSigner(fresh(), { name: 'witness.test' });
    const verifier = parseVerifierKey(signer.verifierKey)!;
    const note = await signCheckpoint(checkpoint, signer);
    const other = (await signCheckpoint(checkpoint, witness)).split('\n').at(-2)!;
    const both = `${note}${other}\n`;
    expect(openCheckpoint(both, [verifier]).ok).toBe(true);
    expect(openCheckpoint(both, [parseVerifierKey(witness.verifierKey)!]).ok).toBe(true);
    const wrong = (await signCheckpoint({ ...checkpoint, size: 1 }, signer)).split('\n').at(-2)!;
    expect(openCheckpoint(`${note}${wrong}\n`, [verifier]).ok).toBe(false);
    expect(verifyNote(parseNote(both)!, [])).toBe(false);
  });
});

describe('a public key in its text form', () => {
  it('is read as Go reads it: the key of a public log', () => {
    const known = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';
    expect(parseVerifierKey(known)).toMatchObject({ name: 'sum.golang.org', keyId: 0x033de0ae });
    for (const wrong of [
      '',
      known.replace('033', '034'),
      known.replace('sum', 'sun'),
      known.slice(0, -4),
      `${known}A`,
    ]) {
      expect(parseVerifierKey(wrong), wrong).toBeUndefined();
    }
  });
});

describe('the key in a file', () => {
  it('[P-KEY-PRIVATE] is created once, for its owner alone, and stays', () => {
    const keys = fresh();
    const first = openFileSigner(keys);
    const second = openFileSigner(keys, { name: 'ignored' });
    expect(second.verifierKey).toBe(first.verifierKey);
    expect(first.name).toMatch(/^writ\/[0-9a-f]{16}$/);
    expect(statSync(join(keys, KEY_FILE_NAME)).mode & 0o777).toBe(0o600);
  });

  it.skipIf(process.platform === 'win32')('[P-KEY-PRIVATE] is refused when others can read it', () => {
    const keys = fresh();
    openFileSigner(keys);
    for (const mode of [0o640, 0o604, 0o666]) {
      chmodSync(join(keys, KEY_FILE_NAME), mode);
      expect(codeOf(() => openFileSigner(keys))).toBe('key_exposed');
    }
  });

  it('is refused when it is none, of another kind, or nameless', () => {
    const write = (text: string): string => {
      const keys = fresh();
      writeFileSync(join(keys, KEY_FILE_NAME), text, { mode: 0o600 });
      return keys;
    };
    expect(codeOf(() => openFileSigner(write('nothing')))).toBe('key_invalid');
    expect(codeOf(() => openFileSigner(write('x'.repeat(20_000))))).toBe('key_invalid');
    const pem = (kind: 'ed25519' | 'x25519') =>
      (kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519')).privateKey
        .export({ type: 'pkcs8', format: 'pem' })
        .toString();
    expect(codeOf(() => openFileSigner(write(pem('x25519')), { name: 'a' }))).toBe('key_invalid');
    expect(codeOf(() => openFileSigner(write(pem('ed25519'))))).toBe('key_invalid');
    expect(codeOf(() => openFileSigner(write(pem('ed25519')), { name: 'a b' }))).toBe('key_invalid');
    expect(openFileSigner(write(pem('ed25519')), { name: 'mine.test' }).name).toBe('mine.test');
    expect(codeOf(() => openFileSigner(fresh(), { name: 'a+b' }))).toBe('key_invalid');
  });

  it('does not show its secret part in what is public', () => {
    const keys = fresh();
    const signer = openFileSigner(keys);
    expect(Object.keys(signer).sort()).toEqual(['keyId', 'name', 'sign', 'verifierKey']);
    // The key itself is Base64, in which `+` may stand too.
    const key = signer.verifierKey.split('+').slice(2).join('+');
    expect(readFileSync(join(keys, KEY_FILE_NAME), 'utf8')).not.toContain(key);
  });
});
