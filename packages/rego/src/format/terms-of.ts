import { groupOf } from '../syntax/groups.ts';
import type { Body, CallTerm, Expression, Location, Term, With } from '../syntax/index.ts';
import { numberFromText, numberText } from '../value/index.ts';
import type {
  FormatContent,
  FormatEntry,
  FormatExpression,
  FormatRef,
  FormatTerm,
  FormatWith,
} from './nodes.ts';
import { madeUpPlace, Place, type PlaceAt } from './place.ts';
import { termText } from './term-text.ts';
import { writtenSteps } from './written-steps.ts';

/**
 * Turns the parsed tree's terms into those that are laid out, with the places that OPA's parser gives them: a group's
 * text holds its parentheses while its row is that of what it holds, a reference's text begins with the last token of its
 * head, an infix call's with its first operand.
 */
export class TermReader {
  readonly #source: string;
  readonly #hasWideNot: boolean;

  /** @param hasWideNot `not` wraps the whole of its expression, as after `import future.keywords.not` */
  constructor(source: string, hasWideNot: boolean) {
    this.#source = source;
    this.#hasWideNot = hasWideNot;
  }

  place(location: Location, changed: Partial<PlaceAt> = {}): Place {
    const { row, column, start, end } = location;
    return new Place(this.#source, { row, column, start, end, ...changed });
  }

  body(body: Body): readonly FormatExpression[] {
    return body.map((expression) => this.expression(expression));
  }

  expression(expression: Expression): FormatExpression {
    const { negated } = expression;
    const place = this.place(expression.location);
    const modifiers = expression.with.map((modifier) => this.#with(modifier));
    const content = this.#content(expression);
    if (!negated || !this.#hasWideNot)
      return { kind: 'expression', negated, content, with: modifiers, place };
    const inner: FormatExpression = { kind: 'expression', negated: false, content, with: [], place };
    const not: FormatContent = { kind: 'not', isExplicit: false, body: [inner], place };
    return { kind: 'expression', negated: false, content: not, with: modifiers, place };
  }

  #with({ target, value, location }: With): FormatWith {
    return { target: this.term(target), value: this.term(value), place: this.place(location) };
  }

  #content(expression: Expression): FormatContent {
    const { location } = expression;
    switch (expression.kind) {
      case 'term-expression': {
        const term = this.term(expression.term);
        return term.kind === 'call' ? { kind: 'call', terms: term.terms } : { kind: 'term', term };
      }
      case 'unify':
      case 'assign': {
        const name = expression.kind === 'unify' ? 'eq' : 'assign';
        const operator = nameTerm([name], this.place(location));
        return { kind: 'call', terms: [operator, this.term(expression.left), this.term(expression.right)] };
      }
      case 'some':
        return {
          kind: 'some',
          symbols: expression.names.map((name) => this.term(name)),
          place: this.place(location),
        };
      case 'some-in':
        return { kind: 'some', symbols: [this.#membership(expression)], place: this.place(location) };
      case 'every': {
        const { key, value, collection, body } = expression;
        return {
          kind: 'every',
          ...(key !== undefined && { key: this.term(key) }),
          value: this.term(value),
          domain: this.term(collection),
          body: this.body(body),
          place: this.place(location),
        };
      }
    }
  }

  #membership(expression: Extract<Expression, { kind: 'some-in' }>): FormatTerm {
    const { key, value, collection, location } = expression;
    const place = this.place(location);
    const operator = nameTerm(['internal', key === undefined ? 'member_2' : 'member_3'], place);
    const operands = [...(key === undefined ? [] : [key]), value, collection];
    return { kind: 'call', terms: [operator, ...operands.map((term) => this.term(term))], place };
  }

  term(term: Term): FormatTerm {
    const group = groupOf(term);
    const read = this.#term(term);
    if (group !== undefined) read.place = read.place.with(group);
    return read;
  }

  #term(term: Term): FormatTerm {
    const place = this.place(term.location);
    switch (term.kind) {
      case 'null':
        return { kind: 'null', place };
      case 'boolean':
        return { kind: 'boolean', value: term.value, place };
      case 'number':
        return { kind: 'number', text: this.#numberText(term.text, place), place };
      case 'string':
        return { kind: 'string', value: term.value, place };
      case 'var': {
        const variable: FormatTerm = { kind: 'var', name: term.name, place };
        const isRoot = term.name === 'input' || term.name === 'data';
        return isRoot ? { kind: 'ref', parts: [variable], place } : variable;
      }
      case 'ref':
        return this.#reference(term);
      case 'array':
        return { kind: 'array', items: term.items.map((item) => this.term(item)), place };
      case 'set':
        return { kind: 'set', items: distinct(term.items.map((item) => this.term(item))), place };
      case 'object':
        return { kind: 'object', entries: this.#entries(term.entries), place };
      case 'array-comprehension':
      case 'set-comprehension': {
        const brackets = term.kind === 'array-comprehension' ? '[]' : '{}';
        return {
          kind: 'comprehension',
          brackets,
          term: this.term(term.term),
          body: this.body(term.body),
          place,
        };
      }
      case 'object-comprehension': {
        const [key, value] = [this.term(term.key), this.term(term.value)];
        return { kind: 'comprehension', brackets: '{}', key, term: value, body: this.body(term.body), place };
      }
      case 'call':
        return this.#call(term);
      case 'template-string':
        return this.#template(term);
    }
  }

  /** As written, `.5` for one; without the space that may stand after the sign. */
  #numberText(text: string, place: Place): string {
    const written = place.text.replace(/\s+/g, '');
    return /^-?[.\d]/.test(written) ? written : text;
  }

  #reference(term: Extract<Term, { kind: 'ref' }>): FormatRef {
    const head = this.#headOf(term.head);
    const parts = term.parts.map((part) => this.term(part));
    const { row, column } = head.place;
    const start = this.#startAfter(term.head, head.place);
    return { kind: 'ref', parts: [head, ...parts], place: this.place(term.location, { row, column, start }) };
  }

  #headOf(head: Term): FormatTerm {
    if (head.kind !== 'var') return this.term(head);
    return { kind: 'var', name: head.name, place: this.place(head.location) };
  }

