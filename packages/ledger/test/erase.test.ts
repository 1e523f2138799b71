import { describe, expect, it } from 'vitest';
import { eraseEntries, randomSalts, readEntry, verifyLog } from '../src/index.ts';
import { TemporaryLog } from './temporary-log.ts';

const record = { by: 'operator', reason: 'request 12', trust: 'enforced', salts: randomSalts() } as const;

describe('[P-LEDGER-ERASURE] erasing what belongs to somebody', () => {
  it('takes it from every entry, keeps every proof, and is on record without the name', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 200);
    await log.publish();
    const seen = verifyLog({ directory: log.directory, verifierKeys: [log.signer.verifierKey] }).seen!;
    const report = await eraseEntries(log.store, { tenant: 'acme', principal: 'user-3' }, record);
    expect(report).toMatchObject({ entries: 40, fields: 280, recorded: [200] });
    await log.publish();
    const verified = verifyLog({ directory: log.directory, verifierKeys: [log.signer.verifierKey], seen });
    expect(verified).toMatchObject({ ok: true, size: 201, erased: 280 });
    const entries = await log.store.entries(0, 201);
    expect(JSON.stringify(entries.map(({ detail }) => detail))).not.toContain('user-3');
    expect(readEntry(entries[3]!)).toMatchObject({
      ok: true,
      value: { fields: {}, erased: expect.arrayContaining(['args', 'principal', 'tool']) },
    });
    expect(readEntry(entries[4]!)).toMatchObject({ ok: true, value: { fields: { principal: 'user-4' } } });
    expect(await eraseEntries(log.store, { principal: 'user-3' }, record)).toMatchObject({ entries: 0 });
  });

  it('takes only the named fields, with those that are committed to together', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 5);
    const report = await eraseEntries(log.store, { principal: 'user-1', fields: ['args'] }, record);
    expect(report).toMatchObject({ entries: 1, fields: 2 });
    const [entry] = await log.store.entries(1, 2);
    expect(readEntry(entry!)).toMatchObject({
      ok: true,
      value: { fields: { principal: 'user-1' }, erased: ['arg_hash', 'args'] },
    });
  });

  it('does not put back what another erased at the same time', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 150);
    await Promise.all([
      eraseEntries(log.store, { tenant: 'acme', fields: ['tool'] }, record),
      eraseEntries(log.store, { actor: 'agent-1', fields: ['args'] }, record),
      eraseEntries(log.store, { principal: 'user-2' }, record),
    ]);
    await log.publish();
    const entries = (await log.store.entries(0, 150)).map((entry) => readEntry(entry));
    for (const entry of entries) expect(entry).toMatchObject({ ok: true });
    expect(JSON.stringify(entries)).not.toMatch(/"tool":"|"args":\{|user-2/);
    expect(verifyLog({ directory: log.directory, verifierKeys: [log.signer.verifierKey] }).ok).toBe(true);
  });

  it('of nobody in particular is refused', async () => {
    await using log = await new TemporaryLog().open();
    await expect(eraseEntries(log.store, {}, record)).rejects.toThrow(TypeError);
  });
});
