import type { Place } from './place.ts';

/**
 * The tree that is laid out: OPA's own shape, whose details decide the layout. A statement `p := 1` has the body
 * `true`, `f(x)` in a body is a list of terms, `-x` is a call. Made anew for each run and changed while it is written.
 */

interface Placed {
  place: Place;
}

export type FormatScalar = Placed &
  (
    | { readonly kind: 'null' }
    | { readonly kind: 'boolean'; readonly value: boolean }
    | { readonly kind: 'number'; readonly text: string }
    | { readonly kind: 'string'; readonly value: string }
  );
export interface FormatVar extends Placed {
  readonly kind: 'var';
  name: string;
}
export interface FormatRef extends Placed {
  readonly kind: 'ref';
  readonly parts: readonly FormatTerm[];
}
export interface FormatList extends Placed {
  readonly kind: 'array' | 'set';
  readonly items: readonly FormatTerm[];
}
export type FormatEntry = readonly [key: FormatTerm, value: FormatTerm];
export interface FormatObject extends Placed {
  readonly kind: 'object';
  readonly entries: readonly FormatEntry[];
}
export interface FormatComprehension extends Placed {
  readonly kind: 'comprehension';
  readonly brackets: '[]' | '{}';
  readonly key?: FormatTerm;
  readonly term: FormatTerm;
  readonly body: FormatBody;
}
/** Operator first, then the operands. */
export interface FormatCall extends Placed {
  readonly kind: 'call';
  readonly terms: readonly FormatTerm[];
}
export interface FormatTemplate extends Placed {
  readonly kind: 'template';
  readonly isRaw: boolean;
  readonly parts: readonly (FormatTerm | FormatExpression)[];
}
export type FormatTerm =
  | FormatScalar
  | FormatVar
  | FormatRef
  | FormatList
  | FormatObject
  | FormatComprehension
  | FormatCall
  | FormatTemplate;

export interface FormatWith extends Placed {
  readonly target: FormatTerm;
  readonly value: FormatTerm;
}

export interface FormatSome extends Placed {
  readonly kind: 'some';
  readonly symbols: readonly FormatTerm[];
}
export interface FormatEvery extends Placed {
  readonly kind: 'every';
  readonly key?: FormatTerm;
  readonly value: FormatTerm;
  readonly domain: FormatTerm;
  readonly body: FormatBody;
}
/** `not` as `import future.keywords.not` reads it. */
export interface FormatNot extends Placed {
  readonly kind: 'not';
  readonly isExplicit: boolean;
  readonly body: FormatBody;
}
export interface FormatLogical extends Placed {
  readonly kind: 'and' | 'or';
  readonly left: FormatBody;
  readonly right: FormatBody;
  readonly isLeftExplicit: boolean;
  readonly isRightExplicit: boolean;
}
export type FormatContent =
  | { readonly kind: 'term'; readonly term: FormatTerm }
  | { readonly kind: 'call'; readonly terms: readonly FormatTerm[] }
  | FormatSome
  | FormatEvery
  | FormatNot
  | FormatLogical;

export interface FormatExpression extends Placed {
  readonly kind: 'expression';
  readonly negated: boolean;
  readonly content: FormatContent;
  readonly with: readonly FormatWith[];
}
export type FormatBody = readonly FormatExpression[];

export interface FormatHead extends Placed {
  readonly isElse: boolean;
  readonly ref: readonly FormatTerm[];
  readonly args: readonly FormatTerm[];
  readonly key?: FormatTerm;
  readonly value?: FormatTerm;
  readonly assigned: boolean;
}
export interface FormatRule extends Placed {
  readonly kind: 'rule';
  readonly isDefault: boolean;
  readonly head: FormatHead;
  readonly body: FormatBody;
  readonly else?: FormatRule;
}

export interface FormatImport extends Placed {
  readonly kind: 'import';
  readonly path: readonly FormatTerm[];
  readonly alias?: string;
}
export interface FormatPackage extends Placed {
  readonly path: readonly FormatTerm[];
}
export interface FormatComment {
  /** With its `#`, without the spaces at its end. */
  readonly text: string;
  readonly row: number;
  readonly column: number;
}
export interface FormatModule {
  readonly package: FormatPackage;
  readonly imports: readonly FormatImport[];
  readonly rules: readonly FormatRule[];
  readonly comments: readonly FormatComment[];
}