  /** Where the text of a reference begins: with its name, or the bracket that closes its head. */
  #startAfter(head: Term, place: Place): number {
    if (head.kind === 'var') return place.start;
    const isCalledHere = head.kind === 'call' && groupOf(head) === undefined;
    return isCalledHere ? place.start : place.end - 1;
  }

  #entries(entries: readonly (readonly [Term, Term])[]): readonly FormatEntry[] {
    return entries.map(([key, value]) => [this.term(key), this.term(value)]);
  }

  #call(call: CallTerm): FormatTerm {
    const { location, operatorLocation, operator } = call;
    const args = call.args.map((arg) => this.term(arg));
    const isPrefix = operatorLocation.start === location.start;
    if (isPrefix && this.#source[operatorLocation.start] === '-') return this.#negation(call, args);
    if (isPrefix) {
      const steps = writtenSteps(this.#source, operatorLocation);
      const place = this.place(operatorLocation);
      const parts = operator.map((name, index): FormatTerm => {
        const at = steps[index] === undefined ? place : this.place(steps[index]);
        return index === 0 ? { kind: 'var', name, place: at } : { kind: 'string', value: name, place: at };
      });
      return { kind: 'call', terms: [{ kind: 'ref', parts, place }, ...args], place: this.place(location) };
    }
    const first = args[0]!.place;
    const place = this.place(location, { row: first.row, column: first.column, start: first.start });
    return { kind: 'call', terms: [nameTerm(operator, this.place(operatorLocation)), ...args], place };
  }

  /** `-x`: the operator stands nowhere. */
  #negation(call: CallTerm, args: readonly FormatTerm[]): FormatTerm {
    const place = this.place(call.location);
    const zero: FormatTerm = { kind: 'number', text: '0', place: this.place(call.operatorLocation) };
    return { kind: 'call', terms: [nameTerm(['minus'], madeUpPlace('minus')), zero, args[1]!], place };
  }

  #template(term: Extract<Term, { kind: 'template-string' }>): FormatTerm {
    const place = this.place(term.location);
    const isRaw = place.text.startsWith('$`');
    let at = place;
    const parts = term.parts.map((part) => {
      if (typeof part === 'string') return { kind: 'string', value: part, place: at } as const;
      const read = this.term(part);
      const before = this.#source.slice(at.start, read.place.start);
      const after = this.#closingBrace(read.place);
      const isPlain = ['string', 'number', 'boolean', 'null'].includes(read.kind);
      const hasComment = /\{[^{}"`]*#/.test(before.slice(before.lastIndexOf('{')));
      at = after;
      if (isPlain && !hasComment) return read;
      const content: FormatContent =
        read.kind === 'call' ? { kind: 'call', terms: read.terms } : { kind: 'term', term: read };
      return { kind: 'expression', negated: false, content, with: [], place: read.place } as const;
    });
    return { kind: 'template', isRaw, parts, place };
  }

  /** The place of the brace that ends an expression in a template. */
  #closingBrace(place: Place): Place {
    const between = /^(?:[^}#]|#[^\n]*)*/.exec(this.#source.slice(place.end))?.[0] ?? '';
    const start = place.end + between.length;
    const row = place.endRow + (between.match(/\n/g)?.length ?? 0);
    return place.with({ start, end: start + 1, row });
  }
}

export function nameTerm(path: readonly string[], place: Place): FormatTerm {
  const parts = path.map(
    (name, index): FormatTerm =>
      index === 0 ? { kind: 'var', name, place } : { kind: 'string', value: name, place },
  );
  return { kind: 'ref', parts, place };
}

function canonicalNumber(text: string): string {
  const value = numberFromText(text);
  return value === undefined ? text : numberText(value);
}

/** Members of one value count once. */
function distinct(items: readonly FormatTerm[]): readonly FormatTerm[] {
  const byText = new Map<string, FormatTerm>();
  for (const item of items) {
    const text = item.kind === 'number' ? canonicalNumber(item.text) : termText(item);
    if (!byText.has(text)) byText.set(text, item);
  }
  return [...byText.values()];
}
