import type { Value } from '../value/index.ts';
import type { HttpSendRequest } from './http-request.ts';

/** What an evaluation needs of the world and cannot wait for: JavaScript answers it later. */
export type HostRequest =
  | { readonly builtin: 'http.send'; readonly operand: Value; readonly http: HttpSendRequest }
  | { readonly builtin: 'net.lookup_ip_addr'; readonly operand: string };

/** What became of a request: the builtin's value, or its failure in OPA's words (without the builtin's name). */
export type HostAnswer =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'failure'; readonly message: string; readonly isNetwork: boolean }
  /** The evaluation's deadline passed meanwhile. */
  | { readonly kind: 'cancelled'; readonly message: string };

/** Answers that are known, by request; kept from one round of an evaluation to the next. */
export interface HostAnswers {
  get(request: HostRequest): HostAnswer | undefined;
}
