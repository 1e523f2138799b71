import type { Destination, Json, JsonObject, Resource } from '@writ/decision';
import { valueAt } from '../pointer.ts';
import type { ToolFacts } from './registry-schema.ts';

/** What the arguments of a call name; a field is absent where they do not tell. */
export interface NamedByArguments {
  readonly resources: readonly Resource[];
  readonly destination?: Destination;
  readonly cost?: number;
  readonly amount?: number;
}

/** Reads from the arguments what a description says they name; the first argument that cannot mean it otherwise. */
export function resolveArguments(facts: ToolFacts, args: JsonObject): NamedByArguments | Unresolvable {
  const problems: Unresolvable[] = [];
  const note = <T>(result: T | Unresolvable): T | undefined => {
    if (!(result instanceof Unresolvable)) return result;
    problems.push(result);
    return undefined;
  };
  const resources = (facts.resources ?? []).flatMap((entry) => note(resourcesAt(entry, args)) ?? []);
  const destination =
    facts.destination === undefined ? undefined : note(destinationAt(facts.destination, args));
  const cost = facts.cost === undefined ? undefined : note(numberAt(facts.cost, args, 'cost'));
  const amount = facts.amount === undefined ? undefined : note(numberAt(facts.amount, args, 'amount'));
  return (
    problems[0] ?? {
      resources,
      ...(destination === undefined ? {} : { destination }),
      ...(cost === undefined ? {} : { cost }),
      ...(amount === undefined ? {} : { amount }),
    }
  );
}

type WrittenResource = NonNullable<ToolFacts['resources']>[number];
type WrittenDestination = NonNullable<ToolFacts['destination']>;

/** An argument that is there but cannot mean what the registry says it means. */
export class Unresolvable {
  readonly pointer: string;
  readonly message: string;
  constructor(pointer: string, message: string) {
    this.pointer = pointer;
    this.message = message;
  }
}

/** An absent argument names nothing; one of another type than text or an integer cannot be an id. */
function resourcesAt(entry: WrittenResource, args: JsonObject): Resource[] | Unresolvable {
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

function destinationAt(entry: WrittenDestination, args: JsonObject): Destination | undefined | Unresolvable {
  if ('url' in entry) {
    const found = valueAt(args, entry.url);
    if (found === undefined) return undefined;
    const url = typeof found === 'string' ? URL.parse(found) : null;
    if (url === null || url.hostname === '')
      return new Unresolvable(entry.url, 'the destination must be an absolute URL with a host');
    return destinationOf(url);
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

/** Where a URL leads, with the port that its scheme means where it names none. */
export function destinationOf(url: URL): Destination {
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  return { scheme: url.protocol.slice(0, -1), host: url.hostname, ...(port === undefined ? {} : { port }) };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'https:': 443,
  'ws:': 80,
  'wss:': 443,
  'ftp:': 21,
};

/** A number that stands there, or that the argument holds: never text, nothing below zero. */
export function numberAt(
  written: number | string,
  args: JsonObject,
  what: string,
): number | undefined | Unresolvable {
  if (typeof written === 'number') return written;
  const found = valueAt(args, written);
  if (found === undefined) return undefined;
  if (typeof found !== 'number' || found < 0)
    return new Unresolvable(written, `the ${what} must be a number that is not negative`);
  return found;
}
