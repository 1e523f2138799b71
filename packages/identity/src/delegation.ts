import type { JsonObject } from '@writ/decision';
import type { Caller } from './caller.ts';
import type { Credentials } from './credentials.ts';
import type { IdentityRefusal } from './refusals.ts';

/** What a chain of delegation may be. */
export interface DelegationOptions {
  /** Most links from the first delegator to the actor. Default 5. */
  readonly depthMax?: number;
}

type Fault = Pick<IdentityRefusal, 'code' | 'message'>;
type Link = { readonly id: string };

export const DELEGATION_DEPTH_MAX = 5;

/**
 * Headers in which agent frameworks say who called them. They prove nothing: what they say must be what a verified
 * credential says already.
 */
const PARENT_HEADERS = ['parent-agent-id', 'x-parent-agent-id', 'writ-parent-agent'];
/** The same in `_meta` of a message. */
const PARENT_MEMBERS = ['parent_agent_id', 'dev.writ/parent_agent_id'];

/** What is wrong with a caller's chain, or with what its headers claim of it; undefined for nothing. */
export function checkDelegation(
  caller: Caller,
  credentials: Credentials,
  { depthMax = DELEGATION_DEPTH_MAX }: DelegationOptions,
): Fault | undefined {
  const claimed = PARENT_HEADERS.flatMap((name) => credentials.header(name));
  return checkChain(caller, depthMax) ?? checkClaimedParents(caller, claimed);
}

/** The same about what a message says in its `_meta`. */
export function checkMessageClaims(caller: Caller, message: JsonObject): Fault | undefined {
  const params = message['params'];
  const meta = isObject(params) ? params['_meta'] : undefined;
  if (!isObject(meta)) return undefined;
  const claimed = PARENT_MEMBERS.flatMap((name) => (meta[name] === undefined ? [] : [meta[name]]));
  return checkClaimedParents(caller, claimed);
}

function checkChain({ actor, delegation }: Caller, depthMax: number): Fault | undefined {
  if (delegation === undefined) return undefined;
  const ids = delegation.map(({ id }) => id);
  if (ids.at(-1) !== actor.id)
    return {
      code: 'delegation_broken',
      message: 'the chain of delegation does not end with the acting agent',
    };
  if (ids.length > depthMax) {
    const message = `the chain of delegation has ${ids.length} links, at most ${depthMax} are accepted`;
    return { code: 'delegation_too_deep', message };
  }
  if (new Set(ids).size !== ids.length)
    return { code: 'delegation_loop', message: 'an agent stands twice in the chain of delegation' };
  return undefined;
}

function checkClaimedParents(caller: Caller, claimed: readonly unknown[]): Fault | undefined {
  if (claimed.length === 0) return undefined;
  const parent = parentOf(caller);
  if (parent === undefined)
    return {
      code: 'parent_unattested',
      message: 'a parent agent is named that no verified credential attests',
    };
  if (claimed.every((each) => each === parent)) return undefined;
  return { code: 'parent_forged', message: 'the parent agent that is named is not the one that is attested' };
}

function parentOf({ delegation, actor }: Caller): string | undefined {
  return delegation?.findLast(({ id }: Link) => id !== actor.id)?.id;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
