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

  constructor(source: string) {
    this.#source = source;
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
    return { kind: 'expression', negated, content: this.#content(expression), with: modifiers, place };
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
      case 'not': {
        const { body, explicit } = expression;
        return { kind: 'not', isExplicit: explicit, body: this.body(body), place: this.place(location) };
      }
      case 'logical': {
        const { operator, left, right } = expression;
        return {
          kind: operator,
          left: this.body(left.body),
          right: this.body(right.body),
          isLeftExplicit: left.explicit,
          isRightExplicit: right.explicit,
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
    const parts = term.parts.map((part) => ('negated' in part ? this.expression(part) : this.term(part)));
    return { kind: 'template', isRaw: term.raw, parts, place: this.place(term.location) };
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
