import type { Destination, Json, JsonObject, Resource } from '@writ/decision';
import { z } from 'zod';
import type { Bundle } from './bundle.ts';
import { describeIssues } from './manifest.ts';
import { valueAt } from './pointer.ts';
import type { BundleProblem } from './problem.ts';

/** Where the registry stands in a bundle's data. */
export const REGISTRY_PATH = ['writ', 'registry'] as const;
/** In place of a server's or tool's name: any. An exact name goes before it. */
export const ANY_NAME = '*';

const text = z.string().min(1).max(512);
const pointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)+$/, 'must be a JSON Pointer into the arguments, such as `/order_id`');

const resourceSchema = z.strictObject({
  type: text,
  id: pointer.describe('Where the id stands in the arguments; an array there names several resources.'),
  tenant: pointer.optional(),
  classes: z.array(text).optional(),
  attributes: z.record(text, pointer).optional(),
});

const destinationSchema = z.union([
  z.strictObject({ url: pointer }),
  z.strictObject({ host: pointer, port: pointer.optional(), scheme: text.optional() }),
]);

const toolSchema = z.strictObject({
  capability: text,
  operation: text.optional(),
  resources: z.array(resourceSchema).optional(),
  destination: destinationSchema.optional(),
  data_classes: z.array(text).optional(),
  labels: z.array(text).optional(),
  cost: z.union([z.number().nonnegative(), pointer]).optional(),
  step_up_method: text.optional(),
});

/** `data.writ.registry`: servers → their tools → what each is; published as `schemas/registry.schema.json`. */
export const registrySchema = z.strictObject({
  servers: z.record(text, z.strictObject({ tools: z.record(text, toolSchema) })),
});

/** JSON Schema (2020-12) of the registry, made from the validator so that they cannot drift apart. */
export function registryJsonSchema(): object {
  return {
    title: 'Capability registry of a Writ bundle',
    ...z.toJSONSchema(registrySchema, { target: 'draft-2020-12' }),
  };
}

export type ToolDescription = z.infer<typeof toolSchema>;

/** What the active bundles say about tools, by server and tool. */
export interface Registry {
  readonly servers: ReadonlyMap<string, ReadonlyMap<string, ToolDescription>>;
}

/** What a call's arguments name, by the registry; every field is absent where the registry does not tell. */
export interface ResolvedCapability {
  readonly capability: string;
  readonly operation?: string;
  readonly resources: readonly Resource[];
  readonly destination?: Destination;
  readonly data_classes: readonly string[];
  readonly labels: readonly string[];
  readonly cost?: number;
  readonly step_up_method?: string;
}

export type Resolution =
  | { readonly kind: 'resolved'; readonly value: ResolvedCapability }
  /** No bundle describes the tool: the call carries no resources. */
  | { readonly kind: 'undescribed' }
  /** The arguments do not hold what the description needs; a decision must not go on as if nothing were named. */
  | { readonly kind: 'unresolvable'; readonly pointer: string; readonly message: string };

function registryOf(data: JsonObject): Json | undefined {
  return valueAt(data, `/${REGISTRY_PATH.join('/')}`);
}

/** Problems of the registry in a bundle's data; none where it has no registry. */
export function checkRegistry(data: JsonObject): BundleProblem[] {
  const document = registryOf(data);
  if (document === undefined) return [];
  const parsed = registrySchema.safeParse(document, { reportInput: true });
  if (parsed.success) return [];
  const prefix = `/${REGISTRY_PATH.join('/')}`;
  return describeIssues(parsed.error, registryJsonSchema(), 'data').map((problem) => ({
    ...problem,
    code: 'registry_invalid',
    pointer: `${prefix}${problem.pointer ?? ''}`,
  }));
}

/**
 * The registry of several bundles together. Two that describe one (server, tool), by name or by `*`, are a problem:
 * which of them a decision went by would depend on order. A third party's entries are left out, since a description
 * that says less than the truth would loosen.
 */
export function buildRegistry(bundles: readonly Bundle[]): {
  readonly registry: Registry;
  readonly problems: readonly BundleProblem[];
} {
  const servers = new Map<string, Map<string, ToolDescription>>();
  const origins: { server: string; tool: string; bundle: string }[] = [];
  const problems: BundleProblem[] = [];
  for (const bundle of bundles.filter(({ thirdParty }) => !thirdParty)) {
    for (const [server, tool, description] of entriesOf(bundle)) {
      const other = origins.find(
        (entry) => entry.bundle !== bundle.name && meets(entry.server, server) && meets(entry.tool, tool),
      );
      if (other !== undefined) {
        const message = `bundle \`${other.bundle}\` describes tool \`${tool}\` of server \`${server}\` too`;
        problems.push({ code: 'registry_conflict', message, bundle: bundle.name });
      }
      origins.push({ server, tool, bundle: bundle.name });
      const tools = servers.get(server) ?? new Map<string, ToolDescription>();
      servers.set(server, tools.set(tool, description));
    }
  }
  return { registry: { servers }, problems };
}

function entriesOf(bundle: Bundle): [string, string, ToolDescription][] {
  const parsed = registrySchema.safeParse(registryOf(bundle.data) ?? { servers: {} });
  if (!parsed.success) return [];
  return Object.entries(parsed.data.servers).flatMap(([server, { tools }]) =>
    Object.entries(tools).map(([tool, description]): [string, string, ToolDescription] => [
      server,
      tool,
      description,
    ]),
  );
}

