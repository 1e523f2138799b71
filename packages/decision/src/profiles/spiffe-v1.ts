import type { ActionType, Decision, DecisionRequest, Json } from '../contract.ts';
import type { FromInput, Profile } from './profile.ts';
import {
  goesOnUnchanged,
  objectWith,
  present,
  presentOrNothing,
  reading,
  refuse,
  textAt,
} from './reading.ts';

const KEYS = [
  'caller_spiffe_id',
  'tool_name',
  'capability_id',
  'action',
  'destination_host',
  'destination_port',
  'session_id',
  'session_request_count',
  'session_risk_score',
  'prior_tools',
  'model_provider',
  'step_up_verified',
  'timestamp',
];

const ACTION_OF_TYPE: Partial<Record<ActionType, string>> = {
  tool_call: 'tools/call',
  resource_read: 'resources/read',
  model_inference: 'model/inference',
};

/**
 * Flat workload calls: `{caller_spiffe_id, tool_name, capability_id, action, destination_host, …}`, answered with a
 * boolean. The caller's workload is both principal and actor.
 */
export const spiffeV1: Profile = Object.freeze({
  name: 'spiffe/v1',
  types: ['tool_call', 'resource_read', 'model_inference'] as const,
  toInput,
  fromInput,
  toAnswer: (decision: Decision): Json => goesOnUnchanged(decision),
});

function toInput({ actor, action, context, environment }: DecisionRequest): Json {
  return present({
    caller_spiffe_id: actor.id,
    tool_name: action.tool,
    capability_id: action.capability,
    // A tool that is reached another way stays what its capability says it is.
    action: action.authorization?.action ?? ACTION_OF_TYPE[action.type],
    destination_host: action.destination?.host,
    destination_port: action.destination?.port,
    session_id: context?.session_id,
    session_request_count: context?.request_count,
    session_risk_score: context?.risk_score,
    prior_tools: context?.prior_tools,
    model_provider: action.provider,
    step_up_verified: context?.step_up_verified,
    timestamp: environment?.time,
  }) as Json;
}

function fromInput(input: Json): FromInput {
  return reading(() => {
    const document = objectWith(input, 'input', KEYS);
    const id = textAt(document, 'caller_spiffe_id', 'input');
    const named = document['action'] ?? 'tools/call';
    const type = spiffeV1.types.find((candidate) => ACTION_OF_TYPE[candidate] === named);
    if (type === undefined) refuse('input: `action` is none of tools/call, resources/read, model/inference');
    if (document['destination_host'] === undefined && document['destination_port'] !== undefined) {
      refuse('input: `destination_port` without `destination_host`');
    }
    return {
      request: present({
        principal: { id },
        actor: { id },
        action: present({
          type,
          phase: 'call',
          tool: document['tool_name'],
          capability: document['capability_id'],
          destination: presentOrNothing({
            host: document['destination_host'],
            port: document['destination_port'],
          }),
          provider: document['model_provider'],
        }),
        context: presentOrNothing({
          session_id: document['session_id'],
          request_count: document['session_request_count'],
          risk_score: document['session_risk_score'],
          prior_tools: document['prior_tools'],
          step_up_verified: document['step_up_verified'],
        }),
        environment: presentOrNothing({ time: document['timestamp'] }),
      }),
    };
  });
}
