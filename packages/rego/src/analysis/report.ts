import type { Location } from '../syntax/ast.ts';
import type { Diagnostic, DiagnosticCode } from '../syntax/diagnostic.ts';

/** Collects what the stages find. */
export class Report {
  readonly diagnostics: Diagnostic[] = [];

  error(code: DiagnosticCode, message: string, location: Location, help?: string): void {
    const known = this.diagnostics.some(
      (other) =>
        other.message === message &&
        other.location.start === location.start &&
        other.location.file === location.file,
    );
    if (known) return;
    this.diagnostics.push({
      code,
      severity: 'error',
      message,
      location,
      ...(help !== undefined && { help }),
    });
  }

  get failed(): boolean {
    return this.diagnostics.some((diagnostic) => diagnostic.severity === 'error');
  }
}
