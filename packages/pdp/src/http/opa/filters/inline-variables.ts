import { callOf, type ResidueBody, type ResidueExpression, type ResidueTerm } from './residue.ts';

/**
 * Puts fields in the place of variables that only name them: `x = input.fruits.a; x > 3` says `input.fruits.a > 3`. Under
 * a negation too, as OPA does: where the field is missing, a database finds neither the one nor the other true.
 */
export function inlineVariables(body: ResidueBody): ResidueBody {
  for (const expression of body) {
    const bound = boundBy(expression);
    if (bound === undefined) continue;
    const others = body.filter((other) => other !== expression);
    const users = others.filter((other) => usesOf(bound.name, other) > 0);
    if (users.length === 0 || users.some((user) => callOf(user) === undefined)) continue;
    // What is left is made of copies: the next variable is looked for among these.
    return inlineVariables(
      others.map((other) => replaced(other, bound.name, bound.field) as ResidueExpression),
    );
  }
  return body;
}

function boundBy(
  expression: ResidueExpression,
): { readonly name: string; readonly field: ResidueTerm } | undefined {
  const { operator, operands: [variable, field] = [] } = callOf(expression) ?? {};
  if (operator !== 'eq' || expression.negated === true) return undefined;
  if (variable?.type !== 'var' || field?.type !== 'ref') return undefined;
  const name = String(variable.value);
  return usesOf(name, field) > 0 ? undefined : { name, field };
}

/** How often a variable stands somewhere. */
export function usesOf(name: string, where: unknown): number {
  if (typeof where !== 'object' || where === null) return 0;
  const { type, value } = where as Partial<ResidueTerm>;
  if (type === 'var' && value === name) return 1;
  return Object.values(where).reduce<number>((sum, member) => sum + usesOf(name, member), 0);
}

function replaced(where: unknown, name: string, field: ResidueTerm): unknown {
  if (typeof where !== 'object' || where === null) return where;
  const { type, value } = where as Partial<ResidueTerm>;
  if (type === 'var' && value === name) return field;
  if (Array.isArray(where)) return where.map((item) => replaced(item, name, field));
  return Object.fromEntries(
    Object.entries(where).map(([key, member]) => [key, replaced(member, name, field)]),
  );
}
