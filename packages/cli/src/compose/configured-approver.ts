import type { Approver } from '@writ/pdp';

/** A person who may be asked, with what proves who it is. */
export interface ConfiguredApprover {
  readonly approver: Approver;
  /** SHA-256 of the token, hex. */
  readonly tokenSha256?: string;
  readonly slack?: string;
}
