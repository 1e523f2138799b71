import { RE2JS } from 're2js';
import { agentsOf, bandsOf, denialsOf, rulesOf, whoName, type YamlRule } from './rules.ts';
import type { YamlArgument, YamlConditions, YamlModel, YamlPolicy } from './schema.ts';

/** Something that a policy says and cannot mean. */
export interface YamlFinding {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly help?: string;
}

/**
 * What the shape alone does not show: contradictions, rules that nothing reaches, rules for everything that do not say
 * so, and denials of all that is allowed elsewhere. Each is refused when the policy is built.
 */
export function checkYamlPolicy(policy: YamlPolicy): readonly YamlFinding[] {
  const rules = rulesOf(policy);
  return [
    ...checkAgents(policy),
    ...rules.flatMap(checkTarget),
    ...rules.flatMap((rule) => checkConditions(rule.conditions, [...rule.path, 'conditions'])),
    ...checkReach(rules),
    ...checkDenials(policy, rules),
    ...checkBudgets(policy),
  ];
}

function checkAgents(policy: YamlPolicy): YamlFinding[] {
  const agents = agentsOf(policy);
  if (agents.length === 0)
    return [
      {
        path: [],
        message: 'the policy names no agent',
        help: 'begin with `agent: NAME` and `allowed_tools:`',
      },
    ];
  return agents.flatMap(({ agent, path }) => {
    const names = [agent.agent, agent.class, agent.match].filter((name) => name !== undefined);
    const findings: YamlFinding[] = [];
    if (names.length !== 1)
      findings.push({
        path,
        message:
          names.length === 0
            ? 'it says nothing about whom it is for'
            : 'it says more than once whom it is for',
        help: 'name exactly one of `agent`, `class`, and `match: all` for every agent',
      });
    for (const key of ['agent', 'class'] as const)
      if (agent[key]?.includes('*') === true)
        findings.push({
          path: [...path, key],
          message: '`*` is not a pattern here',
          help: 'for every agent say `match: all` in its place',
        });
    const lists = [agent.allowed_tools, agent.allowed_models, agent.denied_tools];
    if (lists.every((list) => list === undefined || list.length === 0))
      findings.push({ path, message: 'it allows and denies nothing', help: 'give it `allowed_tools`' });
    return findings;
  });
}

function checkTarget({ target, path }: YamlRule): YamlFinding[] {
  if (target.kind === 'model') return [];
  const { name, match } = target.tool;
  if (name === '*' || name?.includes('*') === true)
    return [
      {
        path: [...path, 'name'],
        message: '`*` is not a pattern here',
        help: 'for every tool say `match: all` in its place',
      },
    ];
  if ((name === undefined) === (match === undefined))
    return [
      {
        path,
        message: 'it must name one tool',
        help: 'give it a `name`, or say `match: all` for every tool',
      },
    ];
  return [];
}

function checkConditions(conditions: YamlConditions, path: YamlFinding['path']): YamlFinding[] {
  return [
    ...checkAmounts(conditions, path),
    ...checkQuestions(conditions, path),
    ...Object.entries(conditions.arguments ?? {}).flatMap(([pointer, argument]) =>
      checkArgument(argument, [...path, 'arguments', pointer]),
    ),
    ...checkTimes(conditions, [...path, 'times']),
    ...(conditions.hosts ?? []).flatMap((host, index) => checkHost(host, [...path, 'hosts', index])),
  ];
}

