import { hash } from 'node:crypto';
import { type Registry, resolveCapability } from '@writ/bundle';
import {
  type Action,
  type ActionType,
  canonicalJson,
  type DecisionContext,
  type DecisionRequest,
  type Environment,
  hashJson,
  type JsonObject,
  type Resource,
} from '@writ/decision';

export const sha256Hex = (text: string): string => hash('sha256', text, 'hex');

/** Facts about where the decision point runs; they stand above what a caller says. */
export type FixedEnvironment = Pick<Environment, 'region' | 'is_production'>;

/** A request with what Writ itself knows of it, before any state is gathered. */
export type ResolvedRequest =
  | {
      readonly ok: true;
      readonly request: DecisionRequest;
      /** Labels that attach to the session when the call is allowed. */
      readonly labels: readonly string[];
      /** Method to ask for where a policy asks for step-up without naming one. */
      readonly stepUpMethod?: string;
    }
  | { readonly ok: false; readonly code: 'request_invalid'; readonly message: string };

/** Facts that an enforcement point may observe; every other part of `context` is the decision point's own. */
const CALLER_CONTEXT = [
  'session_id',
  'conversation_id',
  'task_id',
  'risk_score',
  'step_up_verified',
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
  const resolution = resolveAction(request.action, registry);
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
    labels: resolution.labels,
    ...(resolution.stepUpMethod === undefined ? {} : { stepUpMethod: resolution.stepUpMethod }),
  };
}

function callerContext(context: DecisionContext | undefined): DecisionContext {
  if (context === undefined) return {};
  return Object.fromEntries(
    CALLER_CONTEXT.flatMap((name) => (context[name] === undefined ? [] : [[name, context[name]]])),
  );
}

type ResolvedAction =
  | {
      readonly ok: true;
      readonly action: Action;
      readonly labels: readonly string[];
      readonly stepUpMethod?: string;
    }
  | { readonly ok: false; readonly code: 'request_invalid'; readonly message: string };

/** What is no tool stands in the registry under the protocol's method: reading from a server can label a session too. */
const DESCRIBED_AS: Partial<Record<ActionType, string>> = {
  resource_read: 'resources/read',
  prompt_get: 'prompts/get',
  completion: 'completion/complete',
};

/** What the registry says about an action, `arg_hash` included; asked again for redacted arguments. */
export function resolveAction(action: Action, registry: Registry): ResolvedAction {
  const { arg_hash: _claimed, ...given } = action;
  const hashed: Action = given.args === undefined ? given : { ...given, arg_hash: hashArgs(given.args) };
  const name = hashed.tool ?? DESCRIBED_AS[hashed.type];
  if (name === undefined) return { ok: true, action: hashed, labels: [] };
  const found = resolveCapability(registry, { server: hashed.server, tool: name, args: hashed.args });
  if (found.kind === 'undescribed') return { ok: true, action: hashed, labels: [] };
  if (found.kind === 'unresolvable') {
    return { ok: false, code: 'request_invalid', message: `argument \`${found.pointer}\`: ${found.message}` };
  }
  const { value } = found;
  const resources = uniteResources(value.resources, hashed.resources ?? []);
  const classes = [...new Set([...value.data_classes, ...(hashed.data_classes_referenced ?? [])])];
  return {
    ok: true,
    action: {
      ...hashed,
      capability: value.capability,
      ...(value.operation === undefined ? {} : { operation: value.operation }),
      // Of a tool that is described, none is known to be none; absent means that nobody knows.
      resources,
      ...(classes.length === 0 ? {} : { data_classes_referenced: classes }),
      ...(value.destination === undefined ? {} : { destination: value.destination }),
      ...(value.cost === undefined ? {} : { estimated_cost: value.cost }),
    },
    labels: value.labels,
    ...(value.step_up_method === undefined ? {} : { stepUpMethod: value.step_up_method }),
  };
}

/** `sha256:<hex>` of arguments in RFC 8785 form. */
export function hashArgs(args: JsonObject): string {
  return hashJson(args, sha256Hex);
}

function uniteResources(left: readonly Resource[], right: readonly Resource[]): readonly Resource[] {
  if (right.length === 0) return left;
  const united = new Map(
    [...left, ...right].map((each) => [canonicalJson(JSON.parse(JSON.stringify(each))), each]),
  );
  return [...united.values()];
}
