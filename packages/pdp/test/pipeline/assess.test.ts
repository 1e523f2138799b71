import type { DecisionRequest } from '@writ/decision';
import { expect, it } from 'vitest';
import { assess } from '../../src/index.ts';
import { policySetOf } from './support.ts';

const request: DecisionRequest = {
  principal: { id: 'user:1' },
  actor: { id: 'agent:1', capabilities: ['everything'] },
  action: { type: 'tool_call', phase: 'call', tool: 'read', args: {} },
};
const when = { nowMs: Date.parse('2026-01-01T00:00:00Z'), deadlineMs: 1_000 };
const set = policySetOf([
  {
    path: 'agent/allow',
    kind: 'grant',
    rule: (input) => {
      const { context, environment, actor } = input as unknown as DecisionRequest;
      const told = { context, time: environment?.time, capabilities: actor.capabilities };
      return { allow: (context?.request_count ?? 0) < 10, reason: JSON.stringify(told) };
    },
  },
]);

it('judges a sample as a fresh decision point would, unless the sample says what the situation is', async () => {
  const fresh = await assess(set, request, when);
  expect(fresh.outcome).toBe('allow');
  const told = JSON.parse(fresh.reasons[0]?.message ?? '{}');
  expect(told).toMatchObject({ context: { request_count: 0 }, time: '2026-01-01T00:00:00.000Z' });
  expect(told.capabilities).toBeUndefined();
  const late = { context: { request_count: 10 }, environment: { time: '2026-06-01T00:00:00Z' } };
  const said = await assess(set, { ...request, ...late }, when);
  expect(said.outcome).toBe('deny');
  expect(JSON.parse(said.reasons[0]?.message ?? '{}')).toMatchObject({ time: '2026-06-01T00:00:00Z' });
});
