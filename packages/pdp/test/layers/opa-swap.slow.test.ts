import { combine } from '@writ/decision';
import { findOpa } from '@writ/testing';
import { expect, it } from 'vitest';
import { createManagedOpaEngine } from '../../src/engine/opa-engine.ts';
import { consult } from '../../src/layers/consult.ts';
import type { PolicySet } from '../../src/layers/policy-set.ts';
import { createPolicySource } from '../../src/layers/policy-source.ts';
import { OPTIONS, policiesOf, requestOf } from './policy-fixture.ts';

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

const answering = (code: string) => ({
  rego: `package agent\n\nx := {"outcome": "deny", "reason": "${code}"}\n\ny := {"outcome": "deny", "reason": "${code}"}\n`,
  entrypoints: [
    { path: 'agent/x', kind: 'grant' },
    { path: 'agent/y', kind: 'guard', layer: 'compliance' },
  ],
});

async function codesOf(set: PolicySet): Promise<readonly string[]> {
  const { opinions } = await consult(set, requestOf(), OPTIONS);
  const { reasons } = combine(opinions, { phase: 'call', subject: { principal: 'p', actor: 'a' }, nowMs: 0 });
  return [...new Set(reasons.map(({ code }) => code))];
}

it.skipIf(opa.binary === '')(
  `[P-ONE-REVISION] a real OPA is swapped under load, each decision by one revision${opa.note}`,
  async () => {
    const engine = createManagedOpaEngine({ binary: opa.binary });
    try {
      const source = createPolicySource(await policiesOf({ tools: answering('one') }, engine));
      const first = engine.processes()[0]!;
      const decided: Promise<readonly string[]>[] = [];
      const decide = async (): Promise<readonly string[]> => {
        const hold = source.hold()!;
        try {
          return await codesOf(hold.set);
        } finally {
          hold.release();
        }
      };
      for (let turn = 0; turn < 40; turn += 1) decided.push(decide());
      source.swap(await policiesOf({ tools: answering('two') }, engine));
      for (let turn = 0; turn < 40; turn += 1) decided.push(decide());
      const codes = await Promise.all(decided);
      for (const each of codes) expect([['one'], ['two']]).toContainEqual(each);
      expect(codes.at(-1)).toEqual(['two']);
      // The child of the set before ends with its last decision.
      await expect.poll(() => first.client(), { timeout: 10_000 }).toBeUndefined();
      const pid = engine.processes()[0]!.pid()!;
      process.kill(pid, 'SIGKILL');
      await expect.poll(decide, { interval: 5 }).toEqual(['policy_engine_unavailable']);
      await expect.poll(decide, { timeout: 20_000 }).toEqual(['two']);
      await source.close();
    } finally {
      await engine.close();
    }
  },
);
