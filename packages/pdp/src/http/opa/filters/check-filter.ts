import { usesOf } from './inline-variables.ts';
import {
  callOf,
  groundValue,
  isScalar,
  type ResidueBody,
  type ResidueExpression,
  type ResidueTerm,
  stepsOf,
  termText,
} from './residue.ts';
import type { FilterFeature, FilterTarget } from './targets.ts';

/** Why a residue is no filter, as OPA says it. */
export interface FragmentError {
  readonly code: 'pe_fragment_error';
  readonly message: string;
  readonly details?: { readonly details: string };
}

const COMPARISONS: ReadonlySet<string> = new Set(['eq', 'neq', 'lt', 'lte', 'gt', 'gte']);
/** Builtins whose first operand is the field. */
const FIELD_FIRST: ReadonlySet<string> = new Set(['startswith', 'endswith', 'contains', 'internal.member_2']);

/**
 * What of a residue none of the targets has a place for; with several targets, each must have one.
 * @param shorts fields below `input` that stand for a column by themselves
 */
export function checkFilter(
  queries: readonly ResidueBody[],
  targets: readonly FilterTarget[],
  shorts: ReadonlySet<string>,
): FragmentError[] {
  return queries.flatMap((body) =>
    body
      .filter((expression) => !isDomain(expression, body))
      .flatMap((expression) => [
        ...(checkForm(expression, targets) ?? []),
        ...(checkCall(expression, body, targets, shorts) ?? []),
      ]),
  );
}

/** The variable that a residue binds to something for an `every` to go through: the `every` is what is wrong. */
function isDomain(expression: ResidueExpression, body: ResidueBody): boolean {
  const { operator, operands: [bound] = [] } = callOf(expression) ?? {};
  if (operator !== 'eq' || bound?.type !== 'var') return false;
  return body.some(({ terms }) => 'domain' in terms && termText(terms['domain'] as never) === bound.value);
}

function error(message: string, details?: string): FragmentError[] {
  return [{ code: 'pe_fragment_error', message, ...(details === undefined ? {} : { details: { details } }) }];
}

function lacking(targets: readonly FilterTarget[], feature: FilterFeature): string | undefined {
  const without = targets.filter(({ features }) => !features.has(feature));
  if (without.length === 0) return undefined;
  return without.map(({ label }) => `unsupported feature "${feature}" for ${label}`).join('\n');
}

/** Statements that are no call. */
function checkForm(
  expression: ResidueExpression,
  targets: readonly FilterTarget[],
): FragmentError[] | undefined {
  const isCall = callOf(expression) !== undefined;
  if (expression.negated === true) {
    if (!isCall) return error('"not" not permitted');
    const why = lacking(targets, 'not');
    return why === undefined ? undefined : error(`"not" not permitted: ${why}`);
  }
  if (isCall) return undefined;
  const { terms } = expression;
  if ('domain' in terms) return error('"every" not permitted');
  if ((expression.with ?? []).length > 0) return error('"with" not permitted');
  const text = termText(terms as ResidueTerm);
  if (stepsOf(terms as ResidueTerm)?.[0] === 'data')
    return error(`invalid data reference "${text}"`, `has rule "${text}" an \`else\`?`);
  return error(`invalid statement "${text}"`, `try \`${text} != false\``);
}

function checkCall(
  expression: ResidueExpression,
  body: ResidueBody,
  targets: readonly FilterTarget[],
  shorts: ReadonlySet<string>,
): FragmentError[] | undefined {
  const call = callOf(expression);
  if (call === undefined || (expression.with ?? []).length > 0) return undefined;
  const { operator, operands } = call;
  // A value that a call gives and that something else is asked of.
  const inner = operands.find(({ type }) => type === 'call');
  if (operator === 'eq' && inner !== undefined && operands.some(({ type }) => type === 'var'))
    return error(`invalid builtin \`${termText((inner.value as readonly ResidueTerm[])[0]!)}\``);
  if (operator === 'internal.member_3') return error('invalid use of "... in ..."');
  if (operator.startsWith('data.')) {
    const text = `${operator}(${operands.map(termText).join(', ')})`;
    return error(`invalid data reference "${text}"`, `has function "${operator}(...)" an \`else\`?`);
  }
  if (!COMPARISONS.has(operator) && !FIELD_FIRST.has(operator))
    return error(`invalid builtin \`${operator}\``);
  const without = targets.filter(({ builtins }) => !builtins.has(operator));
  if (without.length > 0) {
    const name = operator === 'internal.member_2' ? 'in' : operator;
    return error(
      `invalid builtin \`${name}\`: ${without.map(({ label }) => `unsupported for ${label}`).join('\n')}`,
    );
  }
  return checkOperands(operator, operands, body, targets, shorts);
}

function checkOperands(
  operator: string,
  operands: readonly ResidueTerm[],
  body: ResidueBody,
  targets: readonly FilterTarget[],
  shorts: ReadonlySet<string>,
): FragmentError[] | undefined {
  for (const operand of operands.slice(0, 2)) {
    if (operand.type === 'call') return error(`${operator}: nested call operand: ${termText(operand)}`);
    if (operand.type !== 'ref') continue;
    const steps = stepsOf(operand);
    const isColumn =
      steps?.[0] === 'input' && (steps.length === 3 || (steps.length === 2 && shorts.has(steps[1]!)));
    if (!isColumn) return error(`${operator}: invalid ref operand: ${termText(operand)}`);
  }
  const references = operands.filter(({ type }) => type === 'ref').length;
  if (references === 2) {
    const why = lacking(targets, 'field-ref');
    if (why !== undefined) return error(`reference to field: ${why}`);
  }
  if (FIELD_FIRST.has(operator)) {
    const [field, wanted] = operands;
    const isKnown = wanted?.type === 'ref' || (wanted !== undefined && groundValue(wanted) !== undefined);
    return field?.type === 'ref' && isKnown ? undefined : error(`rhs of ${operator} must be known`);
  }
  if ((operands.some(isScalar) && references === 1) || references === 2) return undefined;
  const isExistence =
    operator === 'eq' &&
    references === 1 &&
    operands.every(
      ({ type, value }) => type === 'ref' || (type === 'var' && usesOf(String(value), body) === 1),
    );
  if (!isExistence) return error('both rhs and lhs non-scalar/non-ground');
  const why = lacking(targets, 'existence-ref');
  return why === undefined ? undefined : error(`existence of field: ${why}`);
}
