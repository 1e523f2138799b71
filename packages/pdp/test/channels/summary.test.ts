import type { Approval } from '@writ/decision';
import { expect, it } from 'vitest';
import { summaryOf } from '../../src/channels/sender.ts';

const HASH = `sha256:${'0'.repeat(64)}`;
const APPROVAL: Approval = {
  id: 'apr-1',
  status: 'pending',
  created_at: '2026-06-01T12:00:00Z',
  expires_at: '2026-06-01T13:00:00Z',
  decision_id: 'dec-1',
  principal: { id: 'user:ann' },
  actor: { id: 'agent:ops' },
  action: { type: 'tool_call', tool: 'pay' },
  arg_hash: HASH,
  forwarded_hash: HASH,
  reasons: [{ code: 'too_much', message: 'x'.repeat(5_000) }],
};

it('[P-STANDING-NARROW] messages say first that a yes opens more than the one call, and why somebody appeals', () => {
  const { why } = summaryOf({
    ...APPROVAL,
    standing: { uses: 5, seconds: 60 },
    appeal: { justification: 'it is due' },
  });
  expect(why[0]).toBe('A yes also permits further calls without asking: {"uses":5,"seconds":60}');
  expect(why.slice(1)).toEqual([`too_much: ${'x'.repeat(5_000)}`, 'Appeal: it is due']);
  expect(summaryOf(APPROVAL).why).toHaveLength(1);
});
