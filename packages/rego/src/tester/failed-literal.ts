import type { Observer, Variables } from '../runtime/observer.ts';
import type { Location } from '../syntax/ast.ts';
import type { Value } from '../value/value.ts';
import type { Test } from './find-tests.ts';

/** A variable, reference or call in a failed literal. */
export interface FailedPart {
  /** As written. */
  readonly text: string;
  readonly location: Location;
  /** As Rego writes it; undefined where it has no value. */
  readonly value: string | undefined;
}

/** The literal at which a test stopped. */
export interface FailedLiteral {
  readonly location: Location;
  /** As written. */
  readonly text: string;
  /** What stands before it in its row: blanks, and tabs where there are tabs. */
  readonly indent: string;
  /** What its parts were, as far as it is known, in the order in which they stand. */
  readonly parts: readonly FailedPart[];
}

/** Remembers the furthest literal of the test's own body that did not go on. */
export class FailureFinder implements Observer {
  found: { readonly location: Location; readonly variables: Readonly<Record<string, Value>> } | undefined;
  readonly #test: Test;

  constructor(test: Test) {
    this.#test = test;
  }

  enter(): void {}

  exit(): void {}

  fail(source: Location, variables: Variables): void {
    const { location } = this.#test.rule;
    if (source.file !== location.file || source.start < location.start || source.end > location.end) return;
    if (this.found !== undefined && source.start < this.found.location.start) return;
    this.found = { location: source, variables: variables() };
  }
}
