import { hash } from 'node:crypto';
import {
  type Registry,
  type ResolveCall,
  type ResolvedCapability,
  resolveCapability,
  tightenCall,
} from '@writ/bundle';
import {
  type Action,
  type ActionType,
  CanonicalWriter,
  canonicalJson,
  type DecisionContext,
  type DecisionRequest,
  type Environment,
  type Json,
  type JsonObject,
  type Resource,
} from '@writ/decision';
import { dutiesOf, type RegistryDuties } from './registry-duties.ts';

/** Facts about where the decision point runs; they stand above what a caller says. */
export type FixedEnvironment = Pick<Environment, 'region' | 'is_production'>;

/** A request with what Writ itself knows of it, before any state is gathered. */
export type ResolvedRequest =
  | { readonly ok: true; readonly request: DecisionRequest; readonly duties: RegistryDuties }
  | { readonly ok: false; readonly code: 'request_invalid'; readonly message: string };

/** Facts that an enforcement point may observe; every other part of `context` is the decision point's own. */
const CALLER_CONTEXT = [
  'session_id',
  'conversation_id',
  'task_id',
  'risk_score',
  'step_up_verified',
  'step_up',
  'trace_id',
] as const;

/**
 * Puts Writ's own knowledge in place of what a caller claims: counters, labels, budgets and capabilities are dropped,
 * `arg_hash` is computed, and the registry says what the arguments name. What caller and registry both name is united,
 * so that neither can hide a resource.
 */
export function resolveRequest(
  request: DecisionRequest,
  registry: Registry,
  fixed: FixedEnvironment,
): ResolvedRequest {
  const resolution = resolveAction(request.action, registry, request.context?.step_up_verified === true);
  if (!resolution.ok) return resolution;
  const { capabilities: _claimed, ...actor } = request.actor;
  const environment = { ...request.environment, ...fixed };
  const context = callerContext(request.context);
  const { environment: _environment, context: _context, ...rest } = request;
  return {
    ok: true,
    request: {
      ...rest,
      actor,
      action: resolution.action,
      ...(Object.keys(context).length === 0 ? {} : { context }),
      ...(Object.keys(environment).length === 0 ? {} : { environment }),
    },
    duties: resolution.duties,
  };
}

function callerContext(context: DecisionContext | undefined): DecisionContext {
  const observed: Record<string, unknown> = {};
  if (context === undefined) return observed;
  for (const name of CALLER_CONTEXT) if (context[name] !== undefined) observed[name] = context[name];
  return observed;
}

type ResolvedAction =
  | { readonly ok: true; readonly action: Action; readonly duties: RegistryDuties }
  | { readonly ok: false; readonly code: 'request_invalid'; readonly message: string };

/** What is no tool stands in the registry under the protocol's method: reading from a server can label a session too. */
const DESCRIBED_AS: Partial<Record<ActionType, string>> = {
  resource_read: 'resources/read',
  prompt_get: 'prompts/get',
  completion: 'completion/complete',
  sampling: 'sampling/createMessage',
  elicitation: 'elicitation/create',
};

/** What the registry says about an action, `arg_hash` included; asked again for redacted arguments. */
export function resolveAction(action: Action, registry: Registry, verified: boolean): ResolvedAction {
  const { arg_hash: _claimed, authorization: _word, ...given } = action;
  const hashed: Action = given.args === undefined ? given : { ...given, arg_hash: hashArgs(given.args) };
  const { type, server, args, destination, provider, model } = hashed;
  const tool = hashed.tool ?? DESCRIBED_AS[type];
  const call: ResolveCall = { type, server, tool, args, destination, provider, model };
  const found = resolveCapability(registry, call);
  if (found.kind === 'unresolvable') {
    return { ok: false, code: 'request_invalid', message: `argument \`${found.pointer}\`: ${found.message}` };
  }
  const value = found.kind === 'resolved' ? found.value : undefined;
  const tightened = tightenCall(registry, call);
  const described = value === undefined ? undescribed(hashed) : describedAction(hashed, value);
  return {
    ok: true,
    action: withClasses(described, [
      ...(value?.data_classes ?? []),
      ...tightened.flatMap(({ data_classes }) => data_classes),
    ]),
    duties: dutiesOf(value, tightened, { phase: action.phase, verified }),
  };
}

/** Which capability a call uses is the registry's word alone: what nobody describes has none, whatever a caller claims. */
function undescribed(action: Action): Action {
  const { amount: _amount, capability: _capability, ...rest } = action;
  return rest;
}

/**
 * Of a call that is described nothing stands that the registry can tell and the caller claims: it is computed, or it is
 * unknown. Only what the description leaves to the enforcement point counts as that states it.
 */
function describedAction(action: Action, value: ResolvedCapability): Action {
  const { operation, destination, estimated_cost, amount, ...rest } = action;
  const claims = { operation, destination, estimated_cost, amount };
  const stated = Object.fromEntries(
    value.observed.flatMap((name) => (claims[name] === undefined ? [] : [[name, claims[name]]])),
  );
  // Who sends a request itself knows where to.
  const sent = action.type === 'http_request' && destination !== undefined ? { destination } : {};
  const cost = value.cost === undefined ? undefined : Math.max(value.cost, estimated_cost ?? 0);
  return {
    ...rest,
    ...stated,
    ...sent,
    capability: value.capability,
    authorization: value.authorization,
    ...(value.operation === undefined ? {} : { operation: value.operation }),
    // Of a tool that is described, none is known to be none; absent means that nobody knows.
    resources: uniteResources(value.resources, rest.resources ?? []),
    ...(value.destination === undefined ? {} : { destination: value.destination }),
    ...(cost === undefined ? {} : { estimated_cost: cost }),
    ...(value.amount === undefined ? {} : { amount: value.amount }),
  };
}

/** A caller's word only adds classes: it hides none. */
function withClasses(action: Action, known: readonly string[]): Action {
  const classes = [...new Set([...known, ...(action.data_classes_referenced ?? [])])];
  return classes.length === 0 ? action : { ...action, data_classes_referenced: classes };
}

/** `sha256:<hex>` of arguments in RFC 8785 form. */
export function hashArgs(args: JsonObject): string {
  return `sha256:${canonicalDigest(args)}`;
}

const writer = new CanonicalWriter();

/** SHA-256 of a value's RFC 8785 form, hex. */
export function canonicalDigest(value: Json): string {
  writer.reset();
  writer.json(value);
  return hash('sha256', writer.bytes(), 'hex');
}

function uniteResources(left: readonly Resource[], right: readonly Resource[]): readonly Resource[] {
  if (right.length === 0) return left;
  const united = new Map(
    [...left, ...right].map((each) => [canonicalJson(JSON.parse(JSON.stringify(each))), each]),
  );
  return [...united.values()];
}
