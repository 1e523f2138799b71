import type { ObservedBody, Observer, Variables } from '../runtime/observer.ts';
import type { Location } from '../syntax/ast.ts';
import { valueText } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { ExplainSources } from './sources.ts';
import { sourceReader } from './sources.ts';

/** What happened; OPA's names. */
export type TraceOperation = 'Enter' | 'Eval' | 'Redo' | 'Exit' | 'Fail' | 'Index' | 'Note';

/** One step of an evaluation. */
export interface TraceEvent {
  readonly op: TraceOperation;
  /** What it happened to: `body` for queries and bodies inside of expressions. */
  readonly kind: 'body' | 'rule' | 'expression';
  /** A rule's path, an expression as written. */
  readonly text: string;
  readonly location: Location;
  /** The search that the event belongs to, and the one around it; 0 is none. */
  readonly queryId: number;
  readonly parentId: number;
  /** Of a note what the policy said; of others what OPA adds: `early`, `(matched 2 rules)`. */
  readonly message?: string;
  /** Of an expression, where they were asked for: values of its variables, as Rego writes them. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** What is recorded beside the events themselves. */
export interface TraceOptions {
  /** Ends the recording where an evaluation does more than anybody reads; 1,000,000 by default. */
  readonly eventsMax?: number;
  /** Also the values of variables. */
  readonly variables?: boolean;
}

interface OpenBody {
  readonly about: ObservedBody;
  readonly queryId: number;
  readonly parentId: number;
  /** The expression that runs. */
  at: Location;
}

const EVENTS_MAX_DEFAULT = 1_000_000;

/**
 * Records an evaluation as OPA traces it (`topdown.Event`). The order of events follows this engine: rules are
 * searched to their end before the search around them goes on, and what the planner moved shows where it runs.
 */
export class TraceObserver implements Observer {
  readonly events: TraceEvent[] = [];
  /** Whether events were left out because there were too many. */
  truncated = false;
  readonly #textAt: (location: Location) => string;
  readonly #eventsMax: number;
  readonly #withVariables: boolean;
  readonly #open: OpenBody[] = [];
  #queries = 0;

  constructor(sources: ExplainSources, options: TraceOptions = {}) {
    this.#textAt = sourceReader(sources);
    this.#withVariables = options.variables === true;
    this.#eventsMax = options.eventsMax ?? EVENTS_MAX_DEFAULT;
  }

  bodyOpened(about: ObservedBody): void {
    this.#queries += 1;
    const parentId = this.#open.at(-1)?.queryId ?? 0;
    const body = { about, queryId: this.#queries, parentId, at: about.location };
    this.#open.push(body);
    this.#addBody('Enter', body);
  }

  bodyAnswered(about: ObservedBody): void {
    const body = this.#open.at(-1);
    if (body === undefined) return;
    this.#addBody('Exit', body, about.endsEarly ? 'early' : undefined);
    this.#addBody('Redo', body);
  }

  bodyClosed(): void {
    this.#open.pop();
  }

  enter(source: Location, variables: Variables): void {
    const body = this.#open.at(-1);
    if (body !== undefined) body.at = source;
    this.#addExpression('Eval', source, variables);
  }

  redo(source: Location, variables: Variables): void {
    this.#addExpression('Redo', source, variables);
  }

  fail(source: Location, variables: Variables): void {
    this.#addExpression('Fail', source, variables);
  }

  exit(): void {}

  rulesChosen(path: string, count: number, endsEarly: boolean): void {
    const at = this.#open.at(-1)?.at;
    if (at === undefined) return;
    const message = `(matched ${count} rule${count === 1 ? '' : 's'}${endsEarly ? ', early exit' : ''})`;
    this.#add({ op: 'Index', kind: 'expression', text: path, location: at, message });
  }

  note(message: string): void {
    const at = this.#open.at(-1)?.at;
    if (at === undefined) return;
    this.#add({ op: 'Note', kind: 'expression', text: this.#textAt(at), location: at, message });
  }

  #addExpression(op: TraceOperation, location: Location, variables: Variables): void {
    this.#add({
      op,
      kind: 'expression',
      text: this.#negatedText(location, 2),
      location,
      ...(this.#withVariables && { variables: variableTexts(variables()) }),
    });
  }

  /** The text at a place; inside of `not x`, which stands at the same place, it is `x`. */
  #negatedText(location: Location, outwards: number): string {
    const text = this.#textAt(location);
    const around = this.#open.at(-outwards)?.at;
    const isInside = around?.start === location.start && around.file === location.file;
    return isInside ? text.replace(/^not\s+/, '') : text;
  }

  #addBody(op: TraceOperation, { about, queryId, parentId }: OpenBody, message?: string): void {
    const kind = about.kind === 'rule' ? 'rule' : 'body';
    const outwards = this.#open.at(-1)?.queryId === queryId ? 2 : 1;
    const text = about.path ?? this.#negatedText(about.location, outwards);
    const event = { op, kind, text, location: about.location, queryId, parentId } as const;
    this.#push(message === undefined ? event : { ...event, message });
  }

  #add(event: Omit<TraceEvent, 'queryId' | 'parentId'>): void {
    const body = this.#open.at(-1);
    this.#push({ ...event, queryId: body?.queryId ?? 0, parentId: body?.parentId ?? 0 });
  }

  #push(event: TraceEvent): void {
    if (this.events.length < this.#eventsMax) this.events.push(event);
    else this.truncated = true;
  }
}

/** Values by the names of their variables, as Rego writes them, without those that nobody wrote. */
export function variableTexts(values: Readonly<Record<string, Value>>): Readonly<Record<string, string>> {
  const texts: Record<string, string> = Object.create(null);
  for (const name of Object.keys(values).sort()) {
    if (/^[A-Za-z_]/.test(name)) texts[name] = valueText(values[name]!);
  }
  return texts;
}
