import { ACCESS_REQUEST, type Completion, type Decision, type Reason } from '@writ/decision';

/**
 * A refusal as the one line that an agent gets in place of the tool's result. The machine-readable reason comes
 * first, then what the policy says and what would help:
 * `TOOL_DENIED: amount_over_limit. Refunds end at 500. Choose a different action.`,
 * `APPROVAL_PENDING: human_approval_required. …`, `STEP_UP_REQUIRED: …`. `denied` is how a denial of something that is
 * no tool begins.
 */
export function refusalText(
  decision: Decision,
  denied: 'TOOL_DENIED' | 'REQUEST_DENIED' = 'TOOL_DENIED',
): string {
  const details = sentences(decision.reasons, decision.remediation);
  if (decision.outcome === 'escalate' && decision.approval !== undefined) {
    const { id, expires_at } = decision.approval;
    const who =
      `A person has to approve exactly this call (approval ${id}, until ${expires_at}); nothing has happened yet. ` +
      'Repeat the same call after it is approved, or choose a different action.';
    return `APPROVAL_PENDING: ${decision.reason}. ${details}${who}`;
  }
  if (decision.outcome === 'step_up') {
    const method = decision.step_up?.method ?? 'step_up';
    return `STEP_UP_REQUIRED: ${decision.reason}. ${details}The person behind this call has to prove who they are (${method}).`;
  }
  return `${denied}: ${decision.reason}. ${details}${helpText(decision)}Choose a different action.`;
}

/** Longest text of suggestions, so that a policy's list does not fill a model's context. */
const ALTERNATIVES_LENGTH_MAX = 1_000;

/** What policy suggests instead, and where a person can object. */
function helpText({ metadata }: Decision): string {
  const { alternatives = [], appeal_path } = metadata;
  const texts = alternatives.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)));
  const suggested = texts.join('; ').slice(0, ALTERNATIVES_LENGTH_MAX);
  return [
    ...(suggested === '' ? [] : [`Policy suggests instead: ${suggested}. `]),
    ...(appeal_path === undefined ? [] : [appealText(appeal_path)]),
  ].join('');
}

function appealText(path: string): string {
  if (path !== ACCESS_REQUEST) return `A person can appeal: ${path}. `;
  return 'This can be appealed: a person then decides about exactly this call. ';
}

/** The line for a result that may not be shown: the tool did run, so that nobody runs it again in good faith. */
export function withheldText(completion: Completion): string {
  const code = completion.reasons[0]?.code ?? 'not_permitted';
  const details = sentences(completion.reasons, undefined);
  return `RESULT_WITHHELD: ${code}. ${details}The tool did run; its result may not be shown. Do not run it again.`;
}

function sentences(reasons: readonly Reason[], remediation: string | undefined): string {
  const refusing = reasons.filter((reason) => reason.outcome !== 'allow');
  const texts = refusing.flatMap((reason) => [reason.message, reason.remediation]);
  const unique = new Set([...texts, remediation].filter((text) => text !== undefined && text !== ''));
  return [...unique].map((text) => `${/[.!?]$/.test(text as string) ? text : `${text}.`} `).join('');
}
