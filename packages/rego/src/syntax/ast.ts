/**
 * The syntax tree of a Rego module. Shapes follow OPA's AST (`opa parse --format json`, OPA 1.22), with names
 * spelled out. Nodes are plain frozen objects, discriminated by `kind`; every node carries its location.
 */

/** Where a node starts and ends in its source text. Rows and columns count from 1; columns count characters (runes) as OPA does. A line end has column 0 of the next row. */
export interface Location {
  readonly file: string;
  readonly row: number;
  readonly column: number;
  /** UTF-16 offsets into the source, end exclusive: for carets and for slicing the text. */
  readonly start: number;
  readonly end: number;
}

interface Node {
  readonly location: Location;
}

export interface NullTerm extends Node {
  readonly kind: 'null';
}
export interface BooleanTerm extends Node {
  readonly kind: 'boolean';
  readonly value: boolean;
}
/** A number keeps its source text: Rego numbers are exact (see `value/number.ts`). */
export interface NumberTerm extends Node {
  readonly kind: 'number';
  readonly text: string;
}
export interface StringTerm extends Node {
  readonly kind: 'string';
  readonly value: string;
}
/** A variable. `_` is given a unique name `$0`, `$1`, … by the parser, as in OPA. */
export interface VarTerm extends Node {
  readonly kind: 'var';
  readonly name: string;
}
/** `head.part[part]…`; `head` is a variable (`input`, `data`, a rule, a local), a call or a composite literal. */
export interface RefTerm extends Node {
  readonly kind: 'ref';
  readonly head: Term;
  readonly parts: readonly Term[];
}
export interface ArrayTerm extends Node {
  readonly kind: 'array';
  readonly items: readonly Term[];
}
export interface ObjectTerm extends Node {
  readonly kind: 'object';
  readonly entries: readonly (readonly [key: Term, value: Term])[];
}
export interface SetTerm extends Node {
  readonly kind: 'set';
  readonly items: readonly Term[];
}
export interface ArrayComprehension extends Node {
  readonly kind: 'array-comprehension';
  readonly term: Term;
  readonly body: Body;
}
export interface SetComprehension extends Node {
  readonly kind: 'set-comprehension';
  readonly term: Term;
  readonly body: Body;
}
export interface ObjectComprehension extends Node {
  readonly kind: 'object-comprehension';
  readonly key: Term;
  readonly value: Term;
  readonly body: Body;
}
/** A call in term position. Infix operators are calls too: `x + 1` is `plus(x, 1)`; `operator` is the builtin's or function's path. */
export interface CallTerm extends Node {
  readonly kind: 'call';
  /** Dotted path as written, e.g. `['glob','match']`, `['has_scope']`, `['data','lib','f']`; infix ones by OPA's builtin name (`plus`, `lt`, `internal.member_2`). */
  readonly operator: readonly string[];
  readonly operatorLocation: Location;
  /** Where each step of the operator's path stands. */
  readonly stepLocations: readonly Location[];
  readonly args: readonly Term[];
}
/**
 * `$"…{expr}…"` or, raw, ``$`…{expr}…` `` (OPA 1.12). Parts are literal text (a string term), a scalar in braces (its
 * term) or any other expression in braces (a term expression, maybe with `with`).
 */
export interface TemplateStringTerm extends Node {
  readonly kind: 'template-string';
  /** Written with backquotes. */
  readonly raw: boolean;
  readonly parts: readonly (Scalar | Expression)[];
}

export type Scalar = NullTerm | BooleanTerm | NumberTerm | StringTerm;
export type Comprehension = ArrayComprehension | SetComprehension | ObjectComprehension;
export type Term =
  | Scalar
  | VarTerm
  | RefTerm
  | ArrayTerm
  | ObjectTerm
  | SetTerm
  | Comprehension
  | CallTerm
  | TemplateStringTerm;

/** `with target as value`. */
export interface With extends Node {
  readonly target: Term;
  readonly value: Term;
}

interface ExpressionNode extends Node {
  readonly negated: boolean;
  readonly with: readonly With[];
  /** Position in the body as written; analysis may reorder. */
  readonly index: number;
}

/** A term that must be defined and not false; calls in expression position (`x > 1`, `f(y)`) are this with a call term. */
export interface TermExpression extends ExpressionNode {
  readonly kind: 'term-expression';
  readonly term: Term;
}
/** `left = right` (unify). */
export interface UnifyExpression extends ExpressionNode {
  readonly kind: 'unify';
  readonly left: Term;
  readonly right: Term;
  readonly operatorLocation: Location;
}
/** `left := right` (declare and assign). */
export interface AssignExpression extends ExpressionNode {
  readonly kind: 'assign';
  readonly left: Term;
  readonly right: Term;
  readonly operatorLocation: Location;
}
/** `some x, y` (declaration only). */
export interface SomeDeclaration extends ExpressionNode {
  readonly kind: 'some';
  readonly names: readonly VarTerm[];
}
/** `some k, v in xs`. */
export interface SomeInExpression extends ExpressionNode {
  readonly kind: 'some-in';
  readonly key?: Term;
  readonly value: Term;
  readonly collection: Term;
  /** The membership as the call that it reads as. */
  readonly membership: CallTerm;
}
/** `every k, v in xs { body }`. */
export interface EveryExpression extends ExpressionNode {
  readonly kind: 'every';
  readonly key?: Term;
  readonly value: Term;
  readonly collection: Term;
  readonly body: Body;
}
/** `not` over a whole body (`import future.keywords.not`, version 2): `not f(g(x))`, or `not { … }`. */
export interface NotExpression extends ExpressionNode {
  readonly kind: 'not';
  /** The one expression that is negated, or the body in braces. */
  readonly body: Body;
  /** Written with braces. */
  readonly explicit: boolean;
}
/** An operand of `and` and `or`: one expression, or a body in braces. */
export interface LogicalOperand {
  readonly body: Body;
  readonly explicit: boolean;
}
/** `left and right`, `left or right` (OPA 1.20): give no value and bind nothing outward. */
export interface LogicalExpression extends ExpressionNode {
  readonly kind: 'logical';
  readonly operator: 'and' | 'or';
  readonly left: LogicalOperand;
  readonly right: LogicalOperand;
}
export type Expression =
  | NotExpression
  | LogicalExpression
  | TermExpression
  | UnifyExpression
  | AssignExpression
  | SomeDeclaration
  | SomeInExpression
  | EveryExpression;
