import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CHECKPOINT_FILE_NAME,
  consistencyProof,
  inclusionProof,
  leafHash,
  openCheckpoint,
  parseVerifierKey,
  readEntries,
  readSeen,
  rememberSeen,
  seenOrigins,
  showDecision,
  tailEntries,
  treeRoot,
  VERIFIER_KEY_FILE_NAME,
  verifyConsistency,
  verifyInclusion,
  verifyLog,
  withTree,
} from '../src/index.ts';
import { TemporaryLog, tamper } from './temporary-log.ts';

describe('a log on the store', () => {
  it('[P-LEDGER-VERIFIES] grows under concurrent writers, is signed, and verifies from its files', async () => {
    await using log = await new TemporaryLog().open();
    await Promise.all(
      Array.from({ length: 40 }, (_, each) => log.decide(each * 15, each * 15 + 1 + (each % 15))),
    );
    const size = await log.store.logSize();
    expect(size).toBeGreaterThan(256);
    const note = await log.publish();
    const opened = openCheckpoint(note!, [parseVerifierKey(log.signer.verifierKey)!]);
    expect(opened).toMatchObject({
      ok: true,
      checkpoint: { size, origin: 'log.test/one', trust: 'enforced' },
    });
    expect(readFileSync(join(log.directory, CHECKPOINT_FILE_NAME), 'utf8')).toBe(note);
    expect(readFileSync(join(log.directory, VERIFIER_KEY_FILE_NAME), 'utf8').trim()).toBe(
      log.signer.verifierKey,
    );

    const beside = verifyLog({ directory: log.directory, verifierKeys: [log.signer.verifierKey] });
    expect(beside.problems).toEqual([]);
    expect(beside).toMatchObject({ ok: true, size, uncheckpointed: 0, trust: 'enforced' });

    await log.decide(1_000, 1_003);
    await log.close();
    const after = verifyLog({
      directory: log.copy(),
      verifierKeys: [log.signer.verifierKey],
      seen: beside.seen!,
    });
    expect(after).toMatchObject({ ok: true, size: size + 3, uncheckpointed: 0, erased: 0 });
    expect(after.checkpoint).toMatchObject({ origin: 'log.test/one', size: size + 3 });
  });

  it('proves inclusion and consistency from its stored tiles', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 700);
    const entries = await log.store.entries(0, 700);
    const read = (cell: string): Promise<string | undefined> => log.store.read(cell);
    for (const index of [0, 255, 256, 511, 512, 699]) {
      const { proof, root } = await withTree(read, (node, size) => ({
        proof: inclusionProof(node, index, size),
        root: treeRoot(node, size),
      }));
      expect(verifyInclusion(leafHash(entries[index]!.leaf), index, 700, proof, root)).toBe(true);
    }
    for (const from of [1, 100, 256, 600]) {
      const { proof, before, root } = await withTree(read, (node, size) => ({
        proof: consistencyProof(node, from, size),
        before: treeRoot(node, from),
        root: treeRoot(node, size),
      }));
      expect(verifyConsistency(from, before, 700, root, proof)).toBe(true);
    }
  });

  it('signs nothing twice, nothing empty, and nothing that is not a continuation', async () => {
    await using log = await new TemporaryLog().open();
    expect(await log.publish()).toBeUndefined();
    await log.decide(0, 5);
    await log.publish();
    expect(await log.publish()).toBeUndefined();
    await log.close();
    const kept = log.copy();
    await log.open();
    await log.decide(5, 9);
    await log.publish();
    await log.close();
    // The log of before comes back, the checkpoint file stays: what was signed last covers more.
    const file = readFileSync(join(log.directory, CHECKPOINT_FILE_NAME), 'utf8');
    for (const name of ['store.sqlite', 'store.sqlite-wal', 'store.sqlite-shm']) {
      rmSync(join(log.directory, name), { force: true });
      if (existsSync(join(kept, name)))
        writeFileSync(join(log.directory, name), readFileSync(join(kept, name)));
    }
    await log.open();
    await log.decide(100, 110);
    await expect(log.publish()).rejects.toMatchObject({ code: 'log_forked' });
    expect(readFileSync(join(log.directory, CHECKPOINT_FILE_NAME), 'utf8')).toBe(file);
  });

  it('is remembered by its verifier', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 3);
    await log.close();
    const folder = join(log.root, 'seen');
    expect(readSeen(folder, 'log.test/one')).toBeUndefined();
    const report = verifyLog({ directory: log.directory, verifierKeys: [log.signer.verifierKey] });
    expect(rememberSeen(folder, report)).toBe(true);
    expect(readSeen(folder, 'log.test/one')).toBe(report.seen);
    expect(seenOrigins(folder)).toEqual(['log.test/one']);
    expect(rememberSeen(folder, verifyLog({ directory: log.directory, verifierKeys: [] }))).toBe(false);
  });

  it('answers what was asked of it', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 600);
    await log.append({ kind: 'result', decision_id: 'dec-10', event: 'succeeded' }, { tool: 'refund' });
    const last = await tailEntries(log.store, 3);
    expect(last.map((entry) => entry.index)).toEqual([598, 599, 600]);
    const denied = await tailEntries(log.store, 2, { outcome: 'deny', principal: 'user-0' });
    expect(denied.map((entry) => entry.core.decision_id)).toEqual(['dec-570', 'dec-585']);
    expect((await showDecision(log.store, 'dec-10')).map((entry) => entry.core.kind)).toEqual([
      'decision',
      'result',
    ]);
    const page = await readEntries(log.store, 0, 2, { code: 'amount_over_limit' });
    expect(page.entries.map((entry) => entry.index)).toEqual([0, 3]);
    expect(page.next).toBe(4);
    const rest = await readEntries(log.store, page.next, 1_000, { code: 'amount_over_limit' });
    expect(rest.entries).toHaveLength(198);
    expect(rest.next).toBe(601);
    expect(await tailEntries(log.store, 5, { from: '2100-01-01T00:00:00Z' })).toEqual([]);
    expect(await tailEntries(log.store, 5, { to: '2100-01-01T00:00:00Z', tenant: 'other' })).toEqual([]);
  });
});

