import type { Callee, CoreCallExpression, CoreExpression, CoreTerm } from '../core.ts';
import { calleeText, dataPath } from '../term-text.ts';
import type { Environment } from './environment.ts';
import { infer, inferEqual } from './infer.ts';
import { isUnknown, keyType, valueType } from './select-types.ts';
import { builtinType } from './signature-types.ts';
import type { FunctionType, MaybeType } from './type.ts';
import { isAny } from './type.ts';
import type { TypeFault } from './type-errors.ts';
import { argumentError, matchError, referredFunction } from './type-errors.ts';
import { unifies } from './unifies.ts';

/** Checks one expression; closures and references in it have been checked before (OPA's `checkExpr`). */
export function checkExpression(
  environment: Environment,
  expression: CoreExpression,
  isQuery: boolean,
): TypeFault | undefined {
  switch (expression.kind) {
    case 'equal':
      return checkEqual(environment, expression.left, expression.right, expression.location);
    case 'call':
      return checkCall(environment, expression, isQuery);
    case 'test':
    case 'every':
    case 'logical':
      return undefined;
  }
}

/** A function can only stand in for one that takes the same. */
export function checkReplacedFunctions(
  environment: Environment,
  { with: modifiers }: CoreExpression,
): TypeFault | undefined {
  for (const { target, replacement, location } of modifiers) {
    if (target.kind === 'input' || replacement.kind === 'term') continue;
    const type =
      target.kind === 'builtin' ? builtinType(target) : environment.typeOfDocument(target.path, location);
    const given =
      replacement.kind === 'builtin'
        ? builtinType(replacement)
        : environment.typeOfDocument(replacement.path, location);
    if (type?.kind !== 'function' || given?.kind !== 'function' || unifies(type, given)) continue;
    const name = target.kind === 'builtin' ? target.name : dataPath(target.path);
    return argumentError(location, name, 'arity mismatch', given.args, type, false);
  }
  return undefined;
}

/** What a `with` over `every`, `and` or `or` names is read as a reference there, which no function can be. */
export function functionsReferred(environment: Environment, expression: CoreExpression): TypeFault[] {
  const { kind } = expression;
  const isRead = kind === 'every' || (kind === 'logical' && expression.operator !== 'not');
  if (!isRead) return [];
  return expression.with.flatMap(({ target, replacement, targetLocation, replacementLocation }) =>
    [[target, targetLocation] as const, [replacement, replacementLocation] as const].flatMap(
      ([named, location]) => {
        if (named.kind === 'input' || named.kind === 'term') return [];
        const type =
          named.kind === 'builtin' ? builtinType(named) : environment.typeOfDocument(named.path, location);
        const name = named.kind === 'builtin' ? named.name : dataPath(named.path);
        return type?.kind === 'function' ? [referredFunction(name, type, location)] : [];
      },
    ),
  );
}

/**
 * Whether the expression asks for two values to be equal: `=`, or in a rule `==` whose answer is not kept. In a query
 * `==` stays a call that takes anything.
 */
export function isEquality(expression: CoreExpression, isQuery: boolean): boolean {
  if (expression.kind !== 'call') return expression.kind === 'equal';
  if (isQuery) return false;
  const { callee, args } = expression;
  return callee.kind === 'builtin' && callee.name === 'equal' && args.length === 2;
}

function checkEqual(
  environment: Environment,
  left: CoreTerm,
  right: CoreTerm,
  location: CoreTerm['location'],
): TypeFault | undefined {
  const typeLeft = environment.typeOf(left);
  const typeRight = environment.typeOf(right);
  if (inferEqual(environment, left, typeLeft, right, typeRight)) return undefined;
  return matchError(location, typeLeft, typeRight);
}

/** The type of what is called. */
export function calleeType(
  environment: Environment,
  callee: Callee,
  location: CoreTerm['location'],
): MaybeType {
  switch (callee.kind) {
    case 'builtin':
      return builtinType(callee);
    case 'function':
      return environment.typeOfDocument(callee.path, location);
    case 'unknown':
      return undefined;
  }
}

function checkCall(
  environment: Environment,
  expression: CoreCallExpression,
  isQuery: boolean,
): TypeFault | undefined {
  const { callee, args, location } = expression;
  if (isEquality(expression, isQuery)) return checkEqual(environment, args[0]!, args[1]!, location);
  if (callee.kind === 'builtin') {
    if (callee.name === 'internal.member_2' || callee.name === 'internal.member_3') {
      const fault = checkMember(environment, expression, callee.name === 'internal.member_3');
      if (fault !== undefined) return fault;
    }
  }
  const type = calleeType(environment, callee, location);
  if (isAny(type)) return undefined;
  if (type?.kind !== 'function') {
    return { message: `undefined function ${calleeText(callee)}`, location, vague: false };
  }
  return checkArguments(environment, expression, args, type);
}

function checkArguments(
  environment: Environment,
  { callee, location }: CoreCallExpression,
  args: readonly CoreTerm[],
  type: FunctionType,
): TypeFault | undefined {
  const { args: parameters, result, variadic } = type;
  const wanted = parameters.length + (result === undefined ? 0 : 1);
  const fault = (problem: string, types: readonly MaybeType[]): TypeFault =>
    argumentError(location, calleeText(callee), problem, types, type, true);
  if (args.length > wanted && variadic === undefined) {
    return fault('too many arguments', typesOf(environment, args));
  }
  if (args.length < parameters.length) return fault('too few arguments', typesOf(environment, args));
  // Their types before anything is inferred of one another.
  const have = typesOf(environment, args);
  for (let index = 0; index < args.length; index++) {
    const want = index < parameters.length ? parameters[index] : index < wanted ? result : variadic;
    const known = have[index];
    // What is known already must fit as it is: inferring fills gaps and would find one member that fits.
    if (known !== undefined && !isUnknown(known) && !unifies(known, want)) {
      return fault('invalid argument(s)', have);
    }
    if (!infer(environment, args[index]!, want)) {
      return fault('invalid argument(s)', typesOf(environment, args));
    }
  }
  return undefined;
}

function typesOf(environment: Environment, terms: readonly CoreTerm[]): MaybeType[] {
  return terms.map((term) => environment.typeOf(term));
}

/** `in`: what may be found in a collection follows from its type, which a signature cannot say. */
function checkMember(
  environment: Environment,
  { args, location }: CoreCallExpression,
  withKey: boolean,
): TypeFault | undefined {
  const arity = withKey ? 3 : 2;
  if (args.length < arity) return undefined;
  const collection = environment.typeOf(args[arity - 1]!);
  const values = valueType(collection);
  if (values === undefined) return undefined;
  if (withKey) {
    const fault = checkOperand(environment, args[0]!, keyType(collection), location);
    if (fault !== undefined) return fault;
  }
  return checkOperand(environment, args[arity - 2]!, values, location);
}

function checkOperand(
  environment: Environment,
  term: CoreTerm,
  type: MaybeType,
  location: CoreTerm['location'],
): TypeFault | undefined {
  if (isUnknown(type)) return undefined;
  const have = environment.typeOf(term);
  const fits = isUnknown(have) || unifies(have, type);
  return fits && infer(environment, term, type) ? undefined : matchError(location, have, type);
}
