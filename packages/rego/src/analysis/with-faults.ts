import type { Location } from '../syntax/ast.ts';
import type { DiagnosticCode } from '../syntax/diagnostic.ts';

/** What is wrong with the target of a `with`. */
export interface WithFault {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly location: Location;
}

interface Frame {
  own: WithFault | undefined;
  readonly inside: WithFault[];
}

/**
 * What is wrong with targets of `with`. Names are resolved with them, but they are told later, as in OPA (its stage
 * RewriteWithValues): of each body the first, and only where there is none those of the bodies inside of it.
 */
export class WithFaults {
  readonly #frames: Frame[] = [{ own: undefined, inside: [] }];

  /** Of everything that was resolved. */
  get all(): readonly WithFault[] {
    return this.#frames[0]!.inside;
  }

  enter(): void {
    this.#frames.push({ own: undefined, inside: [] });
  }

  leave(): void {
    const { own, inside } = this.#frames.pop()!;
    this.#frames.at(-1)!.inside.push(...(own === undefined ? inside : [own]));
  }

  add(fault: WithFault): void {
    const frame = this.#frames.at(-1)!;
    frame.own ??= fault;
  }
}
