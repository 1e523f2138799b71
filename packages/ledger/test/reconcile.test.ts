import { randomBytes } from 'node:crypto';
import { newDecisionId } from '@writ/decision';
import { openStoreReader } from '@writ/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reconcile } from '../src/index.ts';
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
});
