import type { ApprovalRule, DecisionRequest } from '@writ/decision';
import type { PolicySet } from '../layers/policy-set.ts';
import { askApprovers } from './approval-rules.ts';
import type { Attempt } from './attempt.ts';
import type { Judgement } from './judge.ts';

/** Who is to be asked about an escalated call; `judgement` where policy says that nobody has to be. */
export interface Asking {
  readonly rules?: readonly ApprovalRule[];
  readonly judgement?: Judgement;
}

/**
 * Asks policy who has to judge an escalated call. Where every rule needs nobody (`needed: 0`: below a threshold of
 * policy's own), the escalation is lifted as an approval would lift it, under the same policies: `lift` judges so.
 */
export async function whoToAsk(
  attempt: Attempt,
  set: PolicySet,
  judgement: Judgement,
  request: DecisionRequest,
  lift: () => Promise<Judgement>,
): Promise<Asking> {
  const { core, deadlineAt } = attempt;
  const { outcome, escalations, appealed } = judgement.combined;
  if (outcome !== 'escalate') return {};
  const args = judgement.forwardedArgs;
  const asked = args === undefined ? request : { ...request, action: { ...request.action, args } };
  const kind = appealed.length === 0 ? 'escalation' : 'appeal';
  const approval = { codes: escalations.map(({ code }) => code), age_seconds: 0, kind, votes: [] };
  const answer = await askApprovers(
    set,
    { request: asked, approval },
    core.clock.nowMs(),
    Math.max(0, deadlineAt - performance.now()),
  );
  if (!answer.ok) return {};
  // Against a denial somebody is asked, whatever the rules say.
  if (appealed.length > 0) return { rules: answer.rules };
  const nobody = answer.rules.length > 0 && answer.rules.every(({ needed }) => needed === 0);
  if (!nobody) return { rules: answer.rules };
  const lifted = await lift();
  const { combined } = lifted;
  if (combined.outcome !== 'allow' && combined.outcome !== 'sanitize') return { rules: answer.rules };
  const message = 'policy names nobody who has to be asked about this call';
  const reasons = [...combined.reasons, { code: 'approval_not_needed', message, outcome: 'allow' as const }];
  return { judgement: { ...lifted, combined: { ...combined, reasons } } };
}
