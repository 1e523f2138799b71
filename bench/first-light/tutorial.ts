/** An input of the tutorial's policy. */
export interface TutorialInput {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly identity: {
    readonly sub: string;
    readonly scopes: readonly string[];
    readonly delegated_by: string;
  };
}

export interface TutorialAnswer {
  readonly outcome: string;
  readonly reason: string;
  readonly policy: string;
}

const CATALOGUE: ReadonlyMap<string, { readonly scope: string; readonly human?: true }> = new Map([
  ['search.web', { scope: 'read' }],
  ['db.read', { scope: 'read' }],
  ['refund.issue', { scope: 'write:refund' }],
  ['db.delete', { scope: 'write:destructive', human: true }],
]);
const CEILING_CENTS = 50_000;

function answer(outcome: string, reason: string): TutorialAnswer {
  return { outcome, reason, policy: 'agent.tools' };
}

/** The tutorial's policy as a programmer would write it by hand. */
export function decideByHand(input: TutorialInput): TutorialAnswer {
  const entry = CATALOGUE.get(input.tool);
  if (entry === undefined) return answer('deny', 'tool_not_allowlisted');
  if (!input.identity.scopes.includes(entry.scope)) return answer('deny', 'insufficient_scope');
  if (input.tool === 'refund.issue') {
    const cents = input.arguments['amount_cents'];
    if (typeof cents !== 'number' || cents <= 0 || cents > CEILING_CENTS)
      return answer('deny', 'amount_over_limit');
  }
  if (entry.human === true) return answer('escalate', 'human_approval_required');
  return answer('allow', 'ok');
}

function input(tool: string, args: TutorialInput['arguments'], scopes: readonly string[]): TutorialInput {
  return { tool, arguments: args, identity: { sub: 'agent:ops', scopes, delegated_by: 'user:42' } };
}

/** One input for each way through the policy. */
export const TUTORIAL_INPUTS: readonly TutorialInput[] = [
  input('db.read', { table: 'orders', id: 7 }, ['read']),
  input('search.web', { query: 'refund policy' }, ['read', 'write:refund']),
  input('refund.issue', { amount_cents: 1_200, order: 'A-1' }, ['read', 'write:refund']),
  input('refund.issue', { amount_cents: 90_000, order: 'A-2' }, ['write:refund']),
  input('refund.issue', { amount_cents: 100 }, ['read']),
  input('db.delete', { id: 7 }, ['write:destructive']),
  input('shell.exec', { command: 'ls' }, ['read']),
];
