import type { Location } from '../syntax/ast.ts';
import type { Diagnostic, DiagnosticCode } from '../syntax/diagnostic.ts';
import { compareStrings } from '../value/index.ts';

/** What a finding can say beside its message. */
export type DiagnosticExtra = Partial<Pick<Diagnostic, 'details' | 'cause' | 'help' | 'replacement'>>;

/** Collects what the stages find. */
export class Report {
  readonly #diagnostics: Diagnostic[] = [];
  readonly #byWords: boolean;
  #stopped = false;

  /** @param byWords whether findings of one place are ordered by their words, as OPA does for modules, not for queries */
  constructor(byWords = true) {
    this.#byWords = byWords;
  }

  /** An error after which the stages that follow would only repeat it in other words. */
  error(code: DiagnosticCode, message: string, location: Location, help?: string): void {
    this.fatal(code, message, location, help === undefined ? {} : { help });
  }

  /** As {@link error}, with more to say. */
  fatal(code: DiagnosticCode, message: string, location: Location, extra: DiagnosticExtra = {}): void {
    this.#stopped = true;
    this.recoverable(code, message, location, extra);
  }

  /** An error that leaves the policy in a state in which the stages that follow can look for more. */
  recoverable(code: DiagnosticCode, message: string, location: Location, extra: DiagnosticExtra = {}): void {
    this.#diagnostics.push({ code, severity: 'error', message, location, ...extra });
  }

  /** Everything found, in the order of the files and of the places in them. */
  get diagnostics(): readonly Diagnostic[] {
    return [...this.#diagnostics].sort((a, b) => byPlace(a, b) || (this.#byWords ? byWords(a, b) : 0));
  }

  /** How many errors there are. */
  get count(): number {
    return this.#diagnostics.length;
  }

  /** Whether there is an error. */
  get failed(): boolean {
    return this.#diagnostics.length > 0;
  }

  /** Whether there is an error that ends the analysis after its stage. */
  get stopped(): boolean {
    return this.#stopped;
  }
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (
    compareStrings(a.location.file, b.location.file) ||
    a.location.row - b.location.row ||
    a.location.column - b.location.column
  );
}

function byWords(a: Diagnostic, b: Diagnostic): number {
  return compareStrings(`${a.code}: ${a.message}`, `${b.code}: ${b.message}`);
}
