import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { newDecisionId } from '@writ/decision';
import { openStoreReader } from '@writ/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../src/checkpoint.ts';
import {
  leafHash,
  openFileSigner,
  reconcile,
  signCheckpoint,
  signReceipts,
  vouchedReceipts,
} from '../src/index.ts';
import { parseVerifierKey } from '../src/note.ts';
import { TemporaryLog } from './temporary-log.ts';

let log: TemporaryLog;
const ids: string[] = [];
const receipts: Record<string, string>[] = [];

beforeAll(async () => {
  log = await new TemporaryLog().open();
  for (let each = 0; each < 10; each++) {
    const id = newDecisionId(Date.now(), (size) => randomBytes(size));
    ids.push(id);
    const [outcome, effect] = each % 3 === 0 ? ['deny', 'refuse'] : ['allow', 'proceed'];
    receipts.push({
      decision_id: id,
      time: new Date().toISOString(),
      outcome,
      effect,
      arg_hash: `sha256:${each}`,
      forwarded_hash: `sha256:${each}`,
    });
    await log.append(
      { kind: 'decision', decision_id: id, outcome, effect, phase: 'call' },
      { point: 'gate', arg_hash: `sha256:${each}` },
    );
    await log.append({ kind: 'result', decision_id: id, event: 'succeeded' }, { point: 'gate' });
  }
  await log.append(
    { kind: 'decision', decision_id: 'dec-list', outcome: 'allow', effect: 'proceed', phase: 'list' },
    { point: 'gate' },
  );
});
afterAll(() => log[Symbol.asyncDispose]());

function compare(given: readonly object[], point?: string) {
  const reader = openStoreReader(log.directory);
  try {
    return reconcile(
      reader,
      given.map((each) => JSON.stringify(each)),
      point,
    );
  } finally {
    reader.close();
  }
}
const found = (given: readonly object[], point?: string): string[] =>
  compare(given, point).findings.map(({ code, decision_id }) => `${code} ${ids.indexOf(decision_id ?? '')}`);

describe('[P-RECONCILE] receipts against the record', () => {
  it('agree where nothing was changed, given twice or not', () => {
    expect(compare(receipts, 'gate')).toEqual({ receipts: 10, matched: 10, findings: [] });
    expect(found([...receipts, ...receipts], 'gate')).toEqual([]);
  });

  it('name what the record lacks, says otherwise, or has of its own', () => {
    const strange = { ...receipts[0], decision_id: newDecisionId(Date.now(), (size) => randomBytes(size)) };
    expect(found([...receipts, strange])).toEqual(['entry_missing -1']);
    expect(found(receipts.with(2, { ...receipts[2]!, outcome: 'deny' }))).toEqual(['entry_different 2']);
    expect(found(receipts.with(2, { ...receipts[2]!, effect: 'refuse' }))).toEqual(['entry_different 2']);
    expect(found(receipts.with(4, { ...receipts[4]!, arg_hash: 'sha256:x' }))).toEqual(['entry_different 4']);
    expect(found(receipts.with(4, { ...receipts[4]!, forwarded_hash: 'sha256:x' }))).toEqual([
      'entry_different 4',
    ]);
    expect(found([...receipts, { ...receipts[4]!, effect: 'refuse' }])).toEqual(['receipt_repeated 4']);
    expect(found(receipts.toSpliced(5, 1), 'gate')).toEqual(['receipt_missing 5']);
    expect(found(receipts.toSpliced(5, 1), 'another')).toEqual([]);
    expect(found(receipts.toSpliced(5, 1))).toEqual([]);
  });

  it('that are none are said to be', () => {
    for (const wrong of [{}, [], 7, { ...receipts[0], decision_id: 'x' }, { ...receipts[0], time: 'noon' }])
      expect(found([...receipts, wrong as object])).toEqual(['receipt_unreadable -1']);
  });

  it('[P-SIGNED-RECEIPTS] are held to what a node signed, and to the key that it signed with', async () => {
    const reader = openStoreReader(log.directory);
    const leaves = [...reader.entries(0, 20)].map(({ leaf }) =>
      Buffer.from(leafHash(leaf)).toString('base64'),
    );
    const { signer } = log;
    const signed = (id: string, leaf: string, by = signer) => signReceipts(by)(id, leaf);
    const keys = [signer.verifierKey];
    const codes = (receipt: string, at = 2) => {
      const lines = [JSON.stringify({ ...receipts[at], receipt })];
      return reconcile(reader, lines, undefined, keys).findings.map(({ code }) => code);
    };
    try {
      const right = await signed(ids[2] ?? '', leaves[4] ?? '');
      expect(codes(right)).toEqual([]);
      // The node signed for another entry, for another decision, or was another node.
      expect(codes(await signed(ids[2] ?? '', leaves[6] ?? ''))).toEqual(['entry_different']);
      expect(codes(right, 3)).toEqual(['receipt_forged', 'entry_different']);
      const thief = openFileSigner(join(log.root, 'thief'), { name: signer.name });
      expect(codes(await signed(ids[2] ?? '', leaves[4] ?? '', thief))).toEqual(['receipt_forged']);
      for (const wrong of ['', 'x', `${right}x`, right.replace('decision: ', 'decided: ')])
        expect(codes(wrong)).toEqual(['receipt_forged']);
      // A checkpoint is no receipt, and a receipt no checkpoint.
      const root = new Uint8Array(32);
      expect(codes(await signCheckpoint({ origin: signer.name, size: 1, root }, signer))).toEqual([
        'receipt_forged',
      ]);
      const verifier = parseVerifierKey(signer.verifierKey);
      expect(openCheckpoint(right, verifier === undefined ? [] : [verifier]).ok).toBe(false);
      // A key that the log's key vouches for signs for it; one that a thief vouches for, or nobody, does not.
      let asked = 0;
      const counting = {
        ...signer,
        sign: (data: Uint8Array) => {
          asked += 1;
          return signer.sign(data);
        },
      };
      const vouched = vouchedReceipts(counting);
      const [one, other] = [
        await vouched(ids[2] ?? '', leaves[4] ?? ''),
        await vouched(ids[2] ?? '', leaves[4] ?? ''),
      ];
      expect(asked).toBe(1);
      expect(codes(one)).toEqual([]);
      expect(codes(other)).toEqual([]);
      expect(codes(await vouched(ids[2] ?? '', leaves[6] ?? ''))).toEqual(['entry_different']);
      const stolen = await vouchedReceipts(thief)(ids[2] ?? '', leaves[4] ?? '');
      expect(codes(stolen)).toEqual(['receipt_forged']);
      const line = (note: string) => /^vouched: .*$/m.exec(note)?.[0] ?? '';
      expect(codes(stolen.replace(line(stolen), line(one)))).toEqual(['receipt_forged']);
      expect(codes(one.replace(`${line(one)}\n`, ''))).toEqual(['receipt_forged']);
      expect(codes(one.replace(line(one), `${line(one)}\n${line(one)}`))).toEqual(['receipt_forged']);
      const gone = newDecisionId(Date.now(), (size) => randomBytes(size));
      const lines = [
        JSON.stringify({ ...receipts[2], decision_id: gone, receipt: await signed(gone, leaves[4] ?? '') }),
      ];
      expect(reconcile(reader, lines, undefined, keys).findings).toMatchObject([
        { code: 'entry_missing', message: expect.stringContaining('a node signed that it would be') },
      ]);
    } finally {
      reader.close();
    }
  });
});
