import type { CoreBody, CoreComprehension, CoreExpression, CoreRef, CoreTerm } from '../core.ts';
import { expressionTerms, innerBodies, operandTerms, termParts } from '../walk.ts';
import {
  checkExpression,
  checkReplacedFunctions,
  functionsReferred,
  isEquality,
} from './check-expression.ts';
import { checkReference } from './check-references.ts';
import type { ClosureTyper, Environment } from './environment.ts';
import { joinTypes } from './join-types.ts';
import { builtinType } from './signature-types.ts';
import type { MaybeType } from './type.ts';
import { ANY, arrayType, objectType, setType } from './type.ts';
import type { TypeFault } from './type-errors.ts';

/** Paths of the rules that read, or are, what stands at a path below `data`: what `with` on it can change. */
export type Dependents = (path: readonly string[]) => readonly (readonly string[])[];

/** Checks bodies; one for each run, with what it remembers of closures. */
export class BodyChecker {
  readonly #dependents: Dependents;
  /** Closures that were checked, by what they were checked to be. */
  #closures = new Map<
    CoreComprehension,
    { readonly type: MaybeType; readonly errors: readonly TypeFault[] }
  >();

  constructor(dependents: Dependents) {
    this.#dependents = dependents;
  }

  /** Whether a query is looked at, which is none of a rule's bodies. */
  #isQuery = false;

  /** Types a closure where it is asked for. */
  readonly closureType: ClosureTyper = (environment, comprehension) =>
    this.#closure(environment, comprehension).type;

  /** Forgets closures; they belong to one rule. */
  forget(): void {
    if (this.#closures.size > 0) this.#closures = new Map();
  }

  /** The errors of a body that is nobody's: nothing of it is remembered. */
  checkOnce(around: Environment, body: CoreBody): readonly TypeFault[] {
    this.#isQuery = true;
    const { errors } = this.check(around, body);
    this.#isQuery = false;
    this.forget();
    return errors;
  }

  /** Checks a body in an environment of its own, which it gives back with its errors. */
  check(around: Environment, body: CoreBody): { environment: Environment; errors: TypeFault[] } {
    const environment = around.inside();
    const errors: TypeFault[] = [];
    for (const expression of body) this.#checkOne(environment, expression, errors);
    return { environment, errors };
  }

  #checkOne(environment: Environment, expression: CoreExpression, errors: TypeFault[]): void {
    const inner = expression.with.length === 0 ? environment : this.#withEnvironment(environment, expression);
    // OPA takes references and closures out of terms first, into expressions of their own; only an operand of an
    // equality stays. A fault in what was taken out is no excuse for one in the expression itself.
    const before: TypeFault[] = [];
    const inside: TypeFault[] = [];
    const stays = expression.kind === 'test' || isEquality(expression, this.#isQuery);
    for (const term of expressionTerms(expression)) {
      const own = stays ? inside : before;
      if (stays && term.kind === 'ref') {
        for (const part of termParts(term)) this.#checkTerm(inner, part, before);
        this.#checkReference(inner, term, own);
      } else if (stays && term.kind === 'comprehension') own.push(...this.#closure(inner, term).errors);
      else this.#checkTerm(inner, term, before);
    }
    before.push(...functionsReferred(inner, expression));
    for (const body of innerBodies(expression)) this.#checkInnerBody(inner, body, inside);
    const arity = expression.with.length === 0 ? undefined : checkReplacedFunctions(inner, expression);
    const fault = arity ?? checkExpression(inner, expression, this.#isQuery);
    if (before.length > 0 || inside.length > 0) errors.push(...before, ...inside);
    // Each part that OPA takes out is an expression of its own, under the same `with`.
    if (arity !== undefined)
      for (let left = takenOut(expression, stays); left > 0; left--) errors.push(arity);
    if (fault !== undefined && !(inside.length > 0 && fault.vague)) errors.push(fault);
  }

  /** OPA looks only at the references and closures in the body of `every` and in operands of `not`, `and` and `or`. */
  #checkInnerBody(environment: Environment, body: CoreBody, errors: TypeFault[]): void {
    for (const expression of body) {
      for (const term of expressionTerms(expression)) this.#checkTerm(environment, term, errors);
      errors.push(...functionsReferred(environment, expression));
      for (const inner of innerBodies(expression)) this.#checkInnerBody(environment, inner, errors);
    }
  }

  /** Checks the references and closures of a term, the innermost first. */
  #checkTerm(environment: Environment, term: CoreTerm, errors: TypeFault[]): void {
    if (term.kind === 'constant' || term.kind === 'variable') return;
    if (term.kind === 'comprehension') {
      errors.push(...this.#closure(environment, term).errors);
      return;
    }
    for (const part of termParts(term)) this.#checkTerm(environment, part, errors);
    if (term.kind === 'ref') this.#checkReference(environment, term, errors);
  }

  #checkReference(environment: Environment, ref: CoreRef, errors: TypeFault[]): void {
    const fault = checkReference(environment, ref);
    if (fault !== undefined) errors.push(fault);
  }

  #closure(environment: Environment, comprehension: CoreComprehension) {
    const known = this.#closures.get(comprehension);
    if (known !== undefined) return known;
    const { environment: inner, errors } = this.check(environment, comprehension.body);
    const type = errors.length > 0 ? undefined : closureType(inner, comprehension);
    const checked = { type, errors };
    this.#closures.set(comprehension, checked);
    return checked;
  }

