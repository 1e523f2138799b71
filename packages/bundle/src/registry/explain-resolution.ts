import { type JsonObject, nearestName } from '@writ/decision';
import { valueAt } from '../pointer.ts';
import type { Capability, Registry } from './registry-model.ts';
import { ANY_NAME, type ToolFacts } from './registry-schema.ts';
import { Unresolvable } from './resolve-arguments.ts';
import { type Described, describeCall, type Resolution, resolveCapability } from './resolve-capability.ts';
import type { ResolveCall, ResolvedCapability } from './resolved-capability.ts';
import { type Tightened, tightenCall } from './tighten-call.ts';

/** One thing that the registry says of a call, and where it has it from. */
export interface ExplainedFact {
  /** Field of the action as policies see it, or of the description. */
  readonly field: string;
  /** As JSON. */
  readonly value: unknown;
  readonly why: string;
}

/** What a call is by the registry, and why. */
export interface ExplainedCall {
  readonly resolution: Resolution;
  readonly facts: readonly ExplainedFact[];
  /** What third parties add. */
  readonly tightened: readonly Tightened[];
  /** What speaks against the call, or why nothing is known of it, in words. */
  readonly notes: readonly string[];
}

/** Says what the registry makes of a call, and from what: for people who write policies. */
export function explainResolution(registry: Registry, call: ResolveCall): ExplainedCall {
  const resolution = resolveCapability(registry, call);
  const tightened = tightenCall(registry, call);
  if (resolution.kind === 'undescribed')
    return { resolution, facts: [], tightened, notes: undescribedNotes(registry, call) };
  if (resolution.kind === 'unresolvable') {
    const note = `argument \`${resolution.pointer}\`: ${resolution.message}; the call is refused with \`request_invalid\``;
    return { resolution, facts: [], tightened, notes: [note] };
  }
  const described = describeCall(registry, call);
  // What resolves is described.
  if (described === undefined || described instanceof Unresolvable) throw new Error('described before');
  return {
    resolution,
    facts: factsOf(registry, call, described, resolution.value),
    tightened,
    notes: resolution.value.objections.map(({ code, message }) => `denied with \`${code}\`: ${message}`),
  };
}

function factsOf(
  registry: Registry,
  call: ResolveCall,
  { capability, facts, told }: Described,
  value: ResolvedCapability,
): ExplainedFact[] {
  const args = call.args ?? {};
  const from = (pointer: string): string => `argument \`${pointer}\``;
  const fact = (field: string, found: unknown, why: string): ExplainedFact[] =>
    found === undefined ? [] : [{ field, value: found, why }];
  const isTold = (resource: object): boolean =>
    told.resources?.some((each) => JSON.stringify(each) === JSON.stringify(resource)) === true;
  const always = `what \`${capability.id}\` says of every call`;
  return [
    ...fact(
      'capability',
      value.capability,
      `${chosenBy(registry, call, capability)} (bundle \`${value.bundle}\`)`,
    ),
    ...fact('adapter', value.adapter, always),
    ...fact('authorization', value.authorization, authorizationWhy(capability)),
    ...fact('operation', value.operation, operationWhy(facts, told.operation, always)),
    ...value.resources.flatMap((resource) =>
      fact(
        'resources',
        resource,
        isTold(resource)
          ? told.destination === undefined
            ? 'found in the command'
            : 'the URL of the request'
          : resourceWhy(facts, args, resource),
      ),
    ),
    ...fact('destination', value.destination, destinationWhy(capability, facts, args)),
    ...(value.data_classes.length === 0 ? [] : fact('data_classes_referenced', value.data_classes, always)),
    ...(value.labels.length === 0
      ? []
      : fact('labels', value.labels, `${always}; they attach to the session`)),
    ...fact('amount', value.amount, from(String(facts.amount))),
    ...fact('estimated_cost', value.cost, typeof facts.cost === 'string' ? from(facts.cost) : always),
    ...(value.observed.length === 0
      ? []
      : fact('observed', value.observed, 'count as the enforcement point states them')),
    ...(value.step_up
      ? fact('step_up', value.step_up_method ?? 'step_up', `${always}; asked though policies allow`)
      : []),
    ...fact('rate_limit', value.rate, `${always}; reserved when the call is decided`),
  ];
}

