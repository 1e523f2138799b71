import type { Decision } from '@writ/decision';
import { draftEntry } from '@writ/ledger';
import type { Transaction } from '@writ/store';
import { describe, expect, it } from 'vitest';
import commitProcedure from '../../src/pipeline/commit-procedure.ts';
import { briefOf, type CommitRequest } from '../../src/pipeline/commit-request.ts';

/** A transaction in memory, with a clock that stands behind what it showed before. */
function transactionBehind(clockSteppedBackMs: number): Transaction {
  const cells = new Map<string, string>();
  let size = 0;
  return {
    nowMs: 1_700_000_000_000,
    clockSteppedBackMs,
    get: (key) => cells.get(key),
    put: (key, value) => void cells.set(key, value),
    remove: (key) => void cells.delete(key),
    append: () => size++,
    replaceDetail: () => undefined,
    get logSize() {
      return size;
    },
  };
}

function request(timeBound: boolean): CommitRequest {
  const draft: Decision = {
    decision_id: 'dec-1',
    outcome: 'allow',
    allow: true,
    effect: 'proceed',
    reason: 'granted',
    reasons: [{ code: 'granted', outcome: 'allow' }],
    obligations: [],
    metadata: { mode: 'enforce' },
  };
  return {
    draft: JSON.stringify(draft),
    brief: briefOf(draft),
    subject: { principal: 'p', actor: 'a' },
    counted: true,
    callDigest: 'c',
    budgets: [],
    rates: [],
    labels: [],
    timeBound,
    note: null,
    ...draftEntry({ kind: 'decision', decision_id: 'dec-1' }, []),
    saltSeed: 's',
    trust: 'enforced',
  };
}

describe('a clock that steps back', () => {
  it('[P-CLOCK] denies rights that end with time beyond five seconds, and no others', () => {
    expect(commitProcedure.run(transactionBehind(6_000), request(true))).toMatchObject({
      kind: 'decided',
      changed: { outcome: 'deny', effect: 'refuse', reason: 'clock_stepped_back' },
    });
    expect(commitProcedure.run(transactionBehind(4_000), request(true))).toEqual({
      kind: 'decided',
      index: 0,
    });
    expect(commitProcedure.run(transactionBehind(6_000), request(false))).toEqual({
      kind: 'decided',
      index: 0,
    });
  });
});
