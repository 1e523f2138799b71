import type { Json } from './json-type.ts';

/** What one argument must be for a standing permission to cover a call; all that is named must hold. */
export interface ArgumentCondition {
  /** RFC 6901 pointer into the arguments in the form in which they are forwarded. */
  readonly at: string;
  readonly equals?: Json;
  readonly one_of?: readonly Json[];
  readonly at_least?: number;
  readonly at_most?: number;
  readonly starts_with?: string;
}

/** What a policy makes of an approval beyond its one call. */
export interface StandingTerms {
  readonly uses: number;
  readonly seconds: number;
  readonly amount?: number;
  /** Absent: only the very same call. */
  readonly arguments?: readonly ArgumentCondition[];
  readonly other_arguments?: 'none' | 'any';
}
