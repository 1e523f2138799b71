import type { ActionType, Resource } from '@writ/decision';
import { valueAt } from '../pointer.ts';
import { matchesName } from '../when.ts';
import { chooseProgramCapability } from './choose-program-capability.ts';
import { coversRequest, type HttpTarget, readTarget } from './http-endpoint.ts';
import { rateOf } from './rate-rule.ts';
import type { Capability, Registry, ToolEntry } from './registry-model.ts';
import { ANY_NAME, type AuthorizedAction, type ToolFacts } from './registry-schema.ts';
import { destinationOf, resolveArguments, Unresolvable } from './resolve-arguments.ts';
import type { Objection, ResolveCall, ResolvedCapability } from './resolved-capability.ts';

export type Resolution =
  | { readonly kind: 'resolved'; readonly value: ResolvedCapability }
  /** No bundle describes the call: it carries no resources. */
  | { readonly kind: 'undescribed' }
  /** The arguments do not hold what the description needs; a decision must not go on as if nothing were named. */
  | { readonly kind: 'unresolvable'; readonly pointer: string; readonly message: string };

/** What was found to describe a call, and what the call is for it. */
export interface Described {
  readonly capability: Capability;
  readonly facts: ToolFacts;
  readonly resource: string;
  readonly objections: readonly Objection[];
  /** What another source than pointers into the arguments tells. */
  readonly told: Partial<Pick<ResolvedCapability, 'destination' | 'operation'>> & {
    readonly resources?: readonly Resource[];
  };
}

/** Describes a call by the registry: exact server before `*`, exact tool before `*`. Pure; never throws. */
export function resolveCapability(registry: Registry, call: ResolveCall): Resolution {
  const described = describeCall(registry, call);
  if (described === undefined) return { kind: 'undescribed' };
  if (described instanceof Unresolvable) return unresolvable(described);
  const { capability, facts, told } = described;
  const args = call.args ?? {};
  const named = resolveArguments(facts, args);
  if (named instanceof Unresolvable) return unresolvable(named);
  const rate = rateOf(capability, capability.id, args);
  if (rate instanceof Unresolvable) return unresolvable(rate);
  const { resources, destination = told.destination, ...numbers } = named;
  const operation = told.operation === 'write' ? 'write' : (facts.operation ?? told.operation);
  const action = wordOf(call.type ?? 'tool_call', capability);
  return {
    kind: 'resolved',
    value: {
      capability: capability.id,
      bundle: capability.bundle,
      adapter: capability.adapter,
      authorization: { action: capability.authorization?.action ?? action, resource: described.resource },
      ...(operation === undefined ? {} : { operation }),
      resources: [...resources, ...(told.resources ?? [])],
      ...(destination === undefined ? {} : { destination }),
      data_classes: facts.data_classes ?? [],
      labels: facts.labels ?? [],
      ...numbers,
      observed: facts.observed ?? [],
      step_up: capability.stepUp,
      ...(capability.stepUpMethod === undefined ? {} : { step_up_method: capability.stepUpMethod }),
      ...(rate === undefined ? {} : { rate }),
      objections: [...described.objections, ...authorizationFault(described, call, action)],
    },
  };
}

function unresolvable({ pointer, message }: Unresolvable): Resolution {
  return { kind: 'unresolvable', pointer, message };
}

/** The description that a call falls under, before its arguments are looked at any further. */
export function describeCall(registry: Registry, call: ResolveCall): Described | Unresolvable | undefined {
  if (call.type === 'model_inference') return describeModel(registry, call);
  if (call.type === 'http_request') {
    const found = describeRequest(registry, call);
    if (found !== undefined) return found;
  }
  return call.tool === undefined ? undefined : describeTool(registry, call, call.tool);
}

function describeModel({ models }: Registry, { provider, model }: ResolveCall): Described | undefined {
  if (provider === undefined) return undefined;
  const resource = `${provider}/${model ?? ''}`;
  const capability = models.find(({ authorization }) => matchesName(authorization?.resource ?? '', resource));
  if (capability === undefined) return undefined;
  const endpoint = capability.endpoint === undefined ? null : URL.parse(capability.endpoint);
  const told = endpoint === null ? {} : { destination: destinationOf(endpoint) };
  return { capability, facts: capability.facts, resource, objections: [], told };
}

/** A request that a proxy sees: its destination, and method and path among its arguments. */
function describeRequest({ http }: Registry, call: ResolveCall): Described | Unresolvable | undefined {
  const { destination, args = {} } = call;
  if (destination === undefined || http.length === 0) return undefined;
  const { scheme = 'https', host, port } = destination;
  const path = args['path'] ?? '/';
  const method = args['method'] ?? 'GET';
  if (typeof path !== 'string' || typeof method !== 'string') return undefined;
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const authority = port === undefined ? name : `${name}:${port}`;
  const slash = path.startsWith('/') ? '' : '/';
  const target = readTarget(`${scheme}://${authority}${slash}${path}`, method);
  if (typeof target === 'string') return new Unresolvable('/path', `the URL of a request ${target}`);
  // A host that holds more than a host would lead elsewhere than it says.
  if (target.url.hostname !== name.toLowerCase())
    return new Unresolvable('/path', `\`${host}\` is no name of a host`);
  const capability = http.find((each) => coversRequest(each, target));
  return capability === undefined ? undefined : describedRequest(capability, capability.facts, target);
}

