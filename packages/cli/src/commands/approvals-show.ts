import type { Approval, StandingTerms } from '@writ/decision';
import { type Output, table } from '../output/output.ts';

/** An approval as a person reads it: the call, who and why, what a yes does, and what happened before. */
export function showApproval(output: Output, approval: Approval): void {
  output.line(`${output.style('bold', approval.id)}  ${approval.status}`);
  for (const line of table(rowsOf(approval))) output.line(line);
}

function rowsOf(approval: Approval): string[][] {
  const { action, principal, actor, session, votes = [], needed = 1, masked = [] } = approval;
  const chain = (approval.delegation ?? []).map(({ id }) => id).join(' → ');
  return [
    ['  what', `${action.server === undefined ? '' : `${action.server}: `}${action.tool ?? action.type}`],
    ['  with', JSON.stringify(action.args ?? {})],
    ...(masked.length === 0 ? [] : [['  not shown', masked.join(', ')]]),
    [
      '  who',
      `${actor.id} for ${principal.id}${principal.tenant === undefined ? '' : ` (${principal.tenant})`}`,
    ],
    ...(chain === '' ? [] : [['  chain', chain]]),
    ['  why', approval.reasons.map(reasonText).join('; ')],
    ...(approval.appeal === undefined
      ? []
      : [['  appeal', approval.appeal.justification ?? 'against a denial, without a reason']]),
    ...(approval.standing === undefined ? [] : [['  and then', standingTermsText(approval.standing)]]),
    ...(approval.if_approved === undefined ? [] : [['  if yes', consequenceText(approval.if_approved)]]),
    ...(session === undefined ? [] : [['  session', sessionText(session)]]),
    ...(approval.recent ?? []).map((line, index) => [
      index === 0 ? '  before' : '',
      `${line.time} ${line.outcome}${line.reason === undefined ? '' : ` (${line.reason})`}`,
    ]),
    ...(needed > 1 ? [['  needs', `${needed} people, ${votes.length} said yes`]] : []),
    ...(approval.asked === undefined ? [] : [['  asked', approval.asked.join(', ')]]),
    ...votes.map((vote) => [
      '  yes of',
      `${vote.by}${vote.on_behalf_of === undefined ? '' : ` for ${vote.on_behalf_of}`} at ${vote.at}${vote.comment === undefined ? '' : `: ${vote.comment}`}`,
    ]),
    ...(approval.group === undefined ? [] : [['  group', approval.group]]),
    ['  until', approval.expires_at],
    ...(approval.decided_by === undefined
      ? []
      : [['  by', `${approval.decided_by} at ${approval.decided_at ?? ''}`]]),
  ];
}

function reasonText({ code, message, rule, file, row }: Approval['reasons'][number]): string {
  const place = file === undefined ? (rule ?? '') : `${file}:${row ?? ''}`;
  return `${message === undefined ? code : `${code}: ${message}`}${place === '' ? '' : ` [${place}]`}`;
}

function consequenceText(yes: NonNullable<Approval['if_approved']>): string {
  const { destination, resources = [], data_classes = [], estimated_cost, obligations = [] } = yes;
  return [
    `it runs once, within ${yes.valid_seconds} s`,
    ...(destination === undefined ? [] : [`sends to ${destination.host}`]),
    ...(resources.length === 0
      ? []
      : [`touches ${resources.map(({ type, id }) => `${type} ${id}`).join(', ')}`]),
    ...(data_classes.length === 0 ? [] : [`data: ${data_classes.join(', ')}`]),
    ...(estimated_cost === undefined ? [] : [`costs about ${estimated_cost}`]),
    ...(obligations.length === 0 ? [] : [`with ${obligations.join(', ')}`]),
  ].join('; ');
}

/** What a yes opens beyond the one call: a person must not miss it. */
function standingTermsText({
  uses,
  seconds,
  amount,
  arguments: conditions,
  other_arguments,
}: StandingTerms): string {
  const which =
    conditions === undefined
      ? 'this very call'
      : `calls with ${[...conditions.map((each) => JSON.stringify(each)), ...(other_arguments === 'any' ? ['any other arguments'] : [])].join(', ')}`;
  const sum = amount === undefined ? '' : `, ${amount} in all`;
  return `a yes also permits ${which} without asking, ${uses} times${sum}, for ${seconds} s`;
}

function sessionText({ id, risk_score, labels = [] }: NonNullable<Approval['session']>): string {
  return [
    ...(id === undefined ? [] : [id]),
    ...(risk_score === undefined ? [] : [`risk ${risk_score}`]),
    ...(labels.length === 0 ? [] : [`labels ${labels.join(', ')}`]),
  ].join(', ');
}