  /** What `with` replaces may have another type for this expression, and so what depends on it. */
  #withEnvironment(environment: Environment, expression: CoreExpression): Environment {
    let current = environment;
    const replaced: { path: string[]; type: MaybeType }[] = [];
    for (const { target, replacement, location } of expression.with) {
      if (target.kind === 'builtin') continue;
      const { kind: root, path } = target;
      const parts = path.map((value) => ({ kind: 'constant' as const, value, location }));
      const known = environment.typeOfPath(root, parts);
      const isFunction = known?.kind === 'function';
      if (root === 'data') current = this.#relaxed(current, path, isFunction);
      if (isFunction) continue;
      let given: MaybeType;
      if (replacement.kind === 'term') given = environment.typeOf(replacement.term);
      else if (replacement.kind === 'builtin') given = builtinType(replacement);
      else given = environment.typeOfDocument(replacement.path, location);
      const type = known === undefined || given === undefined ? undefined : joinTypes(known, given);
      replaced.push({ path: [root, ...path], type: type ?? ANY });
    }
    if (replaced.length === 0) return current;
    const layer = current.insideWith();
    for (const { path, type } of replaced) layer.documents.put(path, type);
    return layer;
  }

  #relaxed(environment: Environment, path: readonly string[], isFunction: boolean): Environment {
    const dependents = this.#dependents(path).filter(
      (dependent) => !isFunction || dependent.join('/') !== path.join('/'),
    );
    if (dependents.length === 0) return environment;
    const layer = environment.insideWith();
    for (const dependent of dependents) layer.documents.put(['data', ...dependent], ANY);
    return layer;
  }
}

/** How many references and closures OPA takes out of an expression into expressions of their own. */
function takenOut(expression: CoreExpression, stays: boolean): number {
  const inside = (term: CoreTerm): number => {
    const own = term.kind === 'ref' || term.kind === 'comprehension' ? 1 : 0;
    return term.kind === 'comprehension' ? 1 : own + sum(termParts(term).map(inside));
  };
  const counts = operandTerms(expression).map((term) => {
    if (!stays) return inside(term);
    if (term.kind === 'comprehension') return 0;
    return inside(term) - (term.kind === 'ref' ? 1 : 0);
  });
  return sum(counts);
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

function closureType(environment: Environment, { result, key, term }: CoreComprehension): MaybeType {
  const of = environment.typeOf(term);
  if (result === 'array') return arrayType([], of);
  if (result === 'set') return setType(of);
  return objectType([], { key: key && environment.typeOf(key), value: of });
}
