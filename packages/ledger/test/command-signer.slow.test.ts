import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newDecisionId } from '@writ/decision';
import { describe, expect, it } from 'vitest';
import {
  commandSigner,
  openFileSigner,
  openReceipt,
  signCheckpoint,
  signOnce,
  startCheckpointer,
  verifyLog,
  vouchedReceipts,
} from '../src/index.ts';
import { parseVerifierKey } from '../src/note.ts';
import { TemporaryLog } from './temporary-log.ts';

/** A program that signs with the key of a folder, as the one of another user would. */
function program(log: TemporaryLog, keys: string, name = 'sign.mjs'): [string, ...string[]] {
  const path = join(log.root, name);
  writeFileSync(
    path,
    `import { openFileSigner } from ${JSON.stringify(join(import.meta.dirname, '../src/index.ts'))};
import { readFileSync } from 'node:fs';
const signature = await openFileSigner(${JSON.stringify(keys)}).sign(readFileSync(0));
process.stdout.write(Buffer.from(signature).toString('base64') + '\\n');`,
  );
  return [process.execPath, path];
}

describe('[P-LEDGER-SIGNER] a program that holds the key', () => {
  it('signs checkpoints that verify', async () => {
    await using log = await new TemporaryLog().open();
    const held = openFileSigner(join(log.root, 'elsewhere'), { name: 'log.test/held' });
    const signer = commandSigner({
      command: program(log, join(log.root, 'elsewhere')),
      verifierKey: held.verifierKey,
    });
    await log.decide(0, 5);
    const { store, directory } = log;
    const checkpointer = startCheckpointer({
      store,
      directory,
      signer,
      trust: 'enforced',
      intervalMs: 2_000_000_000,
    });
    expect(await checkpointer.publish()).toContain('log.test/held');
    await checkpointer.close();
    expect(verifyLog({ directory, verifierKeys: [held.verifierKey] }).ok).toBe(true);
  });

  it('signs nothing with another key, when it fails, is slow or is not there', async () => {
    await using log = await new TemporaryLog().open();
    const held = openFileSigner(join(log.root, 'held'), { name: 'log.test/held' });
    openFileSigner(join(log.root, 'wrong'), { name: 'log.test/held' });
    const { verifierKey } = held;
    const sign = (command: [string, ...string[]], timeoutMs = 10_000) =>
      commandSigner({ command, verifierKey, timeoutMs }).sign(Buffer.from('text'));
    await expect(sign(program(log, join(log.root, 'wrong')))).rejects.toThrow(
      'no signature of the configured key',
    );
    await expect(sign([process.execPath, '-e', 'process.exit(3)'])).rejects.toThrow('ended with status 3');
    await expect(sign([process.execPath, '-e', 'setInterval(() => {}, 1000)'], 300)).rejects.toThrow(
      'ended by SIGKILL',
    );
    await expect(sign(['/no/such/program'])).rejects.toThrow('does not start');
    expect(() => commandSigner({ command: ['x'], verifierKey: 'nonsense' })).toThrow('not of the form');
  });

  it('that remembers signs no shorter log and no other of the same size', async () => {
    await using log = new TemporaryLog();
    const folder = join(log.root, 'held');
    const signer = openFileSigner(folder, { name: 'log.test/held' });
    const text = async (size: number, fill: number): Promise<string> => {
      const note = await signCheckpoint({ origin: signer.name, size, root: Buffer.alloc(32, fill) }, signer);
      return note.slice(0, note.indexOf('\n\n') + 1);
    };
    expect((await signOnce(folder, signer, await text(10, 1))).ok).toBe(true);
    expect((await signOnce(folder, signer, await text(10, 1))).ok).toBe(true);
    expect((await signOnce(folder, signer, await text(10, 2))).ok).toBe(false);
    expect((await signOnce(folder, signer, await text(9, 1))).ok).toBe(false);
    expect((await signOnce(folder, signer, await text(11, 2))).ok).toBe(true);
    expect((await signOnce(folder, signer, 'hello\n')).ok).toBe(false);
  });

  it("[P-SIGNED-RECEIPTS] vouches once for the key of a node, whose receipts are then the log's", async () => {
    await using log = await new TemporaryLog().open();
    const keys = join(log.root, 'elsewhere');
    const held = openFileSigner(keys, { name: 'log.test/held' });
    const failing = join(log.root, 'failing');
    writeFileSync(failing, '');
    const path = program(log, keys)[1] ?? '';
    // Fails as long as the file is there.
    const command: [string, ...string[]] = [
      'sh',
      '-c',
      `test ! -e ${failing} && exec ${process.execPath} ${path}`,
    ];
    const sign = vouchedReceipts(commandSigner({ command, verifierKey: held.verifierKey }));
    const id = newDecisionId(Date.now(), (size) => randomBytes(size));
    const leaf = Buffer.alloc(32).toString('base64');
    await expect(sign(id, leaf)).rejects.toThrow('ended with status 1');
    rmSync(failing);
    const receipt = await sign(id, leaf);
    writeFileSync(failing, '');
    const again = await sign(id, leaf);
    const verifier = parseVerifierKey(held.verifierKey);
    for (const each of [receipt, again])
      expect(openReceipt(each, verifier === undefined ? [] : [verifier])).toMatchObject({
        decisionId: id,
        signed: true,
      });
    expect(openReceipt(receipt, [])?.signed).toBe(false);
  });

  it('that signs nothing smaller than before signs keys for receipts, of its own log alone', async () => {
    await using log = new TemporaryLog();
    const { signer } = log;
    const statements: string[] = [];
    const spy = (name: string) => ({
      ...signer,
      name,
      sign: (data: Uint8Array) => {
        statements.push(Buffer.from(data).toString());
        return signer.sign(data);
      },
    });
    const id = newDecisionId(Date.now(), (size) => randomBytes(size));
    const leaf = Buffer.alloc(32).toString('base64');
    await vouchedReceipts(spy(signer.name))(id, leaf);
    await vouchedReceipts(spy('log.test/other'))(id, leaf);
    const [own = '', other = ''] = statements;
    expect(await signOnce(log.root, signer, own)).toMatchObject({ ok: true });
    expect(await signOnce(log.root, signer, other)).toMatchObject({ ok: false });
    expect(await signOnce(log.root, signer, own.replace('receipt-key', 'receipt'))).toMatchObject({
      ok: false,
    });
  });
});