describe('what was recorded', () => {
  it('[P-LEDGER-NAMES-CHANGED] cannot change by one byte without the entry being named', async () => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, 300);
    await log.publish();
    await log.decide(300, 330);
    await log.close();
    const directory = log.copy();
    const verifierKeys = [log.signer.verifierKey];
    const target = fc.record({
      index: fc.integer({ min: 0, max: 329 }),
      column: fc.constantFrom('leaf', 'detail'),
      at: fc.nat(),
      bit: fc.integer({ min: 0, max: 7 }),
    });
    fc.assert(
      fc.property(target, ({ index, column, at, bit }) => {
        let before: Uint8Array = new Uint8Array();
        const set = (bytes: Uint8Array): void =>
          tamper(directory, (database) => {
            const value = column === 'leaf' ? '?' : 'cast(? as text)';
            database.prepare(`update log set ${column} = ${value} where idx = ?`).run(bytes, index);
          });
        tamper(directory, (database) => {
          const row = database
            .prepare(`select cast(${column} as blob) as bytes from log where idx = ?`)
            .get(index);
          before = row!['bytes'] as Uint8Array;
        });
        const changed = Uint8Array.from(before);
        changed[at % changed.length]! ^= 1 << bit;
        set(changed);
        const report = verifyLog({ directory, verifierKeys });
        set(before);
        expect(report.ok).toBe(false);
        expect(report.problems).toHaveLength(1);
        expect(report.problems[0]).toMatchObject({
          index,
          code: column === 'leaf' ? 'entry_changed' : 'detail_changed',
          // The changed byte may be one of the id itself.
          decision_id: expect.any(String),
        });
      }),
      { numRuns: 25 },
    );
    expect(verifyLog({ directory, verifierKeys }).ok).toBe(true);
  });
});