export type Body = readonly Expression[];

/**
 * What the head of a rule defines.
 * - `complete`: `p := v if …`, `p if …` (value true), `p.q.r := v if …`
 * - `partial-set`: `p contains x if …`; v0 `p[x] { … }`
 * - `partial-object`: `p[k] := v if …` and any ref with a non-ground part
 * - `function`: `f(x) := v if …`
 */
export type RuleForm = 'complete' | 'partial-set' | 'partial-object' | 'function';

export interface RuleHead extends Node {
  readonly form: RuleForm;
  /** The head's ref without the package: `p.q[x]` is `[string p, string q, var x]`; the first part is always a string term. For `partial-set` the member is `key`, not part of this ref. */
  readonly ref: readonly Term[];
  readonly args: readonly Term[];
  /** Member of a partial set. */
  readonly key?: Term;
  /** Value; absent for partial sets; `true` where none is written. */
  readonly value?: Term;
  /** True where written with `:=` (v1 requires it for `default` and for values). */
  readonly assigned: boolean;
  /** The value is not written. */
  readonly generatedValue: boolean;
}

export interface Rule extends Node {
  readonly kind: 'rule';
  readonly isDefault: boolean;
  readonly head: RuleHead;
  /** Written with `if`. */
  readonly hasIf: boolean;
  /** Empty for a rule without a body (`p := 1`). */
  readonly body: Body;
  /** Where OPA places the generated `true` of an empty body. */
  readonly trueLocation: Location;
  /** The `else` branches, in order, flattened. */
  readonly elses: readonly ElseBranch[];
  readonly annotations: readonly Annotations[];
}
export interface ElseBranch extends Node {
  /** The rule's arguments, with wildcards of their own. */
  readonly args: readonly Term[];
  /** `true` where none is written. */
  readonly value: Term;
  readonly assigned: boolean;
  readonly generatedValue: boolean;
  readonly hasIf: boolean;
  /** Empty where there is only a value. */
  readonly body: Body;
  /** From the word `else` to the end of the value. */
  readonly headLocation: Location;
}

export interface Import extends Node {
  /** `input.x`, `data.y.z`, `rego.v1`, `future.keywords.in`. */
  readonly path: readonly string[];
  readonly pathLocation: Location;
  /** Where each step of the path stands. */
  readonly stepLocations: readonly Location[];
  readonly alias?: string;
  readonly aliasLocation?: Location;
}
export interface Package extends Node {
  /** Without the leading `data`. */
  readonly path: readonly string[];
  readonly stepLocations: readonly Location[];
}
export interface Comment extends Node {
  readonly text: string;
}
/** What an annotation describes: the package, or a rule by its position in the module. */
export type AnnotationTarget =
  | { readonly kind: 'package' }
  | { readonly kind: 'rule'; readonly rule: number };

/** A schema for a document; paths begin with their head (`input`, `data`, `schema`). */
export interface SchemaAnnotation {
  readonly path: readonly Term[];
  /** A reference below `schema`. */
  readonly schema?: readonly Term[];
  /** JSON Schema written in place. */
  readonly definition?: unknown;
}

/** A `# METADATA` block (OPA "Annotations"): parsed YAML; scope defaults by position. */
export interface Annotations extends Node {
  readonly scope: 'rule' | 'document' | 'package' | 'subpackages';
  readonly entrypoint: boolean;
  readonly title?: string;
  readonly description?: string;
  readonly organizations?: readonly string[];
  readonly relatedResources?: readonly { readonly ref: string; readonly description?: string }[];
  readonly authors?: readonly { readonly name: string; readonly email?: string }[];
  readonly schemas?: readonly SchemaAnnotation[];
  /** For partial evaluation into data filters: what is unknown, and the rule that masks. */
  readonly compile?: {
    readonly unknowns?: readonly (readonly Term[])[];
    readonly maskRule?: readonly Term[];
  };
  readonly custom?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, unknown>>;
  readonly target: AnnotationTarget;
}

export type RegoVersion = 0 | 1 | 2;

export interface Module {
  readonly kind: 'module';
  readonly file: string;
  /** The source text, for diagnostics. */
  readonly text: string;
  readonly version: RegoVersion;
  readonly package: Package;
  readonly imports: readonly Import[];
  readonly rules: readonly Rule[];
  readonly comments: readonly Comment[];
  readonly annotations: readonly Annotations[];
}
