import type { Actor, Principal } from '@writ/decision';

/** Who is asking, from verified credentials only; nothing that a message says about itself enters here. */
export interface Caller {
  readonly principal: Principal;
  readonly actor: Actor;
  /** From the first delegator to the actor; absent where nobody delegated. */
  readonly delegation?: readonly { readonly id: string; readonly kind?: string }[];
  /** Session or transaction that the credential names (`txn`, `sid`); a client cannot choose it. */
  readonly session?: string;
  /** How and when the person proved who they are: `acr` and `auth_time`, and the token's id. */
  readonly stepUp?: { readonly method: string; readonly at: string; readonly proof?: string };
}