function checkAmounts(conditions: YamlConditions, path: YamlFinding['path']): YamlFinding[] {
  const { max_amount: max, approval_threshold: threshold, hard_limit: hard, amount } = conditions;
  const bands = bandsOf(conditions);
  if (bands === undefined) {
    const stray = hard !== undefined ? 'hard_limit' : amount !== undefined ? 'amount' : undefined;
    return stray === undefined
      ? []
      : [
          {
            path: [...path, stray],
            message: 'it means nothing without `max_amount` or `approval_threshold`',
            help: 'add one of them',
          },
        ];
  }
  const findings: YamlFinding[] = [];
  if (hard !== undefined && hard < bands.allowed)
    findings.push({
      path: [...path, 'hard_limit'],
      message: `it is below what is allowed without asking (${bands.allowed})`,
      help: 'raise it, or lower `approval_threshold`',
    });
  if (hard !== undefined && max !== undefined && hard < max)
    findings.push({
      path: [...path, 'hard_limit'],
      message: `it is below \`max_amount\` (${max})`,
      help: 'raise it, or lower `max_amount`',
    });
  if (max !== undefined && threshold !== undefined && threshold > max)
    findings.push({
      path: [...path, 'approval_threshold'],
      message: `it is above \`max_amount\` (${max}), so that more would be allowed than that`,
      help: 'a threshold is at most `max_amount`',
    });
  return findings;
}

/** A person who is asked about every call is not asked about large ones beside. */
function checkQuestions(
  { approval, approval_threshold }: YamlConditions,
  path: YamlFinding['path'],
): YamlFinding[] {
  if (approval === undefined || approval_threshold === undefined) return [];
  const message = 'it means nothing: `approval: always` asks about every call';
  return [{ path: [...path, 'approval_threshold'], message, help: 'take one of the two out' }];
}

const NUMERIC = new Set(['number', 'integer']);

function checkArgument(argument: YamlArgument, path: YamlFinding['path']): YamlFinding[] {
  const findings: YamlFinding[] = [];
  const say = (key: string, message: string, help = 'take one of the two out'): void => {
    findings.push({ path: [...path, key], message, help });
  };
  const { type, min, max, min_length: short, max_length: long, pattern } = argument;
  if (min !== undefined && max !== undefined && min > max)
    say('min', `no number is at least ${min} and at most ${max}`, 'exchange them');
  if (short !== undefined && long !== undefined && short > long)
    say('min_length', `no text has at least ${short} and at most ${long} characters`, 'exchange them');
  if (type === 'integer' && Math.ceil(min ?? 0) > Math.floor(max ?? Math.ceil(min ?? 0)))
    say('min', `no whole number is at least ${min} and at most ${max}`, 'widen the range');
  if (type !== undefined && !NUMERIC.has(type) && (min !== undefined || max !== undefined))
    say(min === undefined ? 'max' : 'min', `it bounds a number, and \`type\` is ${type}`);
  const ofText =
    short !== undefined
      ? 'min_length'
      : long !== undefined
        ? 'max_length'
        : pattern !== undefined
          ? 'pattern'
          : undefined;
  if (type !== undefined && type !== 'string' && ofText !== undefined)
    say(ofText, `it is about text, and \`type\` is ${type}`);
  if (ofText !== undefined && (min !== undefined || max !== undefined))
    say(ofText, 'a value cannot be a text and a number');
  const compiled = pattern === undefined ? undefined : compile(pattern);
  if (compiled === null)
    say('pattern', 'it is no regular expression (RE2)', 'RE2 knows no look-around and no references back');
  for (const [index, value] of (argument.enum ?? []).entries())
    if (!fits(value, argument, compiled))
      say(
        `enum`,
        `${JSON.stringify(value)} (number ${index + 1}) does not fit the other conditions`,
        'take it out',
      );
  return findings;
}

function compile(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null;
  }
}

function fits(
  value: string | number | boolean,
  argument: YamlArgument,
  pattern: RE2JS | null | undefined,
): boolean {
  const { type, min, max, min_length: short = 0, max_length: long = Number.POSITIVE_INFINITY } = argument;
  if (type !== undefined) {
    const ofType = type === 'integer' ? Number.isInteger(value) : typeof value === type;
    if (!ofType) return false;
  }
  if (typeof value === 'number')
    return (min === undefined || value >= min) && (max === undefined || value <= max);
  if (typeof value !== 'string') return true;
  const { length } = [...value];
  return (
    length >= short && length <= long && (pattern === null || pattern === undefined || pattern.matches(value))
  );
}

