import { type Bundle, modeOf } from '@writ/bundle';
import type { DecisionRequest, Json, JsonObject } from '@writ/decision';
import {
  BUDGET_HOLDERS,
  BUDGET_UNITS,
  BUDGET_WINDOWS,
  type BudgetDefinition,
  type BudgetRequest,
  type BudgetUnit,
  isTimeZone,
} from '@writ/state';
import { memberOf } from './json-member.ts';

export type BudgetsRead =
  | { readonly ok: true; readonly budgets: readonly BudgetDefinition[] }
  | { readonly ok: false; readonly message: string };

/** Largest limit that a budget can count to, in its unit. */
export const BUDGET_LIMIT_MAX = 9e9;
const KEYS = ['name', 'per', 'unit', 'limit', 'window', 'time_zone'];

/**
 * The budgets in force: those of the configuration and the lists at `data.writ.budgets` of first-party bundles that enforce, each
 * `{name, per: session|principal|actor|actor_class|tenant|tool, unit: requests|tokens|cost, limit, window?:
 * minute|hour|day|week|month, time_zone?}`.
 * Names are unique over all.
 */
export function readBudgets(bundles: readonly Bundle[], extra: readonly BudgetDefinition[]): BudgetsRead {
  const budgets: BudgetDefinition[] = [...extra];
  for (const bundle of bundles) {
    if (bundle.thirdParty || modeOf(bundle) === 'observe') continue;
    const list = memberOf(memberOf(bundle.data, 'writ'), 'budgets');
    if (list === undefined) continue;
    if (!Array.isArray(list)) return bad(bundle, 'it is not a list');
    for (const item of list as readonly Json[]) {
      const budget = readBudget(item);
      if (typeof budget === 'string') return bad(bundle, budget);
      budgets.push(budget);
    }
  }
  const names = budgets.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined
    ? { ok: true, budgets }
    : { ok: false, message: `budget \`${twice}\` is defined twice` };
}

function bad(bundle: Bundle, message: string): BudgetsRead {
  return { ok: false, message: `\`data.writ.budgets\` of bundle \`${bundle.name}\`: ${message}` };
}

function readBudget(item: Json): BudgetDefinition | string {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return 'a budget is not an object';
  const budget = item as JsonObject;
  const unknown = Object.keys(budget).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return `unknown key \`${unknown}\`: known are ${KEYS.join(', ')}`;
  const { name, per, unit, limit, window, time_zone } = budget;
  if (typeof name !== 'string' || name === '') return 'a budget has no name';
  if (!isOneOf(BUDGET_HOLDERS, per))
    return `\`per\` of budget \`${name}\` is none of ${BUDGET_HOLDERS.join(', ')}`;
  if (!isOneOf(BUDGET_UNITS, unit))
    return `\`unit\` of budget \`${name}\` is none of ${BUDGET_UNITS.join(', ')}`;
  if (typeof limit !== 'number' || !(limit >= 0 && limit <= BUDGET_LIMIT_MAX)) {
    return `\`limit\` of budget \`${name}\` is not a number from 0 to ${BUDGET_LIMIT_MAX}`;
  }
  if (window === undefined) {
    if (time_zone !== undefined) return `budget \`${name}\` has a time zone and no window`;
    return { name, per, unit, limit };
  }
  if (!isOneOf(BUDGET_WINDOWS, window))
    return `\`window\` of budget \`${name}\` is none of ${BUDGET_WINDOWS.join(', ')}`;
  if (time_zone === undefined) return { name, per, unit, limit, window };
  if (typeof time_zone !== 'string' || !isTimeZone(time_zone))
    return `\`time_zone\` of budget \`${name}\` is not the name of a time zone`;
  return { name, per, unit, limit, window, time_zone };
}

function isOneOf<Value extends string>(values: readonly Value[], value: Json | undefined): value is Value {
  return (values as readonly (Json | undefined)[]).includes(value);
}

const AMOUNTS: Readonly<Record<BudgetUnit, (request: DecisionRequest) => number>> = {
  requests: () => 1,
  // Known only when the call is complete: until then the budget must not be used up.
  tokens: () => 0,
  cost: (request) => Math.max(0, request.action.estimated_cost ?? 0),
};

/** What a call takes from each budget. */
export function budgetRequests(
  budgets: readonly BudgetDefinition[],
  request: DecisionRequest,
): readonly BudgetRequest[] {
  return budgets.map((definition) => ({ definition, amount: AMOUNTS[definition.unit](request) }));
}
