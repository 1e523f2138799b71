import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFileSigner, rotateKey, signCheckpoint, verifyLog } from '../src/index.ts';
import { formatSignature } from '../src/note.ts';
import { TemporaryLog, tamper } from './temporary-log.ts';

const SIZE = 40;

/** A log whose key was changed twice, and the three keys. */
async function rotatedLog() {
  const log = await new TemporaryLog().open();
  const keys = [log.signer.verifierKey];
  await log.decide(0, SIZE);
  await log.publish();
  for (let each = 0; each < 2; each++) {
    const { store, directory } = log;
    const { to } = await rotateKey({ store, directory, keys: log.keys, trust: 'enforced' });
    keys.push(to);
    await log.decide(SIZE * (each + 1), SIZE * (each + 2));
  }
  await log.close();
  return { log, keys };
}

describe('[P-LEDGER-ROTATION] whoever holds an old key', () => {
  it('follows the log to the keys after it, and to none before', async () => {
    const { log, keys } = await rotatedLog();
    await using _ = log;
    const [first = '', second = '', third = ''] = keys;
    const verify = (key: string) => verifyLog({ directory: log.directory, verifierKeys: [key] });
    expect(verify(first)).toMatchObject({ ok: true, followed: [{ key: second }, { key: third }] });
    expect(verify(second).followed).toMatchObject([{ key: third }]);
    // What the first key signed alone nobody vouches for to one who knows only the second.
    const codes = new Set(verify(second).problems.map(({ code }) => code));
    expect(codes).toEqual(new Set(['checkpoint_signature']));
  });

  it('is not led to a key that was put in afterwards', async () => {
    const { log, keys } = await rotatedLog();
    await using _ = log;
    const [first = '', second = ''] = keys;
    const thief = openFileSigner(join(log.root, 'thief'), { name: log.signer.name });
    const copy = log.copy();
    const key = `ledger/checkpoint/${String(SIZE + 1).padStart(16, '0')}`;
    let root = new Uint8Array();
    tamper(copy, (database) => {
      // The entry names the thief's key, and the thief signs beside the old key.
      const row = database.prepare('select leaf from log where idx = ?').get(SIZE);
      const leaf = Buffer.from(row?.['leaf'] as Uint8Array)
        .toString()
        .replace(second, thief.verifierKey);
      database.prepare('update log set leaf = ? where idx = ?').run(Buffer.from(leaf), SIZE);
      const note = String(database.prepare('select value from cells where key = ?').get(key)?.['value']);
      root = Buffer.from(note.split('\n')[2] ?? '', 'base64');
    });
    const forged = await signCheckpoint({ origin: thief.name, size: SIZE + 1, root }, thief);
    const text = forged.slice(0, forged.indexOf('\n\n') + 1);
    const signature = formatSignature(thief.name, thief.keyId, await thief.sign(Buffer.from(text)));
    tamper(copy, (database) => {
      const note = String(database.prepare('select value from cells where key = ?').get(key)?.['value']);
      database.prepare('update cells set value = ? where key = ?').run(`${note}${signature}`, key);
    });
    const report = verifyLog({ directory: copy, verifierKeys: [first] });
    expect(report.ok).toBe(false);
    expect(report.problems).toContainEqual(expect.objectContaining({ code: 'entry_changed', index: SIZE }));
  });
});