function checkTimes({ times }: YamlConditions, path: YamlFinding['path']): YamlFinding[] {
  if (times === undefined) return [];
  const { from, to, timezone } = times;
  if (from !== undefined && to !== undefined && from >= to)
    return [
      {
        path: [...path, 'to'],
        message: `no time is after ${from} and before ${to}`,
        help: 'a window over midnight is two rules',
      },
    ];
  if (timezone !== undefined && !isTimezone(timezone))
    return [
      {
        path: [...path, 'timezone'],
        message: `\`${timezone}\` is no time zone`,
        help: 'such as Europe/Berlin',
      },
    ];
  return [];
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function checkHost(host: string, path: YamlFinding['path']): YamlFinding[] {
  if (host === '*')
    return [
      { path, message: '`*` allows every host', help: 'leave `hosts` out if every host may be reached' },
    ];
  const name = host.startsWith('*.') ? host.slice(2) : host;
  return /^[a-z0-9.-]+$/.test(name) && !name.startsWith('.')
    ? []
    : [
        {
          path,
          message: `\`${host}\` is no host name`,
          help: 'lower-case, without scheme, port and path; or *.DOMAIN',
        },
      ];
}

/** A rule that an earlier one, which asks nothing, makes superfluous. */
function checkReach(rules: readonly YamlRule[]): YamlFinding[] {
  return rules.flatMap((rule, index) => {
    const earlier = rules.slice(0, index).find((other) => covers(other, rule));
    if (earlier === undefined) return [];
    return [
      {
        path: rule.path,
        message: `nothing comes to this rule: \`${earlier.id}\` before it allows the same without conditions`,
        help: 'take one of them out, or give the earlier one its conditions',
      },
    ];
  });
}

function covers(earlier: YamlRule, later: YamlRule): boolean {
  if (Object.keys(earlier.conditions).length > 0) return false;
  if (earlier.who.kind !== 'all' && whoName(earlier.who) !== whoName(later.who)) return false;
  const [one, two] = [earlier.target, later.target];
  if (one.kind === 'model' || two.kind === 'model')
    return one.kind === 'model' && two.kind === 'model' && coversModel(one.model, two.model);
  if (one.tool.sanitize !== undefined) return false;
  if (one.tool.match === undefined && one.tool.name !== two.tool.name) return false;
  if (one.tool.server !== undefined && one.tool.server !== two.tool.server) return false;
  const { actions } = one.tool;
  return actions === undefined || (two.tool.actions ?? ['']).every((action) => actions.includes(action));
}

function coversModel(one: YamlModel, two: YamlModel): boolean {
  const covered = (wide: readonly string[] | undefined, narrow: readonly string[] | undefined): boolean =>
    wide === undefined || (narrow?.every((name) => wide.includes(name)) ?? false);
  return (
    one.provider === two.provider && covered(one.models, two.models) && covered(one.regions, two.regions)
  );
}

/** Denials that leave nothing of what the policy allows. */
function checkDenials(policy: YamlPolicy, rules: readonly YamlRule[]): YamlFinding[] {
  const denials = denialsOf(policy);
  const tools = rules.filter(({ target }) => target.kind === 'tool');
  const findings: YamlFinding[] = [];
  for (const denial of denials)
    if (denial.tool.includes('*'))
      findings.push({
        path: [...denial.path, 'name'],
        message: 'a denial names one tool',
        help: 'what no rule allows is denied anyway',
      });
  const isDenied = (rule: YamlRule): boolean =>
    denials.some(
      ({ who, tool }) =>
        rule.target.kind === 'tool' &&
        rule.target.tool.name === tool &&
        (who.kind === 'all' || whoName(who) === whoName(rule.who)),
    );
  for (const rule of tools.filter(isDenied))
    findings.push({
      path: rule.path,
      message: `\`${rule.id}\` is allowed here and denied altogether elsewhere`,
      help: 'take the permission or the denial out',
    });
  return findings;
}

function checkBudgets(policy: YamlPolicy): YamlFinding[] {
  const names = (policy.budgets ?? []).map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          {
            path: ['budgets', index, 'name'],
            message: `budget \`${name}\` is defined twice`,
            help: 'give each a name of its own',
          },
        ],
  );
}
