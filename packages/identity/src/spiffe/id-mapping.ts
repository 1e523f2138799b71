import type { Caller } from '../caller.ts';
import type { SpiffeId } from './spiffe-id.ts';

/** How the path of a SPIFFE ID becomes facts of the actor. */
export interface SpiffeIdMapping {
  /** Only for ids of this trust domain. */
  readonly trustDomain?: string;
  /**
   * Path with named segments, `/agents/{client}/{class}/{env}`. The names `class`, `scope`, `owner_team` and `tenant`
   * set these facts; policies see every name in `principal.attributes.spiffe`. `{*}` stands for any one segment.
   */
  readonly path: string;
  /** Tenant of every workload whose id this fits. */
  readonly tenant?: string;
}

/** What holds where nothing is configured: other ids count too, and tell no class. */
export const DEFAULT_ID_MAPPING: SpiffeIdMapping = { path: '/agents/{client}/{class}/{env}' };

const NAME = /^\{([a-z_]+|\*)\}$/;

/** What is wrong with a pattern, in one sentence; undefined for nothing. */
export function idPatternFault(path: string): string | undefined {
  if (!path.startsWith('/')) return 'a path begins with /';
  const names: string[] = [];
  for (const segment of path.slice(1).split('/')) {
    const name = NAME.exec(segment)?.[1];
    if (name === undefined && !/^[a-zA-Z0-9._-]+$/.test(segment))
      return `\`${segment}\` is neither a segment nor a name in braces`;
    if (name !== undefined && name !== '*') names.push(name);
  }
  return new Set(names).size === names.length ? undefined : 'a name stands twice';
}

/** The caller that a workload is; undefined where mappings are given and none fits. */
export function callerOfId(
  id: SpiffeId,
  mappings: readonly SpiffeIdMapping[] | undefined,
): Caller | undefined {
  for (const mapping of mappings ?? [DEFAULT_ID_MAPPING]) {
    const names = fit(id, mapping);
    if (names !== undefined) return callerWith(id, names, mapping.tenant ?? names['tenant']);
  }
  return mappings === undefined ? callerWith(id, {}, undefined) : undefined;
}

function fit(
  id: SpiffeId,
  { trustDomain, path }: SpiffeIdMapping,
): Readonly<Record<string, string>> | undefined {
  if (trustDomain !== undefined && trustDomain !== id.trustDomain) return undefined;
  const pattern = path.slice(1).split('/');
  if (pattern.length !== id.segments.length) return undefined;
  const names: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = id.segments[index] ?? '';
    const name = NAME.exec(part)?.[1];
    if (name === undefined) {
      if (part !== segment) return undefined;
    } else if (name !== '*') names[name] = segment;
  }
  return names;
}

function callerWith(
  { id, trustDomain }: SpiffeId,
  names: Readonly<Record<string, string>>,
  tenant: string | undefined,
): Caller {
  const { class: actorClass, scope, owner_team } = names;
  return {
    principal: {
      id,
      kind: 'agent',
      ...(tenant === undefined ? {} : { tenant }),
      attributes: { spiffe: { trust_domain: trustDomain, ...names } },
    },
    actor: {
      id,
      ...(actorClass === undefined ? {} : { class: actorClass }),
      ...(scope === undefined ? {} : { scope }),
      ...(owner_team === undefined ? {} : { owner_team }),
      attested: true,
    },
  };
}
