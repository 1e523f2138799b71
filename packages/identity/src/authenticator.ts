import type { Caller } from './caller.ts';
import type { Credentials } from './credentials.ts';
import { checkDelegation, type DelegationOptions } from './delegation.ts';
import { type IdentityRefusal, identityStatus, type Judged } from './refusals.ts';

/** One way of proving who is asking. */
export interface IdentityProvider {
  /** Unique in the gateway; named in messages and spans. */
  readonly name: string;
  /** Headers that this provider reads beside `Authorization`: whoever sends one is not anonymous. */
  readonly headers?: readonly string[];
  /** Never rejects where a credential is merely wrong; a fault that it does reject with refuses. */
  judge(credentials: Credentials): Judged | Promise<Judged>;
  /** Id that the certificate of the connection proves, for providers that can tell. */
  peerId?(credentials: Credentials): string | undefined;
  /** Value of `WWW-Authenticate` that tells a client how to come by such a credential. */
  challenge?(refusal: IdentityRefusal | undefined): string;
  close?(): Promise<void> | void;
}

/** Who is asking, or why nobody can tell. */
export type Identification =
  | { readonly ok: true; readonly caller: Caller; readonly provider: string }
  | {
      readonly ok: false;
      readonly status: 401 | 403 | 503;
      readonly refusal: IdentityRefusal;
      /** Values of `WWW-Authenticate`. */
      readonly challenges: readonly string[];
    };

/** Names the caller of each request. */
export interface Authenticator {
  /** Never rejects. */
  authenticate(credentials: Credentials): Promise<Identification>;
  close(): Promise<void>;
}

export interface AuthenticatorOptions {
  /** In order: the first that recognises a credential decides, and a wrong one is never tried elsewhere. */
  readonly providers: readonly IdentityProvider[];
  /** Who a caller without any credential is; absent: refused. */
  readonly anonymous?: Caller;
  readonly delegation?: DelegationOptions;
}

/** Composes providers to one authenticator. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { providers, anonymous } = options;
  const carriers = [
    'authorization',
    'proxy-authorization',
    'dpop',
    ...providers.flatMap(({ headers }) => headers ?? []),
  ];

  const refuse = (refusal: IdentityRefusal, by?: IdentityProvider): Identification => {
    const status = identityStatus(refusal.code);
    const asked = by === undefined ? providers : [by];
    const challenges =
      status === 503
        ? []
        : asked.flatMap((each) => each.challenge?.(by === undefined ? undefined : refusal) ?? []);
    return {
      ok: false,
      status,
      refusal,
      challenges: status === 401 && challenges.length === 0 ? ['Bearer'] : challenges,
    };
  };
  const admit = (proved: Caller, provider: string, credentials: Credentials, by?: IdentityProvider) => {
    const peerId = providers.map((each) => each.peerId?.(credentials)).find((id) => id !== undefined);
    const caller = withPeer(proved, peerId);
    const fault =
      caller === undefined ? OTHER_PEER : checkDelegation(caller, credentials, options.delegation ?? {});
    if (fault !== undefined || caller === undefined)
      return refuse({ ...(fault ?? OTHER_PEER), caller: proved }, by);
    return { ok: true, caller, provider } as const;
  };

  return {
    async authenticate(credentials) {
      for (const provider of providers) {
        const judged = await judgeSafely(provider, credentials);
        if (judged.kind === 'caller') return admit(judged.caller, provider.name, credentials, provider);
        if (judged.kind === 'refused') return refuse(judged.refusal, provider);
      }
      const bare =
        credentials.peer === undefined && carriers.every((name) => credentials.header(name).length === 0);
      if (bare && anonymous !== undefined) return admit(anonymous, 'anonymous', credentials);
      const message = bare ? 'present a credential' : 'no identity provider knows this credential';
      return refuse({ code: 'unauthenticated', message });
    },
    async close() {
      await Promise.all(providers.map((provider) => provider.close?.()));
    },
  };
}

const OTHER_PEER = {
  code: 'delegation_broken',
  message: 'the acting agent of the token is not the workload that this connection belongs to',
} as const;

/**
 * Holds a chain to the connection: where a token says that somebody delegated to a workload, that workload must be the
 * one that sends it. Undefined where it is another.
 */
function withPeer(caller: Caller, peerId: string | undefined): Caller | undefined {
  const { actor, delegation } = caller;
  if (peerId === undefined || delegation === undefined || !actor.id.startsWith('spiffe://')) return caller;
  return actor.id === peerId ? { ...caller, actor: { ...actor, attested: true } } : undefined;
}

/** A provider that fails proves nobody. */
async function judgeSafely(provider: IdentityProvider, credentials: Credentials): Promise<Judged> {
  try {
    return await provider.judge(credentials);
  } catch {
    const message = `identity provider \`${provider.name}\` failed`;
    return { kind: 'refused', refusal: { code: 'identity_unavailable', message } };
  }
}
