/** How and when a person proved who they are. */
export interface StepUpGiven {
  /** As policies name it in `step_up_method`; a token's `acr`. */
  readonly method: string;
  /** RFC 3339. */
  readonly at: string;
  readonly proof?: string;
}

/** What is missing where a stronger identity is asked for. */
export interface StepUpAsked {
  readonly method: string;
  readonly scopes?: readonly string[];
  /** The proof that came is older than this: a fresh login is needed. */
  readonly max_age_seconds?: number;
}
