import type { Json, JsonObject } from '@writ/decision';
import type { Caller } from '../caller.ts';
import { type ClaimMapping, claimAt, renderTemplate, textClaim, textsClaim } from '../claims.ts';
import type { IdentityRefusal } from '../refusals.ts';

/** How a verified token becomes a caller. */
export interface TokenCallerOptions {
  readonly mapping: ClaimMapping;
  /** Whether the caller proved that it holds the key the token is bound to. */
  readonly attested: boolean;
  /** Name of the provider, for `principal.attributes`. */
  readonly provider: string;
}

export type TokenCaller =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly refusal: IdentityRefusal };

/** Default places of the acting client (RFC 9068, OpenID Connect), where the token has no `act`. */
const ACTOR_TEMPLATES = ['{client_id}', '{azp}', '{sub}'];

/**
 * The caller whom a verified token names: principal by `sub`, actor and delegation by nested `act` (RFC 8693 section
 * 4.1: the outermost actor is the current one), else by the client. What the mapping names and the token lacks is a
 * refusal: a missing tenant must not become none.
 */
export function callerOfToken(claims: JsonObject, options: TokenCallerOptions): TokenCaller {
  const { mapping, attested } = options;
  const principalId = renderTemplate(mapping.principal ?? '{sub}', claims);
  if (principalId === undefined) return missing('the claims that name the principal');
  const tenant = mapping.tenant === undefined ? undefined : textClaim(claims, mapping.tenant);
  if (mapping.tenant !== undefined && tenant === undefined)
    return missing(`the tenant (\`${mapping.tenant}\`)`);
  const principal = principalOf(claims, principalId, tenant, options);
  const templates = mapping.actor === undefined ? ACTOR_TEMPLATES : [mapping.actor];
  const clientId = templates
    .map((template) => renderTemplate(template, claims))
    .find((id) => id !== undefined);
  const chain = actorsOf(claims);
  if (chain === undefined) {
    const message = 'the claim `act` of the token is no chain of actors with `sub`';
    const caller = { principal, actor: { id: clientId ?? principalId } };
    return { ok: false, refusal: { code: 'delegation_broken', message, caller } };
  }
  const actorId = chain.at(-1) ?? clientId;
  if (actorId === undefined) return missing('the claims that name the actor');
  const session = textClaim(claims, 'txn') ?? textClaim(claims, 'sid');
  const caller: Caller = {
    principal,
    actor: defined({
      id: actorId,
      class: textClaim(claims, mapping.actor_class),
      scope: textClaim(claims, mapping.actor_scope),
      owner_team: textClaim(claims, mapping.owner_team),
      attested,
    }),
    ...(chain.length === 0 ? {} : { delegation: chain.map((id) => ({ id, kind: 'agent' })) }),
    ...(session === undefined ? {} : { session }),
    ...stepUpOf(claims),
  };
  return { ok: true, caller };
}

/** A way of authenticating counts with its time alone: one without says nothing about now. */
function stepUpOf(claims: JsonObject): Pick<Caller, 'stepUp'> {
  const method = textClaim(claims, 'acr');
  const time = claims['auth_time'];
  if (method === undefined || typeof time !== 'number' || !(time > 0 && time < 8e12)) return {};
  const proof = textClaim(claims, 'jti');
  const at = new Date(time * 1000).toISOString();
  return { stepUp: { method, at, ...(proof === undefined ? {} : { proof }) } };
}

function principalOf(
  claims: JsonObject,
  id: string,
  tenant: string | undefined,
  { mapping, provider }: TokenCallerOptions,
): Caller['principal'] {
  const isClient = claims['sub'] === claims['client_id'] || claims['sub'] === claims['azp'];
  const named = Object.entries(mapping.attributes ?? {}).flatMap(([name, claim]): [string, Json][] => {
    const value = claimAt(claims, claim);
    return value === undefined ? [] : [[name, value]];
  });
  return defined({
    id,
    kind: isClient ? ('service' as const) : ('user' as const),
    tenant,
    groups: textsClaim(claims, mapping.groups),
    scopes: scopesOf(claims),
    data_classifications_authorized: textsClaim(claims, mapping.data_classifications_authorized),
    attributes: { ...Object.fromEntries(named), identity_provider: provider },
  });
}

/** `scope` is one text with spaces (RFC 8693, RFC 9068); some issuers write `scp`, a list. */
export function scopesOf(claims: JsonObject): readonly string[] {
  const { scope } = claims;
  if (typeof scope === 'string') return scope.split(' ').filter((each) => each !== '');
  return textsClaim(claims, 'scp')?.flatMap((each) => each.split(' ')) ?? [];
}

/** More actors than any chain may have: beyond it nobody looks. */
const ACTORS_MAX = 64;

/** Ids from the first delegator to the actor; none where nobody delegated, undefined where the chain is broken. */
function actorsOf(claims: JsonObject): readonly string[] | undefined {
  const ids: string[] = [];
  for (let { act } = claims; act !== undefined; act = (act as JsonObject)['act']) {
    if (typeof act !== 'object' || act === null || Array.isArray(act) || ids.length === ACTORS_MAX)
      return undefined;
    const id = textClaim(act as JsonObject, 'sub');
    if (id === undefined) return undefined;
    ids.unshift(id);
  }
  return ids;
}

function missing(what: string): TokenCaller {
  return { ok: false, refusal: { code: 'token_claims_missing', message: `the token lacks ${what}` } };
}

/** Without the members that are undefined: absent and undefined are not the same on the wire. */
function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
