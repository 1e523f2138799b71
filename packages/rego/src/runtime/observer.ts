import type { Location } from '../syntax/ast.ts';
import type { Value } from '../value/value.ts';

/** A search for answers: a query, one branch of a rule, or a body inside an expression (`not`, `every`, comprehensions). */
export interface ObservedBody {
  readonly kind: 'query' | 'rule' | 'body';
  /** Of a rule: `data.agent.allow`. */
  readonly path?: string;
  /** Of a rule the rule or `else` branch; of others all of their expressions. */
  readonly location: Location;
  /** The first answer ends the search. */
  readonly endsEarly: boolean;
}

/** Gives the values of the user's variables in an expression. */
export type Variables = () => Readonly<Record<string, Value>>;

/**
 * Watches an evaluation: coverage, traces, profiles, reports of failures. Evaluations that nothing watches run code
 * that knows of no observer. What is optional is left out where nobody wants it.
 */
export interface Observer {
  /** An expression is about to run; `variables` gives the values of those that it names and that have one. */
  enter(source: Location, variables: Variables): void;
  /** An expression did not go on. */
  fail(source: Location, variables: Variables): void;
  /** A rule gave a value. */
  exit(source: Location): void;
  /** What follows an expression is done; the search goes on in it. */
  redo?(source: Location, variables: Variables): void;
  /** A search begins. */
  bodyOpened?(body: ObservedBody): void;
  /** The search that was opened last and is not closed has an answer. */
  bodyAnswered?(body: ObservedBody): void;
  /** That search is over, in whatever way. */
  bodyClosed?(body: ObservedBody): void;
  /** Rules of one path (`data.agent.allow`) were chosen by what is known of the input. */
  rulesChosen?(path: string, count: number, endsEarly: boolean): void;
  /** A policy called `trace`. */
  note?(message: string): void;
}
