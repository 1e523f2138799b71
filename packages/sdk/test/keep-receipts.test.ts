import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Decision, DecisionPoint } from '@writ/decision';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepReceipts } from '../src/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-receipts-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const DECISION = {
  decision_id: 'dec-1',
  outcome: 'allow',
  allow: true,
  effect: 'proceed',
  reason: 'ok',
  reasons: [],
  obligations: [],
  arg_hash: 'sha256:1',
  forwarded_hash: 'sha256:2',
  forwarded_args: { secret: 'x' },
  metadata: {},
} as const satisfies Decision;

const POINT: DecisionPoint = {
  decide: async () => DECISION,
  complete: async () => ({ effect: 'proceed', outcome: 'allow', reasons: [] }),
  list: async () => ({ decision_id: 'dec-2', visible: [] }),
  report: async () => undefined,
  approval: { get: async () => undefined, wait: async () => undefined, cancel: async () => undefined },
  close: async () => undefined,
};
const CALL = {
  request: { principal: { id: 'u' }, actor: { id: 'a' }, action: { type: 'tool_call', phase: 'call' } },
} as const;

describe('receipts', () => {
  it('are kept before an answer is given, without what was forwarded', async () => {
    const file = join(folder, 'receipts.ndjson');
    const point = keepReceipts(POINT, file);
    expect(await point.decide(CALL)).toBe(DECISION);
    await point.decide(CALL);
    await point.close();
    const lines = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(2);
    const { time, ...receipt } = lines[0];
    expect(receipt).toEqual({
      ...{ decision_id: 'dec-1', outcome: 'allow', effect: 'proceed' },
      ...{ arg_hash: 'sha256:1', forwarded_hash: 'sha256:2' },
    });
    expect(Date.parse(time)).not.toBeNaN();
  });

  it('that cannot be written withhold the answer', async () => {
    const point = keepReceipts(POINT, join(folder, 'receipts.ndjson'));
    await point.close();
    await expect(point.decide(CALL)).rejects.toThrow('the receipts are closed');
    expect(() => keepReceipts(POINT, join(folder, 'no/such/receipts'))).toThrow();
  });
});
