import type { TypeName, Value } from '../value/index.ts';
import { typeName } from '../value/index.ts';
import type {
  Builtin,
  BuiltinContext,
  BuiltinImplementation,
  BuiltinOutcome,
  BuiltinSignature,
  BuiltinType,
} from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import { typeFault } from './fault.ts';
import { SuspendedCall } from './suspended-call.ts';
import { LARGE, MEMBERS_MIN, TEXT_UNITS_MIN, weighAnswer, weighOperand } from './weigh.ts';

/** A function over operands of the declared types; they are checked before it is called. */
export type CheckedFunction = (context: BuiltinContext, ...operands: never[]) => BuiltinOutcome;

/** What a family says about one builtin, where the function alone does not say it. */
export interface Definition {
  readonly call: CheckedFunction;
  /** Names of the types per operand where OPA's message lists others, or in another order, than the signature. */
  readonly expected?: readonly (readonly string[] | undefined)[];
  /** How many operands are checked before the call; the function checks the others itself, in OPA's order. */
  readonly checked?: number;
  readonly answers?: (context: BuiltinContext, ...operands: Value[]) => Iterable<Value>;
}

/** Builtins by name. */
export type Family = Readonly<Record<string, CheckedFunction | Definition>>;

type OperandCheck = (value: Value) => BuiltinError | undefined;

/** The types that a declared type allows; undefined for any. */
function allowedTypes(declared: BuiltinType): readonly TypeName[] | undefined {
  if (declared.type !== 'any') return [declared.type];
  if (!('of' in declared)) return undefined;
  const all = declared.of.map(allowedTypes);
  return all.includes(undefined) ? undefined : (all.flat() as TypeName[]);
}

function operandCheck(
  allowed: readonly TypeName[] | undefined,
  position: number,
  expected: readonly string[] | undefined,
): OperandCheck | undefined {
  if (allowed === undefined) return undefined;
  const wanted = expected ?? allowed;
  if (allowed.length === 1) {
    const only = allowed[0]!;
    return (value) => (typeName(value) === only ? undefined : typeFault(position, value, ...wanted));
  }
  return (value) => (allowed.includes(typeName(value)) ? undefined : typeFault(position, value, ...wanted));
}

/** Puts the builtin's name in front of a failure. */
function named(name: string, failure: BuiltinError): BuiltinError {
  if (failure instanceof SuspendedCall) return failure;
  return new BuiltinError(failure.code, `${name}: ${failure.message}`);
}

/** What a call gives: its answer is counted, its failure named. Most answers are small, and cost a look. */
function finished(context: BuiltinContext, name: string, outcome: BuiltinOutcome): BuiltinOutcome {
  if (typeof outcome === 'string') {
    if (outcome.length > TEXT_UNITS_MIN) weighAnswer(context, outcome);
    return outcome;
  }
  if (typeof outcome !== 'object' || outcome === null) return outcome;
  if (Array.isArray(outcome)) {
    if (outcome.length > MEMBERS_MIN) weighAnswer(context, outcome);
    return outcome;
  }
  if (outcome instanceof BuiltinError) return named(name, outcome);
  weighAnswer(context, outcome);
  return outcome;
}

/** Whether it takes more than this look to see that an operand is small. */
function isWeighty(operand: Value): boolean {
  return typeof operand === 'string' ? operand.length > LARGE : typeof operand === 'object';
}

/** Puts the checks of the operands in front of a function and its name in front of its failures. */
function guarded(signature: BuiltinSignature, definition: Definition): BuiltinImplementation {
  const { name } = signature;
  const call = definition.call as BuiltinImplementation;
  const checks = signature.args.map((declared, index) =>
    index >= (definition.checked ?? Number.POSITIVE_INFINITY)
      ? undefined
      : operandCheck(allowedTypes(declared), index + 1, definition.expected?.[index]),
  );
  const [first, second] = checks;
  if (checks.length === 1) {
    return (context, a) => {
      if (isWeighty(a!)) weighOperand(context, a!);
      return finished(context, name, first?.(a!) ?? call(context, a!));
    };
  }
  if (checks.length === 2) {
    return (context, a, b) => {
      if (isWeighty(a!)) weighOperand(context, a!);
      if (isWeighty(b!)) weighOperand(context, b!);
      return finished(context, name, first?.(a!) ?? second?.(b!) ?? call(context, a!, b!));
    };
  }
  return (context, ...operands) => {
    for (let index = 0; index < checks.length; index++) {
      const problem = checks[index]?.(operands[index]!);
      if (problem !== undefined) return finished(context, name, problem);
    }
    for (const operand of operands) weighOperand(context, operand);
    return finished(context, name, call(context, ...operands));
  };
}

/** Answers as it did before where that is known, and notes what it answers. Source: OPA's `topdown/eval.go`. */
function repeatable(name: string, call: BuiltinImplementation): BuiltinImplementation {
  return (context, ...operands) => {
    const cache = context.nondeterministic;
    if (cache === undefined) return call(context, ...operands);
    const known = cache.get(name, operands);
    if (known !== undefined) return known;
    const outcome = call(context, ...operands);
    if (outcome !== undefined && !(outcome instanceof BuiltinError)) cache.put(name, operands, outcome);
    return outcome;
  };
}

/** Joins what OPA declares with what a family implements. */
export function bindBuiltin(signature: BuiltinSignature, given: CheckedFunction | Definition): Builtin {
  const definition = typeof given === 'function' ? { call: given } : given;
  const implementation = guarded(signature, definition);
  return Object.freeze({
    ...signature,
    arity: signature.args.length,
    deterministic: signature.nondeterministic !== true,
    implementation: signature.nondeterministic ? repeatable(signature.name, implementation) : implementation,
    ...(definition.answers && { answers: definition.answers }),
  });
}
