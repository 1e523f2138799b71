import type { Capability, Registry } from '@writ/bundle';

/** A capability as `writ registry show` prints it. */
export interface CapabilityRow {
  readonly id: string;
  readonly bundle: string;
  readonly adapter: string;
  readonly description?: string;
  /** `SERVER/TOOL`, or the bare name of a tool of any server. */
  readonly tools: readonly string[];
  /** What else is matched: programs, requests, models. */
  readonly matches: readonly string[];
  readonly step_up?: string;
  readonly rate_limit?: Capability['rateLimit'];
}

/** Every capability of a registry, sorted, those that are only named by a tool too. */
export function registryRows(registry: Registry): readonly CapabilityRow[] {
  const named = [...registry.tools.values()].flatMap((tools) =>
    [...tools.values()].flat().map(({ capability }) => [capability.id, capability] as const),
  );
  const all = new Map([...named, ...registry.capabilities]);
  return [...all.values()]
    .sort((left, right) => (left.id < right.id ? -1 : 1))
    .map((capability) => rowOf(registry, capability));
}

function rowOf(registry: Registry, capability: Capability): CapabilityRow {
  const { id, bundle, adapter, description, stepUp, stepUpMethod, rateLimit } = capability;
  return {
    id,
    bundle,
    adapter,
    ...(description === undefined ? {} : { description }),
    tools: toolsOf(registry, id),
    matches: matchesOf(capability),
    ...(stepUp ? { step_up: stepUpMethod ?? 'step_up' } : {}),
    ...(rateLimit === undefined ? {} : { rate_limit: rateLimit }),
  };
}

function toolsOf({ tools }: Registry, id: string): string[] {
  return [...tools].flatMap(([server, entries]) =>
    [...entries]
      .filter(([, each]) => each.some(({ capability }) => capability.id === id))
      .map(([tool]) => (server === '*' ? tool : `${server}/${tool}`)),
  );
}

function matchesOf({ adapter, programs, endpoint, methods, paths, authorization }: Capability): string[] {
  if (adapter === 'cli') return [...(programs ?? [])];
  if (adapter === 'openai_compat') return [authorization?.resource ?? ''];
  if (adapter !== 'http') return [];
  const verbs = methods === undefined ? '' : `${methods.join('|')} `;
  return (paths ?? ['']).map((path) => `${verbs}${endpoint}${path}`);
}

/** A rate in words. */
export function rateText(rate: Capability['rateLimit']): string {
  if (rate === undefined) return '';
  const { requests_per_minute, tokens_per_minute, per = 'tenant' } = rate;
  const parts = [
    ...(requests_per_minute === undefined ? [] : [`${requests_per_minute} requests`]),
    ...(tokens_per_minute === undefined ? [] : [`${tokens_per_minute} tokens`]),
  ];
  return `${parts.join(', ')} a minute per ${per.replace('_', ' ')}`;
}
