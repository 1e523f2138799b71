import type { Decision, DecisionRequest, Json } from '../contract.ts';
import type { FromInput, Profile } from './profile.ts';
import { objectWith, optionalTextAt, present, reading, reasonFor, textAt } from './reading.ts';

const KEYS = ['tool', 'arguments', 'identity', 'arg_hash'];
const IDENTITY_KEYS = ['sub', 'scopes', 'delegated_by'];

/**
 * Flat tool calls: `{tool, arguments, identity {sub, scopes, delegated_by}, arg_hash}`, answered with
 * `{outcome, reason, policy}`. `sub` is the agent; `delegated_by`, where there is one, the principal it acts for.
 * Callers of this shape forward the arguments that they sent, so `sanitize` is answered with deny; `step_up`, which
 * they do not know either, too.
 */
export const toolsV1: Profile = Object.freeze({
  name: 'tools/v1',
  types: ['tool_call'] as const,
  toInput,
  fromInput,
  toAnswer,
});

function toInput({ principal, actor, action }: DecisionRequest): Json {
  return present({
    tool: action.tool,
    arguments: action.args,
    identity: present({
      sub: actor.id,
      scopes: principal.scopes,
      delegated_by: principal.id === actor.id ? undefined : principal.id,
    }),
    arg_hash: action.arg_hash,
  }) as Json;
}

function fromInput(input: Json): FromInput {
  return reading(() => {
    const document = objectWith(input, 'input', KEYS);
    const identity = objectWith(document['identity'], 'input.identity', IDENTITY_KEYS);
    const sub = textAt(identity, 'sub', 'input.identity');
    const principal = optionalTextAt(identity, 'delegated_by', 'input.identity') ?? sub;
    const hash = optionalTextAt(document, 'arg_hash', 'input');
    return {
      request: {
        principal: present({ id: principal, scopes: identity['scopes'] }),
        actor: { id: sub },
        action: present({
          type: 'tool_call',
          phase: 'call',
          tool: textAt(document, 'tool', 'input'),
          args: document['arguments'],
        }),
      },
      claimed: hash === undefined ? undefined : { arg_hash: hash },
    };
  });
}

const EXPRESSIBLE: Readonly<Record<Decision['outcome'], 'allow' | 'deny' | 'escalate'>> = {
  allow: 'allow',
  sanitize: 'deny',
  escalate: 'escalate',
  step_up: 'deny',
  deny: 'deny',
};

function toAnswer(decision: Decision): Json {
  const observed = decision.metadata.mode === 'observe' && decision.effect === 'proceed';
  const outcome = observed
    ? 'allow'
    : decision.effect === 'refuse' && decision.allow
      ? 'deny'
      : EXPRESSIBLE[decision.outcome];
  const reason = outcome === 'deny' ? reasonFor(decision) : decision.reason;
  return { outcome, reason, policy: decision.policy ?? null };
}
