/** The nodes of a template of Go's `text/template`, as far as this engine has it. */
export type Operand =
  | { readonly kind: 'constant'; readonly value: string | boolean | bigint | null }
  | { readonly kind: 'field'; readonly names: readonly string[] }
  | { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline; readonly names: readonly string[] };

/** A command: an operand alone, or a function and its arguments. */
export type Command = readonly Operand[];

export interface Pipeline {
  /** Variables that take the value; two only in `range`. */
  readonly variables: readonly string[];
  readonly isAssignment: boolean;
  readonly commands: readonly Command[];
}

export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipeline: Pipeline }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipeline: Pipeline;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    }
  | { readonly kind: 'break' | 'continue' };

/** Why a template cannot be read or run. Thrown inside this folder and caught at its edge. */
export class TemplateFault {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/** Gives a template up. */
export function refuse(message: string): never {
  throw new TemplateFault(`template: ${message}`);
}
