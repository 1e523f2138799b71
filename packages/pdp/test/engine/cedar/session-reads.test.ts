import cedar from '@cedar-policy/cedar-wasm/nodejs';
import { expect, it } from 'vitest';
import { sessionReads } from '../../../src/engine/cedar/session-reads.ts';

function readsOf(condition: string): unknown {
  const read = cedar.policyToJson(`permit(principal, action, resource) when { ${condition} };`);
  if (read.type === 'failure') throw new Error(read.errors[0]?.message);
  return sessionReads([read.json]);
}

it.each([
  ['context.args.amount > 3', []],
  ['context.session.turn_count > 3 && principal.level > 1', ['turn_count']],
  ['context has session && context.session has labels && context.session.labels.contains("pii")', ['labels']],
  ['context has session.risk_score', ['risk_score']],
  ['context.session.budgets.tokens.used < 10', ['budgets']],
  [
    'if context.args.x then context.session.turn_count == 1 else context["session"]["calls_in_row"] == 2',
    ['calls_in_row', 'turn_count'],
  ],
  ['context.session == {turn_count: 1}', 'all'],
  ['{a: context}.a.session.turn_count == 1', 'all'],
  ['context.session["turn_count"] like "x" || [context.session].contains(1)', 'all'],
])('what %s can read of the session', (condition, names) => {
  expect(readsOf(condition)).toEqual(names);
});