function meets(left: string, right: string): boolean {
  return left === right || left === ANY_NAME || right === ANY_NAME;
}

/** What is asked of the registry: a call's server (absent for tools in process), tool and arguments. */
export interface ResolveCall {
  readonly server?: string | undefined;
  readonly tool: string;
  readonly args?: JsonObject | undefined;
}

/** Describes a call by the registry: exact server before `*`, exact tool before `*`. Pure; never throws. */
export function resolveCapability(registry: Registry, call: ResolveCall): Resolution {
  const description = describe(registry, call);
  if (description === undefined) return { kind: 'undescribed' };
  const args = call.args ?? {};
  const problems: Unresolvable[] = [];
  const note = <T>(result: T | Unresolvable): T | undefined => {
    if (!(result instanceof Unresolvable)) return result;
    problems.push(result);
    return undefined;
  };
  const resources = (description.resources ?? []).flatMap((entry) => note(resourcesAt(entry, args)) ?? []);
  const destination =
    description.destination === undefined ? undefined : note(destinationAt(description.destination, args));
  const cost = description.cost === undefined ? undefined : note(costAt(description.cost, args));
  const fault = problems[0];
  if (fault !== undefined) return { kind: 'unresolvable', pointer: fault.pointer, message: fault.message };
  return {
    kind: 'resolved',
    value: {
      capability: description.capability,
      ...(description.operation === undefined ? {} : { operation: description.operation }),
      resources,
      ...(destination === undefined ? {} : { destination }),
      data_classes: description.data_classes ?? [],
      labels: description.labels ?? [],
      ...(cost === undefined ? {} : { cost }),
      ...(description.step_up_method === undefined ? {} : { step_up_method: description.step_up_method }),
    },
  };
}

function describe(registry: Registry, call: ResolveCall): ToolDescription | undefined {
  const servers = call.server === undefined ? [ANY_NAME] : [call.server, ANY_NAME];
  for (const server of servers) {
    const tools = registry.servers.get(server);
    const found = tools?.get(call.tool) ?? tools?.get(ANY_NAME);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An argument that is there but cannot mean what the registry says it means. */
class Unresolvable {
  readonly pointer: string;
  readonly message: string;
  constructor(pointer: string, message: string) {
    this.pointer = pointer;
    this.message = message;
  }
}

/** An absent argument names nothing; one of another type than text or an integer cannot be an id. */
function resourcesAt(entry: z.infer<typeof resourceSchema>, args: JsonObject): Resource[] | Unresolvable {
  const found = valueAt(args, entry.id);
  if (found === undefined) return [];
  const ids = Array.isArray(found) ? (found as readonly Json[]) : [found];
  const resources: Resource[] = [];
  for (const id of ids) {
    if (typeof id !== 'string' && !Number.isInteger(id))
      return new Unresolvable(entry.id, 'the id of a resource must be text or an integer');
    const tenant = entry.tenant === undefined ? undefined : valueAt(args, entry.tenant);
    if (tenant !== undefined && typeof tenant !== 'string')
      return new Unresolvable(entry.tenant!, 'the tenant of a resource must be text');
    resources.push({
      type: entry.type,
      id: String(id),
      ...(tenant === undefined ? {} : { tenant }),
      ...(entry.classes === undefined ? {} : { classes: entry.classes }),
      ...attributesAt(entry.attributes, args),
    });
  }
  return resources;
}

function attributesAt(
  pointers: Readonly<Record<string, string>> | undefined,
  args: JsonObject,
): { attributes?: JsonObject } {
  if (pointers === undefined) return {};
  const pairs = Object.entries(pointers).map(([name, place]) => [name, valueAt(args, place)] as const);
  return {
    attributes: Object.fromEntries(
      pairs.filter((pair): pair is readonly [string, Json] => pair[1] !== undefined),
    ),
  };
}

function destinationAt(
  entry: z.infer<typeof destinationSchema>,
  args: JsonObject,
): Destination | undefined | Unresolvable {
  if ('url' in entry) {
    const found = valueAt(args, entry.url);
    if (found === undefined) return undefined;
    const url = typeof found === 'string' ? URL.parse(found) : null;
    if (url === null || url.hostname === '')
      return new Unresolvable(entry.url, 'the destination must be an absolute URL with a host');
    const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : Number(url.port);
    return { scheme: url.protocol.slice(0, -1), host: url.hostname, ...(port === undefined ? {} : { port }) };
  }
  const host = valueAt(args, entry.host);
  if (host === undefined) return undefined;
  if (typeof host !== 'string' || host === '')
    return new Unresolvable(entry.host, 'the host of a destination must be text');
  const port = entry.port === undefined ? undefined : valueAt(args, entry.port);
  if (port !== undefined && !(Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536)) {
    return new Unresolvable(entry.port!, 'the port of a destination must be an integer from 1 to 65535');
  }
  return {
    ...(entry.scheme === undefined ? {} : { scheme: entry.scheme }),
    host: host.toLowerCase(),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'ws:': 80,
  'wss:': 443,
  'ftp:': 21,
};

function costAt(cost: number | string, args: JsonObject): number | undefined | Unresolvable {
  if (typeof cost === 'number') return cost;
  const found = valueAt(args, cost);
  if (found === undefined) return undefined;
  if (typeof found !== 'number' || found < 0)
    return new Unresolvable(cost, 'the cost must be a number that is not negative');
  return found;
}
