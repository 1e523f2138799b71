import { parsePointer } from '@writ/decision';
import { type AmountBands, bandsOf, type YamlRule } from './rules.ts';
import type { YamlArgument } from './schema.ts';

/** What one rule becomes: its own helpers, what speaks against it, what it wants asked, and its figures in data. */
export interface EmittedRule {
  readonly helpers: readonly string[];
  readonly lines: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A rule's name in text and as a part of other names. */
interface Names {
  /** `"finance-agent/stripe-payments"`, as Rego text. */
  readonly id: string;
  /** `3`: for helpers that no rule shares. */
  readonly number: number;
}

interface Fact {
  readonly code: string;
  readonly message: string;
  readonly remediation?: string;
}

const quote = (text: string): string => JSON.stringify(text);

/** `objections[id] contains {…} if { body }`, as one or several lines. */
function rule(
  set: 'objections' | 'questions' | 'challenges',
  { id }: Names,
  fact: Fact,
  body: readonly string[],
): string {
  const fields = Object.entries(fact).map(([key, value]) => `${quote(key)}: ${quote(value)}`);
  const head = `${set}[${id}] contains {${fields.join(', ')}} if`;
  return body.length === 1
    ? `${head} ${body[0]}`
    : `${head} {\n${body.map((line) => `\t${line}`).join('\n')}\n}`;
}

/** Everything that a rule's conditions say. */
export function emitConditions(written: YamlRule, number: number): EmittedRule {
  const names: Names = { id: quote(written.id), number };
  const parts = [
    amounts(written, names),
    ...Object.entries(written.conditions.arguments ?? {}).map(([pointer, argument], index) =>
      argumentCondition(pointer, argument, { ...names, part: index + 1 }),
    ),
    times(written, names),
    ...simple(written, names),
  ];
  return {
    helpers: parts.flatMap((part) => part.helpers),
    lines: parts.flatMap((part) => part.lines),
    parameters: mergeParameters(parts),
  };
}

/** Each argument brings its own member of `arguments`. */
function mergeParameters(parts: readonly EmittedRule[]): EmittedRule['parameters'] {
  const merged: Record<string, unknown> = {};
  for (const [key, value] of parts.flatMap(({ parameters }) => Object.entries(parameters)))
    merged[key] = key === 'arguments' ? { ...(merged[key] as object), ...(value as object) } : value;
  return merged;
}

const NOTHING: EmittedRule = { helpers: [], lines: [], parameters: {} };

/** The path of a pointer as a Rego array. */
export function pathText(pointer: string): string {
  const steps = parsePointer(pointer) ?? [];
  return `[${steps.map(quote).join(', ')}]`;
}

function amounts({ conditions }: YamlRule, names: Names): EmittedRule {
  const bands = bandsOf(conditions);
  if (bands === undefined) return NOTHING;
  const amount = `amount_${names.number}`;
  const helpers = [
    `${amount} := value if {\n\tvalue := argument(${pathText(bands.pointer)})\n\tis_number(value)\n\tvalue >= 0\n}`,
    ...['allowed', ...(bands.hardLimit === undefined ? [] : ['hard_limit'])].map(
      (figure) => `${within(figure, names)} if ${amount} <= figure(${names.id}, "${figure}")`,
    ),
  ];
  const missing: Fact = {
    code: 'amount_missing',
    message: `${bands.pointer} must be a number that is not negative`,
  };
  const lines = [rule('objections', names, missing, [`not ${amount}`]), ...bandLines(bands, names, amount)];
  const parameters = {
    allowed: bands.allowed,
    ...(bands.hardLimit === undefined ? {} : { hard_limit: bands.hardLimit }),
  };
  return { helpers, lines, parameters };
}

/** Named, and not written behind `not`: there a figure that is missing would leave the whole without an answer. */
function within(figure: string, { number }: Names): string {
  return `within_${figure}_${number}`;
}

function bandLines(bands: AmountBands, names: Names, amount: string): string[] {
  const above = (figure: string): string[] => [amount, `not ${within(figure, names)}`];
  if (bands.hardLimit === undefined) {
    const over: Fact = {
      code: 'amount_over_limit',
      message: 'the amount is above what is allowed',
      remediation: 'ask for less',
    };
    return [rule('objections', names, over, above('allowed'))];
  }
  const blocked: Fact = {
    code: 'blocked_over_hard_limit',
    message: 'the amount is above what anybody can approve',
    remediation: 'ask for less',
  };
  const asked: Fact = {
    code: 'approval_needed',
    message: 'the amount is above what is allowed without a person',
  };
  return [
    rule('objections', names, blocked, above('hard_limit')),
    rule('questions', names, asked, above('allowed')),
  ];
}

const TYPE_CHECKS: Readonly<Record<string, readonly string[]>> = {
  string: ['is_string(value)'],
  number: ['is_number(value)'],
  integer: ['is_number(value)', 'value == floor(value)'],
  boolean: ['is_boolean(value)'],
};

function argumentCondition(
  pointer: string,
  argument: YamlArgument,
  names: Names & { readonly part: number },
): EmittedRule {
  const path = pathText(pointer);
  const valid = `argument_${names.number}_${names.part}`;
  const figures = `parameters[${names.id}].arguments[${quote(pointer)}]`;
  const checks = valueChecks(argument, figures);
  const { type: _, optional, pattern, ...bounds } = argument;
  const missing: Fact = { code: 'argument_missing', message: `${pointer} is missing` };
  const wrong: Fact = { code: 'argument_invalid', message: `${pointer} is not what it must be` };
  return {
    helpers:
      checks.length === 0
        ? []
        : [`${valid} if {\n\t${[`value := argument(${path})`, ...checks].join('\n\t')}\n}`],
    lines: [
      ...(optional === true ? [] : [rule('objections', names, missing, [`not present(${path})`])]),
      ...(checks.length === 0
        ? []
        : [rule('objections', names, wrong, [`present(${path})`, `not ${valid}`])]),
    ],
    parameters: {
      arguments: {
        [pointer]: { ...bounds, ...(pattern === undefined ? {} : { pattern: `^(?:${pattern})$` }) },
      },
    },
  };
}

/** A value of another type never passes a bound: Rego orders numbers before texts. */
function valueChecks(argument: YamlArgument, figures: string): string[] {
  const { type, min, max, min_length: short, max_length: long, pattern } = argument;
  const isNumber = min !== undefined || max !== undefined;
  const isText = short !== undefined || long !== undefined || pattern !== undefined;
  const kind = type ?? (isNumber ? 'number' : isText ? 'string' : undefined);
  return [
    ...(kind === undefined ? [] : TYPE_CHECKS[kind]!),
    ...(argument.enum === undefined ? [] : [`value in ${figures}.enum`]),
    ...(min === undefined ? [] : [`value >= ${figures}.min`]),
    ...(max === undefined ? [] : [`value <= ${figures}.max`]),
    ...(short === undefined ? [] : [`count(value) >= ${figures}.min_length`]),
    ...(long === undefined ? [] : [`count(value) <= ${figures}.max_length`]),
    ...(pattern === undefined ? [] : [`regex.match(${figures}.pattern, value)`]),
  ];
}

const minutes = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));

