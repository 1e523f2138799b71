import type { Body, Expression, NumberTerm, StringTerm, Term } from './ast.ts';
import type { RuleDraft } from './rule-draft.ts';

type Literal = StringTerm | NumberTerm;

/** A literal that is its own value: nothing in it is escaped, and it takes a column for each character. */
const PLAIN_STRING = /^"[ !#-[\]-~]*"$/;
const PLAIN_NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;

/** Whether a literal is written so plainly that its text is its value. */
export function isPlainLiteral(written: string): boolean {
  return PLAIN_STRING.test(written) || PLAIN_NUMBER.test(written);
}

/**
 * The literals of a rule that can be any others of their kind without a difference to what the compiler finds out about
 * the rule: operands, arguments and members, of which only the type is looked at. None of those that name a document
 * (the steps of references), are keys of objects, or by which it is known before which documents are read.
 */
export function twinParameters({ head, body }: RuleDraft, text: string): readonly Literal[] {
  const finder = new Finder(text, readsByComputedSteps(body));
  for (const argument of head.args ?? []) if (isLiteral(argument)) finder.term(argument);
  if (head.member !== undefined) finder.term(head.member);
  if (head.value !== undefined) finder.term(head.value);
  finder.body(body);
  return finder.found.sort((a, b) => a.location.start - b.location.start);
}

class Finder {
  readonly found: Literal[] = [];
  readonly #text: string;
  /** Values that variables are known to have decide what is read: literals beside `=` and `:=` are left alone. */
  readonly #bindingsMatter: boolean;

  constructor(text: string, bindingsMatter: boolean) {
    this.#text = text;
    this.#bindingsMatter = bindingsMatter;
  }

  body(body: Body): void {
    for (const expression of body) this.#expression(expression);
  }

  #expression(expression: Expression): void {
    switch (expression.kind) {
      case 'term-expression':
        this.term(expression.term);
        return;
      case 'unify':
      case 'assign':
        if (this.#bindingsMatter) return;
        this.term(expression.left);
        this.term(expression.right);
        return;
      case 'some-in':
        if (!this.#bindingsMatter) this.term(expression.collection);
        return;
      case 'every':
        if (this.#bindingsMatter) return;
        this.term(expression.collection);
        this.body(expression.body);
        return;
      case 'not':
        this.body(expression.body);
        return;
      case 'logical':
        this.body(expression.left.body);
        this.body(expression.right.body);
        return;
      case 'some':
    }
  }

  term(term: Term): void {
    switch (term.kind) {
      case 'string':
      case 'number':
        if (isPlainLiteral(this.#text.slice(term.location.start, term.location.end))) this.found.push(term);
        return;
      case 'array':
      case 'set':
        for (const item of term.items) this.term(item);
        return;
      case 'object':
        for (const [, value] of term.entries) this.term(value);
        return;
      case 'call':
        if (isOrdinary(term.operator)) for (const argument of term.args) this.term(argument);
        return;
      case 'array-comprehension':
      case 'set-comprehension':
        this.term(term.term);
        this.body(term.body);
        return;
      case 'object-comprehension':
        this.term(term.value);
        this.body(term.body);
        return;
      case 'ref':
      case 'var':
      case 'null':
      case 'boolean':
      case 'template-string':
    }
  }
}

function isLiteral(term: Term): term is Literal {
  return term.kind === 'string' || term.kind === 'number';
}

const MEMBERSHIPS: ReadonlySet<string> = new Set(['member_2', 'member_3']);

/** Builtins that the compiler does not answer or rewrite itself. */
function isOrdinary([first, second]: readonly string[]): boolean {
  if (first === 'internal') return MEMBERSHIPS.has(second!);
  return first !== 'rego' && first !== 'print';
}

/**
 * Whether something is read whose path depends on the value of a variable: `data.roles[role]`. Paths that depend on input
 * alone (`data.roles[input.user]`, `input.roles[role]`) are as unknown whatever the literals are.
 */
function readsByComputedSteps(body: Body): boolean {
  // In version 0 a variable may be called `input`.
  const isHidden = holdsBareInput(body);
  const isPlain = (part: Term): boolean => part.kind === 'string' || (!isHidden && isInputPath(part));
  const reads = (node: object): boolean => {
    if ('kind' in node && node.kind === 'ref') {
      const { head, parts } = node as Extract<Term, { kind: 'ref' }>;
      if (!isInput(head) && !parts.every(isPlain)) return true;
    }
    return someInside(node, reads);
  };
  return reads(body);
}

function isInput(term: Term): boolean {
  return term.kind === 'var' && term.name === 'input';
}

function isInputPath(term: Term): boolean {
  return term.kind === 'ref' && isInput(term.head) && term.parts.every(({ kind }) => kind === 'string');
}

/** Whether `input` stands somewhere without a step after it. */
function holdsBareInput(node: object): boolean {
  if (!('kind' in node)) return someInside(node, holdsBareInput);
  if (node.kind === 'var') return isInput(node as Term);
  if (node.kind === 'ref') {
    const { head, parts } = node as Extract<Term, { kind: 'ref' }>;
    return (!isInput(head) && holdsBareInput(head)) || someInside(parts, holdsBareInput);
  }
  return someInside(node, holdsBareInput);
}

/** Whether a template string stands somewhere in a rule. */
export function holdsTemplateString(node: object): boolean {
  if ('kind' in node && node.kind === 'template-string') return true;
  return someInside(node, holdsTemplateString);
}

/** Whether this holds for something directly inside of a node; places apart. */
function someInside(node: object, holds: (inner: object) => boolean): boolean {
  for (const key in node) {
    const member: unknown = node[key as keyof typeof node];
    if (typeof member !== 'object' || member === null || PLACES.has(key)) continue;
    if (holds(member)) return true;
  }
  return false;
}

/** Places, and a membership that says the same as other members of its node. */
const PLACES: ReadonlySet<string> = new Set(['location', 'operatorLocation', 'stepLocations', 'membership']);

/** Literals of a rule that its twins share: in the places of operands, where it counts whether two are equal. */
export function otherLiterals({ head, body }: RuleDraft, parameters: readonly Literal[]): readonly string[] {
  const apart = new Set<unknown>(parameters);
  const found: string[] = [];
  const visit = (node: object): false => {
    if (apart.has(node)) return false;
    const { kind } = node as { readonly kind?: unknown };
    if (kind === 'string') found.push(`"${(node as StringTerm).value}"`);
    else if (kind === 'number') found.push(`${Number((node as NumberTerm).text)}`);
    else someInside(node, visit);
    return false;
  };
  for (const argument of head.args ?? []) visit(argument);
  if (head.member !== undefined) visit(head.member);
  if (head.value !== undefined) visit(head.value);
  visit(body);
  return found;
}
