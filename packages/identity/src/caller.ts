import type { Actor, Principal } from '@writ/decision';

/** Who is asking, from verified credentials only; nothing that a message says about itself enters here. */
export interface Caller {
  readonly principal: Principal;
  readonly actor: Actor;
  /** From the first delegator to the actor; absent where nobody delegated. */
  readonly delegation?: readonly { readonly id: string; readonly kind?: string }[];
  /** Session or transaction that the credential names (`txn`, `sid`); a client cannot choose it. */
  readonly session?: string;
}