function describedRequest(capability: Capability, facts: ToolFacts, { url }: HttpTarget): Described {
  const id = `${url.origin}${url.pathname}`;
  return {
    capability,
    facts,
    resource: `http/${url.host}${url.pathname}`,
    objections: [],
    told: { destination: destinationOf(url), resources: [{ type: 'url', id }] },
  };
}

function describeTool(
  registry: Registry,
  call: ResolveCall,
  tool: string,
): Described | Unresolvable | undefined {
  const entries = entriesFor(registry, call.server, tool);
  const first = entries[0];
  if (first === undefined) return undefined;
  if (first.capability.adapter === 'http') return describeHttpTool(entries, call, tool);
  const resource = `${first.capability.adapter}/${tool}`;
  if (first.capability.adapter !== 'cli') {
    return { capability: first.capability, facts: first.facts, resource, objections: [], told: {} };
  }
  const { entry, objections, told } = chooseProgramCapability(entries, call.args ?? {});
  return { capability: entry.capability, facts: entry.facts, resource, objections, told };
}

function entriesFor(registry: Registry, server: string | undefined, tool: string): readonly ToolEntry[] {
  const servers = server === undefined ? [ANY_NAME] : [server, ANY_NAME];
  for (const name of servers) {
    const tools = registry.tools.get(name);
    const found = tools?.get(tool) ?? tools?.get(ANY_NAME);
    if (found !== undefined) return found;
  }
  return [];
}

/** A tool that sends a request: which capability it is depends on the URL among its arguments. */
function describeHttpTool(
  entries: readonly ToolEntry[],
  { args = {} }: ResolveCall,
  tool: string,
): Described | Unresolvable {
  const first = entries[0] as ToolEntry;
  const pointer = first.facts.url ?? '/url';
  const url = valueAt(args, pointer);
  const method = valueAt(args, first.facts.method ?? '/method') ?? 'GET';
  if (url === undefined) {
    const said = `tool \`${tool}\` names no URL at \`${pointer}\``;
    return outside(first, tool, said, 'give the URL there');
  }
  if (typeof url !== 'string' || typeof method !== 'string')
    return new Unresolvable(pointer, 'the URL and the method of a request must be text');
  const target = readTarget(url, method);
  if (typeof target === 'string') return new Unresolvable(pointer, `the URL ${target}`);
  const entry = entries.find(({ capability }) => coversRequest(capability, target));
  if (entry !== undefined) return describedRequest(entry.capability, entry.facts, target);
  const names = entries.map(({ capability }) => `\`${capability.id}\``).join(', ');
  const said = `\`${target.method} ${target.url.origin}${target.url.pathname}\` is no request of ${names}`;
  return { ...outside(first, tool, said), told: { destination: destinationOf(target.url) } };
}

function outside({ capability, facts }: ToolEntry, tool: string, message: string, help?: string): Described {
  const remediation = help ?? 'ask for what the capability registry describes';
  const objections: Objection[] = [{ code: 'capability_not_authorized', message, remediation }];
  return { capability, facts, resource: `http/${tool}`, objections, told: {} };
}

const WORDS: Partial<Record<ActionType, AuthorizedAction>> = {
  tool_call: 'tools/call',
  resource_read: 'resources/read',
  resource_subscribe: 'resources/read',
  prompt_get: 'prompts/get',
  completion: 'completion/complete',
  model_inference: 'model/inference',
  http_request: 'http/request',
};

function wordOf(type: ActionType, { adapter }: Capability): AuthorizedAction {
  return WORDS[type] ?? (adapter === 'openai_compat' ? 'model/inference' : 'tools/call');
}

/** What a capability is authorised for has to be what is asked. A tool that is reached by HTTP stays a tool. */
function authorizationFault(
  { capability, resource }: Described,
  call: ResolveCall,
  action: AuthorizedAction,
): Objection[] {
  const { authorization, adapter, id } = capability;
  const isTool = adapter === 'http' && (call.type ?? 'tool_call') !== 'http_request';
  const words = adapter === 'http' ? ['tools/call', 'http/request'] : [action];
  if (authorization?.action !== undefined && !words.includes(authorization.action)) {
    const message = `capability \`${id}\` is for \`${authorization.action}\`, not for \`${action}\``;
    return [{ code: 'capability_not_authorized', message }];
  }
  const name = isTool ? `http/${call.tool ?? ''}` : resource;
  const pattern = authorization?.resource;
  if (pattern === undefined || matchesName(pattern, resource) || matchesName(pattern, name)) return [];
  const message = `capability \`${id}\` is for \`${pattern}\`, not for \`${resource}\``;
  return [{ code: 'capability_not_authorized', message }];
}
