import { bandsOf, denialsOf, rulesOf, whoName, type YamlRule } from './rules.ts';
import type { YamlPolicy } from './schema.ts';

/** The policy in sentences, for people who review it. */
export function explainYamlPolicy(policy: YamlPolicy): string {
  const sentences = [
    ...rulesOf(policy).flatMap(explainRule),
    ...denialsOf(policy).map(
      ({ who, tool, reason }) => `${whoText(whoName(who))} may never use ${tool} (${reason}).`,
    ),
    ...(policy.budgets ?? []).map(
      ({ name, per, unit, limit, window }) =>
        `Budget ${name}: at most ${limit} ${unit} per ${per}${window === undefined ? '' : ` and ${window}`}.`,
    ),
    'Everything else that these tools and agents could do is denied.',
  ];
  return `${sentences.join('\n')}\n`;
}

function whoText(name: string): string {
  return name === 'all' ? 'Every agent' : name;
}

function explainRule(rule: YamlRule): string[] {
  const { target, conditions } = rule;
  const what =
    target.kind === 'model'
      ? `${target.model.models?.join(', ') ?? 'every model'} of ${target.model.provider}${target.model.regions === undefined ? '' : ` in ${target.model.regions.join(', ')}`}`
      : `${target.tool.name ?? 'every tool'}${target.tool.actions === undefined ? '' : ` to ${target.tool.actions.join(', ')}`}${target.tool.server === undefined ? '' : ` of server ${target.tool.server}`}`;
  const conditionsText = explainConditions(rule);
  const sanitized = target.kind === 'tool' ? (target.tool.sanitize ?? []).map(({ field }) => field) : [];
  return [
    `${whoText(whoName(rule.who))} may use ${what}${conditionsText.length === 0 ? '.' : ':'}`,
    ...conditionsText.map((line) => `  - ${line}`),
    ...(sanitized.length === 0
      ? []
      : [
          `  - ${sanitized.join(', ')} ${sanitized.length === 1 ? 'is' : 'are'} redacted before the call goes out`,
        ]),
    ...(conditions.approval === undefined ? [] : ['  - a person must approve each call']),
    ...(conditions.step_up === undefined
      ? []
      : [`  - the person behind it must prove who they are (${conditions.step_up.join(' or ')})`]),
  ];
}

function explainConditions({ conditions }: YamlRule): string[] {
  const lines: string[] = [];
  const bands = bandsOf(conditions);
  if (bands !== undefined) {
    lines.push(`${bands.pointer} must be a number; up to ${bands.allowed} it is allowed`);
    lines.push(
      bands.hardLimit === undefined
        ? 'above that it is denied'
        : `above that a person must approve; above ${bands.hardLimit} it is denied`,
    );
  }
  for (const [pointer, { optional, ...bounds }] of Object.entries(conditions.arguments ?? {})) {
    const text = Object.entries(bounds)
      .map(([key, value]) => `${key} ${JSON.stringify(value)}`)
      .join(', ');
    lines.push(
      `${pointer}${optional === true ? ', where it is given,' : ''} must have ${text === '' ? 'a value' : text}`,
    );
  }
  const { times, hosts, data_classes: classes, scopes, groups } = conditions;
  if (times !== undefined) {
    const { days, from, to, timezone = 'UTC' } = times;
    lines.push(
      `only${days === undefined ? '' : ` on ${days.join(', ')}`}${from === undefined ? '' : ` from ${from}`}${to === undefined ? '' : ` until ${to}`} (${timezone})`,
    );
  }
  if (hosts !== undefined) lines.push(`only to ${hosts.join(', ')}`);
  if (classes !== undefined) lines.push(`only with data of class ${classes.join(', ')}`);
  if (conditions.same_tenant === true) lines.push('only on what belongs to the principal’s tenant');
  if (scopes !== undefined) lines.push(`only for principals with ${scopes.join(' and ')}`);
  if (groups !== undefined) lines.push(`only for principals in ${groups.join(' or ')}`);
  if (conditions.calls_per_session !== undefined)
    lines.push(`at most ${conditions.calls_per_session} calls of a session before it`);
  return lines;
}
