import type { ActionType, Decision, DecisionRequest, Json, JsonObject } from '../contract.ts';
import type { FromInput, Profile } from './profile.ts';
import {
  goesOnUnchanged,
  objectWith,
  optionalTextAt,
  present,
  reading,
  reasonFor,
  refuse,
  textAt,
} from './reading.ts';

interface Binding {
  readonly action: string;
  readonly resource: string;
  /** Field of the action that names the resource. */
  readonly field: 'tool' | 'model' | 'operation';
}

const BINDINGS: Partial<Record<ActionType, Binding>> = {
  tool_call: { action: 'tools/call', resource: 'tool', field: 'tool' },
  prompt_get: { action: 'prompts/get', resource: 'prompt', field: 'operation' },
  model_inference: { action: 'model/inference', resource: 'model', field: 'model' },
};

const SUBJECT_KEYS = ['tenant', 'groups', 'scopes', 'data_classifications_authorized', 'attributes'];
const CONTEXT_KEYS = ['agent', 'session', 'environment'];

/**
 * OpenID AuthZEN Authorization API 1.0, access evaluation: `{subject {type, id, properties}, action {name,
 * properties}, resource {type, id, properties}, context}`, answered with `{decision, context}`. The subject is the
 * principal; `context.agent` the actor (the subject where it is missing), as the MCP binding has it.
 */
export const authzenV1: Profile = Object.freeze({
  name: 'authzen/v1',
  types: ['tool_call', 'prompt_get', 'model_inference'] as const,
  toInput,
  fromInput,
  toAnswer,
});

function toInput({ principal, actor, action, context, environment }: DecisionRequest): Json {
  const binding = BINDINGS[action.type];
  const { id, kind, ...properties } = principal;
  return present({
    subject: present({ type: kind, id, properties: filled(properties) }),
    action: present({
      name: binding?.action,
      properties: filled({ arguments: action.args, arg_hash: action.arg_hash }),
    }),
    resource: present({
      type: binding?.resource,
      id: binding === undefined ? undefined : action[binding.field],
      properties: filled({ server: action.server, capability: action.capability }),
    }),
    context: present({ agent: actor.id, session: context, environment }),
  }) as unknown as Json;
}

/** Empty `properties` are not written. */
function filled(properties: object): object | undefined {
  const left = present(properties);
  return Object.keys(left).length === 0 ? undefined : left;
}

function fromInput(input: Json): FromInput {
  return reading(() => {
    const document = objectWith(input, 'input', ['subject', 'action', 'resource', 'context']);
    const subject = objectWith(document['subject'], 'input.subject', ['type', 'id', 'properties']);
    const action = objectWith(document['action'], 'input.action', ['name', 'properties']);
    const resource = objectWith(document['resource'], 'input.resource', ['type', 'id', 'properties']);
    const context = objectWith(document['context'] ?? {}, 'input.context', CONTEXT_KEYS);
    const id = textAt(subject, 'id', 'input.subject');
    const asked = objectWith(action['properties'] ?? {}, 'input.action.properties', [
      'arguments',
      'arg_hash',
    ]);
    const hash = optionalTextAt(asked, 'arg_hash', 'input.action.properties');
    const place = objectWith(resource['properties'] ?? {}, 'input.resource.properties', [
      'server',
      'capability',
    ]);
    const { type, binding } = bindingOf(action['name'], resource['type']);
    return {
      request: present({
        principal: present({
          id,
          kind: subject['type'],
          ...objectWith(subject['properties'] ?? {}, 'input.subject.properties', SUBJECT_KEYS),
        }),
        actor: { id: context['agent'] ?? id },
        action: present({
          type,
          phase: 'call',
          [binding.field]: textAt(resource, 'id', 'input.resource'),
          server: place['server'],
          capability: place['capability'],
          args: asked['arguments'],
        }),
        context: context['session'],
        environment: context['environment'],
      }),
      claimed: hash === undefined ? undefined : ({ arg_hash: hash } satisfies JsonObject),
    };
  });
}

function bindingOf(
  name: Json | undefined,
  resourceType: Json | undefined,
): { readonly type: ActionType; readonly binding: Binding } {
  for (const type of authzenV1.types) {
    const binding = BINDINGS[type];
    if (binding !== undefined && binding.action === name && binding.resource === resourceType)
      return { type, binding };
  }
  return refuse('input: `action.name` and `resource.type` are no pair that is known');
}

/** A yes carries no context: callers compare it as a whole. */
function toAnswer(decision: Decision): Json {
  if (goesOnUnchanged(decision)) return { decision: true };
  return {
    decision: false,
    context: present({
      id: decision.decision_id,
      outcome: decision.outcome,
      reason: reasonFor(decision),
      reasons: decision.reasons.map(({ code }) => code),
      remediation: decision.remediation,
    }) as JsonObject,
  };
}
