import type { ObservedBody, Observer } from '../runtime/observer.ts';
import type { Location } from '../syntax/ast.ts';
import type { Value } from '../value/value.ts';
import type { ExplainSources } from './sources.ts';
import { sourceReader } from './sources.ts';

/** What became of one rule, or of one `else` branch. */
export interface RuleOutcome {
  /** `data.agent.allow` */
  readonly path: string;
  readonly location: Location;
  readonly decided: boolean;
  /** Of a rule that gave nothing: the furthest expression that did not hold, where it has one. */
  readonly failedAt?: {
    readonly location: Location;
    /** As written. */
    readonly text: string;
    /** Values of the variables in it. */
    readonly variables: Readonly<Record<string, Value>>;
  };
}

interface OpenRule {
  readonly about: ObservedBody;
  answered: boolean;
  failed: { readonly location: Location; readonly variables: Readonly<Record<string, Value>> } | undefined;
}

/**
 * Tells which rules decided, and of those that did not which expression failed. Rules that could not apply by what is
 * known of the input beforehand were never tried, and are not named.
 */
export class RuleOutcomeObserver implements Observer {
  readonly #textAt: (location: Location) => string;
  readonly #open: OpenRule[] = [];
  readonly #outcomes = new Map<Location, RuleOutcome>();

  constructor(sources: ExplainSources) {
    this.#textAt = sourceReader(sources);
  }

  /** The rules that were tried, in the order in which they ended. A rule that decided once has decided. */
  get outcomes(): readonly RuleOutcome[] {
    return [...this.#outcomes.values()];
  }

  bodyOpened(about: ObservedBody): void {
    this.#open.push({ about, answered: false, failed: undefined });
  }

  bodyAnswered(): void {
    const rule = this.#open.at(-1);
    if (rule !== undefined) rule.answered = true;
  }

  bodyClosed(about: ObservedBody): void {
    const rule = this.#open.pop();
    if (rule === undefined || about.kind !== 'rule') return;
    const { location, path = '' } = about;
    if (this.#outcomes.get(location)?.decided === true) return;
    const { answered: decided, failed } = rule;
    const failedAt =
      decided || failed === undefined ? undefined : { ...failed, text: this.#textAt(failed.location) };
    this.#outcomes.set(location, { path, location, decided, ...(failedAt !== undefined && { failedAt }) });
  }

  enter(): void {}

  fail(source: Location, variables: () => Readonly<Record<string, Value>>): void {
    const rule = this.#open.at(-1);
    if (rule === undefined || (rule.failed !== undefined && source.start < rule.failed.location.start))
      return;
    rule.failed = { location: source, variables: variables() };
  }

  exit(): void {}
}
