import type { Decision } from '@writ/decision';
import { expect, it } from 'vitest';
import { refusalText } from '../src/index.ts';

const denied: Decision = {
  decision_id: 'dec-1',
  outcome: 'deny',
  allow: false,
  effect: 'refuse',
  reason: 'amount_over_limit',
  reasons: [{ code: 'amount_over_limit', message: 'refunds end at 500', outcome: 'deny' }],
  obligations: [],
  metadata: {},
};

it('tells the model what policy suggests instead, and where a person can appeal', () => {
  const metadata = {
    alternatives: ['refund 500 now', { tool: 'ticket.open' }],
    appeal_path: 'https://help.example',
  };
  expect(refusalText({ ...denied, metadata })).toBe(
    'TOOL_DENIED: amount_over_limit. refunds end at 500. Policy suggests instead: refund 500 now; {"tool":"ticket.open"}. ' +
      'A person can appeal: https://help.example. Choose a different action.',
  );
  expect(refusalText(denied)).not.toMatch(/suggests|appeal/);
  const flood = { alternatives: ['x'.repeat(10_000)] };
  expect(refusalText({ ...denied, metadata: flood }).length).toBeLessThan(1_200);
});
