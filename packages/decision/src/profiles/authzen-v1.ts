import type { ActionType, Decision, DecisionRequest, Json, JsonObject } from '../contract.ts';
import { isGeneralForm, readGeneralForm, writeGeneralForm } from './authzen-general.ts';
import { readSubject, writeSubject } from './authzen-subject.ts';
import type { FromInput, Profile } from './profile.ts';
import {
  goesOnUnchanged,
  objectWith,
  optionalTextAt,
  present,
  presentOrNothing,
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
const BOUND_ACTIONS: ReadonlySet<unknown> = new Set(Object.values(BINDINGS).map(({ action }) => action));

const CONTEXT_KEYS = ['agent', 'session', 'environment'];

/**
 * OpenID AuthZEN Authorization API 1.0, access evaluation: `{subject {type, id, properties}, action {name,
 * properties}, resource {type, id, properties}, context}`, answered with `{decision, context}`. The subject is the
 * principal; `context.agent` the actor (the subject where it is missing), as the MCP binding has it. An action that
 * the binding does not name is general: any operation on any one resource.
 */
export const authzenV1: Profile = Object.freeze({
  name: 'authzen/v1',
  types: ['tool_call', 'prompt_get', 'model_inference'] as const,
  toInput,
  fromInput,
  toAnswer,
});

function toInput(request: DecisionRequest): Json {
  const { principal, actor, action, context, environment } = request;
  const own = { agent: actor.id, session: context, environment };
  const subject = writeSubject(principal);
  if (isGeneralForm(action) && !BOUND_ACTIONS.has(action.operation))
    return present({ subject, ...writeGeneralForm(action, own) }) as unknown as Json;
  const binding = BINDINGS[action.type];
  return present({
    subject,
    action: present({
      name: binding?.action,
      properties: presentOrNothing({ arguments: action.args, arg_hash: action.arg_hash }),
    }),
    resource: present({
      type: binding?.resource,
      id: binding === undefined ? undefined : action[binding.field],
      properties: presentOrNothing({ server: action.server, capability: action.capability }),
    }),
    context: present(own),
  }) as unknown as Json;
}

function fromInput(input: Json): FromInput {
  return reading(() => {
    const document = objectWith(input, 'input', ['subject', 'action', 'resource', 'context']);
    const action = objectWith(document['action'], 'input.action', ['name', 'properties']);
    const resource = objectWith(document['resource'], 'input.resource', ['type', 'id', 'properties']);
    const principal = readSubject(document['subject']);
    if (!BOUND_ACTIONS.has(action['name'])) {
      const { agent, ...rest } = readGeneralForm(action, resource, document['context']);
      return { request: { principal, actor: { id: agent ?? principal['id'] }, ...rest } };
    }
    return readBound(principal, action, resource, document['context']);
  });
}

/** An action of the MCP binding. */
function readBound(
  principal: JsonObject,
  action: JsonObject,
  resource: JsonObject,
  given: Json | undefined,
): { readonly request: unknown; readonly claimed?: JsonObject | undefined } {
  const context = objectWith(given ?? {}, 'input.context', CONTEXT_KEYS);
  const asked = objectWith(action['properties'] ?? {}, 'input.action.properties', ['arguments', 'arg_hash']);
  const hash = optionalTextAt(asked, 'arg_hash', 'input.action.properties');
  const place = objectWith(resource['properties'] ?? {}, 'input.resource.properties', [
    'server',
    'capability',
  ]);
  const { type, binding } = bindingOf(action['name'], resource['type']);
  return {
    request: present({
      principal,
      actor: { id: context['agent'] ?? principal['id'] },
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

/** Refusals that say no more than that nothing permits: callers compare such an answer as a whole. */
const WORDLESS: ReadonlySet<string> = new Set(['no_grant', 'policy_undefined']);

/** An answer that has nothing to add carries no context: callers compare it as a whole. */
function toAnswer(decision: Decision): Json {
  const obligations = decision.obligations.length === 0 ? undefined : decision.obligations;
  if (goesOnUnchanged(decision)) {
    if (obligations === undefined) return { decision: true };
    return { decision: true, context: { id: decision.decision_id, obligations } } as unknown as Json;
  }
  const reason = reasonFor(decision);
  const codes = decision.reasons.map(({ code }) => code);
  const wordless = [reason, ...codes].every((code) => WORDLESS.has(code));
  if (wordless && obligations === undefined) return { decision: false };
  return {
    decision: false,
    context: present({
      id: decision.decision_id,
      outcome: decision.outcome,
      reason,
      reasons: codes,
      remediation: decision.remediation,
      alternatives: decision.metadata.alternatives,
      appeal_path: decision.metadata.appeal_path,
      obligations,
    }) as unknown as JsonObject,
  };
}
