/** A step as documents show it. */
export interface StepRule<Carries extends string = string> {
  readonly name: string;
  readonly about: string;
  readonly needs: readonly Carries[];
  readonly adds: readonly Carries[];
  /** Codes that it may refuse with. */
  readonly refuses: readonly string[];
}
