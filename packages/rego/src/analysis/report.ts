import type { Location } from '../syntax/ast.ts';
import type { Diagnostic, DiagnosticCode } from '../syntax/diagnostic.ts';
import { compareStrings } from '../value/index.ts';

/** What a finding can say beside its message. */
export type DiagnosticExtra = Partial<Pick<Diagnostic, 'details' | 'cause' | 'help' | 'replacement'>>;

/** Collects what the stages find. */
export class Report {
  readonly #diagnostics: Diagnostic[] = [];
  readonly #known = new Set<string>();
  #stopped = false;

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
    const key = `${location.file}\u0000${location.start}\u0000${message}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#diagnostics.push({ code, severity: 'error', message, location, ...extra });
  }

  /** Everything found, in the order of the files and of the places in them. */
  get diagnostics(): readonly Diagnostic[] {
    return [...this.#diagnostics].sort(inOrder);
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

function inOrder(a: Diagnostic, b: Diagnostic): number {
  return (
    compareStrings(a.location.file, b.location.file) ||
    a.location.row - b.location.row ||
    a.location.column - b.location.column ||
    compareStrings(`${a.code}: ${a.message}`, `${b.code}: ${b.message}`)
  );
}
