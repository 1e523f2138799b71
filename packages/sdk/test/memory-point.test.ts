import { CONTRACT_POLICY, decisionPointContract } from '@writ/testing/decision-point-contract';
import { expect, test } from 'vitest';
import { MemoryPoint } from './memory-point.ts';

/** The contract's policies as plain functions. */
function contractPoint(): MemoryPoint {
  return new MemoryPoint([
    { bundle: 'contract', kind: 'grant', answer: (request) => request.action.args?.['want'] },
    {
      bundle: 'contract-output',
      kind: 'guard',
      layer: 'compliance',
      phases: ['result'],
      answer: ({ result }) => {
        if (typeof result?.content === 'string' && result.content.includes('SECRET')) {
          return { allow: false, reason: 'secret_found' };
        }
        const structured = result?.structured;
        const personal = typeof structured === 'object' && structured !== null && 'ssn' in structured;
        return personal ? { outcome: 'sanitize', redact: ['/result/structured/ssn'] } : true;
      },
    },
    {
      bundle: 'contract-visible',
      kind: 'visible',
      phases: ['list'],
      answer: (request) => request.action.tool !== 'hidden',
    },
  ]);
}

decisionPointContract('in memory', async () => {
  const point = contractPoint();
  return {
    point,
    judge: async (id, verdict) => {
      point.judge(id, verdict);
    },
    close: () => point.close(),
  };
});

test('the functions are as many as the entrypoints in Rego', () => {
  expect(CONTRACT_POLICY.entrypoints).toHaveLength(3);
});