function chosenBy(registry: Registry, call: ResolveCall, capability: Capability): string {
  const { type, server, tool } = call;
  const pattern = capability.authorization?.resource ?? '';
  if (type === 'model_inference') return `\`${call.provider}/${call.model ?? ''}\` fits \`${pattern}\``;
  const isListed = (name: string): boolean => {
    const tools = registry.tools.get(name);
    return tools?.has(tool ?? '') === true || tools?.has(ANY_NAME) === true;
  };
  const holder = server !== undefined && isListed(server) ? server : ANY_NAME;
  const tools = registry.tools.get(holder);
  const entries = tools?.get(tool ?? '') ?? tools?.get(ANY_NAME) ?? [];
  const isByTool = entries.some((entry) => entry.capability.id === capability.id);
  if (type === 'http_request' && !isByTool) return `the request is below \`${capability.endpoint}\``;
  const named = tools?.has(tool ?? '') === true ? `tool \`${tool}\`` : 'any tool';
  const where = holder === ANY_NAME ? 'any server' : `server \`${holder}\``;
  const several = entries.length > 1 ? `, of ${entries.length} by ${tellingPart(capability)}` : '';
  return `it lists ${named} of ${where}${several}`;
}

function tellingPart({ adapter }: Capability): string {
  return adapter === 'http' ? 'method and URL' : 'the programs of the command';
}

function authorizationWhy({ authorization, adapter }: Capability): string {
  const { action, resource } = authorization ?? {};
  if (action === undefined && resource === undefined) return `the protocol’s word, and \`${adapter}/…\``;
  return `has to fit \`${action ?? '(any action)'}\` on \`${resource ?? '(any resource)'}\``;
}

function operationWhy(facts: ToolFacts, told: string | undefined, always: string): string {
  if (told === 'write') return 'the command writes a file';
  return facts.operation === undefined ? 'the command only reads' : always;
}

function resourceWhy(facts: ToolFacts, args: JsonObject, { type, id }: { type: string; id: string }): string {
  const entry = facts.resources?.find((each) => {
    const found = valueAt(args, each.id);
    return each.type === type && [found].flat().some((value) => String(value) === id);
  });
  return entry === undefined ? 'the description' : `argument \`${entry.id}\``;
}

function destinationWhy(capability: Capability, { destination }: ToolFacts, args: JsonObject): string {
  const pointer =
    destination === undefined ? undefined : 'url' in destination ? destination.url : destination.host;
  if (pointer !== undefined && valueAt(args, pointer) !== undefined) return `argument \`${pointer}\``;
  return capability.adapter === 'http' ? 'the URL of the request' : `\`endpoint\` of \`${capability.id}\``;
}

function undescribedNotes(registry: Registry, call: ResolveCall): string[] {
  const { type, server, tool, provider, model } = call;
  const carries =
    'It carries no capability, resources or destination; with a list of capabilities in force it is denied.';
  if (type === 'model_inference') {
    const patterns = registry.models.map(({ authorization }) => `\`${authorization?.resource}\``);
    return [
      `no pattern fits \`${provider ?? ''}/${model ?? ''}\`: ${patterns.join(', ') || 'there is none'}`,
      carries,
    ];
  }
  if (type === 'http_request') {
    const endpoints = registry.http.map(({ endpoint }) => `\`${endpoint}\``);
    return [
      `the request is below no endpoint, or not by its methods and paths: ${endpoints.join(', ') || 'there is none'}`,
      carries,
    ];
  }
  const names = [...registry.tools].flatMap(([holder, tools]) =>
    holder === ANY_NAME || holder === server ? [...tools.keys()] : [],
  );
  const near = nearestName(tool ?? '', names);
  const elsewhere = [...registry.tools].find(([holder, tools]) => holder !== server && tools.has(tool ?? ''));
  return [
    `no capability lists tool \`${tool ?? ''}\`${server === undefined ? '' : ` of server \`${server}\``}`,
    ...(elsewhere === undefined
      ? []
      : [`server \`${elsewhere[0]}\` has a tool of that name: name the server`]),
    ...(near === undefined ? [] : [`did you mean \`${near}\`?`]),
    carries,
  ];
}
