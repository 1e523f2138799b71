import { findOpa } from '@writ/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { createManagedOpaEngine } from '../../src/engine/opa-engine.ts';
import { policiesOf } from '../layers/policy-fixture.ts';
import { type Fixture, openFixture, toolCall } from './support.ts';

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

const POLICY = `package agent

allow if input.action.tool == "read"

allow if {
	input.action.tool == "slow"
	count([1 | some i in numbers.range(1, 30000); some j in numbers.range(1, 30000); i * j == -1]) == 0
}
`;

let fixture: Fixture;
afterEach(() => fixture.close());

describe.skipIf(opa.binary === '')(`decisions by a real OPA${opa.note}`, () => {
  it('[P-FAIL-CLOSED] deny, on record, when it is killed in mid-request, and allow again when it is back', async () => {
    const engine = createManagedOpaEngine({ binary: opa.binary, restartDelayMs: 20, healthIntervalMs: 100 });
    try {
      const set = await policiesOf(
        { agent: { rego: POLICY, entrypoints: [{ path: 'agent/allow', kind: 'grant' }] } },
        engine,
      );
      fixture = await openFixture(set, { limits: { decisionMs: 20_000 } });
      expect(await fixture.point.decide(toolCall('read'))).toMatchObject({
        outcome: 'allow',
        metadata: { engine: 'opa' },
      });
      const pending = fixture.point.decide(toolCall('slow'));
      await new Promise((resolve) => setTimeout(resolve, 300));
      process.kill(engine.processes()[0]?.pid() ?? -1, 'SIGKILL');
      const killed = await pending;
      expect(killed).toMatchObject({
        outcome: 'deny',
        effect: 'refuse',
        reason: 'policy_engine_unavailable',
      });
      expect((await fixture.entries()).at(-1)?.core).toMatchObject({
        decision_id: killed.decision_id,
        codes: expect.arrayContaining(['policy_engine_unavailable']),
      });
      await expect
        .poll(async () => (await fixture.point.decide(toolCall('read'))).outcome, {
          timeout: 20_000,
          interval: 100,
        })
        .toBe('allow');
    } finally {
      await engine.close();
    }
  });

  it('[P-FAIL-CLOSED] deny with `policy_timeout` when it is too slow', async () => {
    const engine = createManagedOpaEngine({ binary: opa.binary });
    try {
      const set = await policiesOf(
        { agent: { rego: POLICY, entrypoints: [{ path: 'agent/allow', kind: 'grant' }] } },
        engine,
      );
      fixture = await openFixture(set, { limits: { decisionMs: 300 } });
      expect(await fixture.point.decide(toolCall('slow'))).toMatchObject({
        outcome: 'deny',
        reason: 'policy_timeout',
      });
    } finally {
      await engine.close();
    }
  });
});