function times({ conditions }: YamlRule, names: Names): EmittedRule {
  if (conditions.times === undefined) return NOTHING;
  const { days, from, to, timezone = 'UTC' } = conditions.times;
  const within = `in_time_${names.number}`;
  const figures = `parameters[${names.id}].times`;
  const body = [
    `moment := [time.parse_rfc3339_ns(input.environment.time), ${figures}.timezone]`,
    ...(days === undefined ? [] : [`substring(lower(time.weekday(moment)), 0, 3) in ${figures}.days`]),
    ...(from === undefined && to === undefined
      ? []
      : ['[hour, minute, _] := time.clock(moment)', 'minute_of_day := (hour * 60) + minute']),
    ...(from === undefined ? [] : [`minute_of_day >= ${figures}.from_minute`]),
    ...(to === undefined ? [] : [`minute_of_day < ${figures}.to_minute`]),
  ];
  const outside: Fact = {
    code: 'outside_of_hours',
    message: 'it is not the time for this',
    remediation: 'try again later',
  };
  return {
    helpers: [`${within} if {\n${body.map((line) => `\t${line}`).join('\n')}\n}`],
    lines: [rule('objections', names, outside, [`not ${within}`])],
    parameters: {
      times: {
        timezone,
        ...(days === undefined ? {} : { days }),
        ...(from === undefined ? {} : { from_minute: minutes(from) }),
        ...(to === undefined ? {} : { to_minute: minutes(to) }),
      },
    },
  };
}

/**
 * Conditions that need one shared helper each; what is unknown never passes. Helpers are given the rule's name and look
 * up its figures themselves: one that is missing, written behind `not`, would leave the objection without an answer.
 */
function simple({ conditions }: YamlRule, names: Names): EmittedRule[] {
  const emitted: EmittedRule[] = [];
  const add = (
    key: keyof typeof conditions,
    fact: Fact,
    body: readonly string[],
    set: 'objections' | 'questions' = 'objections',
  ) => {
    const value = conditions[key];
    if (value === undefined || value === false) return;
    emitted.push({ helpers: [], lines: [rule(set, names, fact, body)], parameters: { [key]: value } });
  };
  add(
    'hosts',
    {
      code: 'host_not_allowed',
      message: 'the call leads to a host that is not on the list, or to none that is known',
    },
    [`not host_allowed(${names.id})`],
  );
  add(
    'data_classes',
    {
      code: 'data_class_not_allowed',
      message: 'the call touches classes of data that are not on the list, or that nobody described',
    },
    [`not classes_allowed(${names.id})`],
  );
  add(
    'same_tenant',
    {
      code: 'other_tenant',
      message: 'the call touches what does not belong to the principal’s tenant, or nobody knows whose it is',
    },
    ['not same_tenant'],
  );
  add('scopes', { code: 'insufficient_scope', message: 'the principal lacks a scope that this needs' }, [
    `not has_scopes(${names.id})`,
  ]);
  add(
    'groups',
    { code: 'not_in_group', message: 'the principal is in none of the groups that may do this' },
    [`not in_group(${names.id})`],
  );
  add('calls_per_session', { code: 'too_many_calls', message: 'the session has made all its calls' }, [
    `not within_calls(${names.id})`,
  ]);
  add('approval', { code: 'approval_needed', message: 'a person must approve this' }, ['true'], 'questions');
  if (conditions.step_up !== undefined) {
    const fact: Fact = {
      code: 'step_up_required',
      message: 'the person behind this must prove who they are',
    };
    emitted.push({
      helpers: [],
      lines: [rule('challenges', names, fact, ['not stepped_up'])],
      parameters: { step_up: conditions.step_up },
    });
  }
  return emitted;
}
