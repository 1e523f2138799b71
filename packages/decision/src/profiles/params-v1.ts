import type { Decision, DecisionRequest, Json } from '../contract.ts';
import type { FromInput, Profile } from './profile.ts';
import {
  goesOnUnchanged,
  objectWith,
  optionalTextAt,
  parentAgentId,
  present,
  reading,
  reasonFor,
  refuse,
  textAt,
} from './reading.ts';

const KEYS = ['agent', 'tool', 'params', 'tenant', 'request', 'call_chain', 'parent_agent_id'];

/**
 * Flat parameters: `{agent, tool, params, tenant, request {host, port?, scheme?}, call_chain, parent_agent_id}`,
 * answered with `{allow, reason, action?}`. The shape has no principal of its own: it is the first of the call chain,
 * else the agent. With a `tool` it is a tool call, without one a request to a host.
 */
export const paramsV1: Profile = Object.freeze({
  name: 'params/v1',
  types: ['tool_call', 'http_request'] as const,
  toInput,
  fromInput,
  toAnswer,
});

function toInput(request: DecisionRequest): Json {
  const { principal, actor, action, delegation } = request;
  return present({
    agent: actor.id,
    tool: action.tool,
    params: action.args,
    tenant: principal.tenant,
    request: action.destination,
    call_chain: delegation?.map((link) => link.id),
    parent_agent_id: parentAgentId(request),
  }) as unknown as Json;
}

function fromInput(input: Json): FromInput {
  return reading(() => {
    const document = objectWith(input, 'input', KEYS);
    const agent = textAt(document, 'agent', 'input');
    const chain = chainOf(document['call_chain']);
    const parent = optionalTextAt(document, 'parent_agent_id', 'input');
    if (parent !== undefined && chain !== undefined && chain.findLast((id) => id !== agent) !== parent) {
      refuse('input: `parent_agent_id` is not the last of `call_chain`');
    }
    const links = chain ?? (parent === undefined ? undefined : [parent, agent]);
    const tool = optionalTextAt(document, 'tool', 'input');
    const destination = document['request'];
    if (tool === undefined && destination === undefined) refuse('input: neither `tool` nor `request`');
    return {
      request: present({
        principal: present({ id: links?.[0] ?? agent, tenant: document['tenant'] }),
        actor: { id: agent },
        delegation: links?.map((id) => ({ id })),
        action: present({
          type: tool === undefined ? 'http_request' : 'tool_call',
          phase: 'call',
          tool,
          args: document['params'],
          destination,
        }),
      }),
    };
  });
}

function chainOf(value: Json | undefined): readonly string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || !value.every((id): id is string => typeof id === 'string')) {
    return refuse('input: `call_chain` is not a list of ids');
  }
  return value;
}

function toAnswer(decision: Decision): Json {
  if (goesOnUnchanged(decision)) return { allow: true, reason: decision.reason };
  const reason = reasonFor(decision);
  return decision.outcome === 'escalate'
    ? { allow: false, reason, action: 'approval_needed' }
    : { allow: false, reason };
}
