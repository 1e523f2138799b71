import { parsePointer } from '@writ/decision';
import { comment } from './emit-rego.ts';
import { bandsOf, rulesOf, type YamlRule } from './rules.ts';
import type { YamlExample, YamlPolicy } from './schema.ts';

type Document = { readonly [key: string]: unknown };

/** Tests of the module, made of the policy's own examples, and of what must hold of every amount. */
export function emitTests(policy: YamlPolicy, name: string, file: string): string {
  const tests = rulesOf(policy).flatMap((rule, index) => testsOf(rule, index + 1, name));
  return `${[
    comment(`Made by \`writ yaml build\` from ${file}. Change that file and build again.`),
    `package ${name}_test`,
    '',
    `import data.${name}`,
    '',
    STRICTEST,
    ...tests.flatMap((test) => ['', test]),
  ].join('\n')}\n`;
}

const STRICTEST = `strictest(answers) := [outcome |
	some outcome in ["deny", "step_up", "escalate", "sanitize", "allow"]
	some answer in answers
	answer.outcome == outcome
][0]`;

interface Case {
  readonly title: string;
  readonly input: Document;
  readonly expect: string;
  readonly reason?: string | undefined;
}

function testsOf(rule: YamlRule, number: number, name: string): string[] {
  const cases = [
    ...rule.examples.map((example, index) => exampleCase(rule, example, index + 1)),
    ...amountCases(rule),
    strangerCase(rule),
  ];
  return cases.filter((one) => one !== undefined).map((one) => emitTest(one, `rule_${number}`, name));
}

function emitTest({ title, input, expect, reason }: Case, prefix: string, name: string): string {
  const given = `with input as ${JSON.stringify(input)}`;
  const lines = [
    `strictest(data.${name}.decision) == ${JSON.stringify(expect)} ${given}`,
    ...(reason === undefined
      ? []
      : [`${JSON.stringify(reason)} in {answer.reason | some answer in data.${name}.decision} ${given}`]),
  ];
  return `test_${prefix}_${title.toLowerCase().replace(/[^a-z0-9]+/g, '_')} if {\n${lines.map((line) => `\t${line}`).join('\n')}\n}`;
}

function exampleCase(rule: YamlRule, example: YamlExample, number: number): Case {
  const base = requestOf(rule);
  const withArgs = example.args === undefined ? base : merge(base, { action: { args: example.args } });
  return {
    // Two tests of one name would be one that passes where either does.
    title: `example_${number}${example.name === undefined ? '' : `_${example.name}`}`,
    input: merge(withArgs, (example.input ?? {}) as Document),
    expect: example.expect,
    reason: example.reason,
  };
}

/** The edges of each band, and what is no amount at all. */
function amountCases(rule: YamlRule): (Case | undefined)[] {
  const bands = bandsOf(rule.conditions);
  if (bands === undefined || rule.conditions.arguments !== undefined || rule.conditions.times !== undefined)
    return [];
  if (rule.conditions.approval !== undefined || rule.conditions.step_up !== undefined) return [];
  const steps = parsePointer(bands.pointer) ?? [];
  const at = (title: string, amount: unknown, expect: string, reason: string): Case => ({
    title,
    input: merge(requestOf(rule), { action: { args: nested(steps, amount) } }),
    expect,
    reason,
  });
  const beyond =
    bands.hardLimit === undefined
      ? [at('above_the_limit', bands.allowed + 1, 'deny', 'amount_over_limit')]
      : [
          ...(bands.hardLimit > bands.allowed + 1
            ? [at('above_the_threshold', bands.allowed + 1, 'escalate', 'approval_needed')]
            : []),
          at('above_the_hard_limit', bands.hardLimit + 1, 'deny', 'blocked_over_hard_limit'),
        ];
  return [
    at('at_the_limit', bands.allowed, 'allow', 'within_limit'),
    ...beyond,
    at('amount_null', null, 'deny', 'amount_missing'),
    at('amount_negative', -1, 'deny', 'amount_missing'),
    at('amount_text', String(bands.allowed), 'deny', 'amount_missing'),
  ];
}

function strangerCase(rule: YamlRule): Case | undefined {
  if (rule.who.kind === 'all') return undefined;
  const stranger = merge(requestOf(rule), { actor: { id: 'nobody-knows', class: 'nobody-knows' } });
  return { title: 'another_agent', input: stranger, expect: 'deny', reason: 'not_allowed' };
}

/** A request that the rule is about, with everything that its conditions ask beside the arguments. */
function requestOf({ who, target, conditions }: YamlRule): Document {
  const host = conditions.hosts?.[0];
  const actor =
    who.kind === 'class'
      ? { id: 'agent:example', class: who.name }
      : { id: who.kind === 'agent' ? who.id : 'agent:example' };
  const tool = target.kind === 'tool' ? target.tool : undefined;
  const model = target.kind === 'model' ? target.model : undefined;
  return compact({
    principal: {
      id: 'user:example',
      tenant: 'example',
      scopes: conditions.scopes,
      groups: conditions.groups,
    },
    actor,
    action: {
      type: tool === undefined ? 'model_inference' : 'tool_call',
      phase: 'call',
      tool: tool === undefined ? undefined : (tool.name ?? 'any-tool'),
      server: tool?.server,
      operation: tool?.actions?.[0],
      args: tool === undefined ? undefined : {},
      provider: model?.provider,
      model: model?.models?.[0]?.replaceAll('*', 'x') ?? (model === undefined ? undefined : 'x'),
      region: model?.regions?.[0],
      destination: host === undefined ? undefined : { host: host.replace(/^\*/, 'a') },
      data_classes_referenced: conditions.data_classes,
      resources:
        conditions.same_tenant === true ? [{ type: 'example', id: '1', tenant: 'example' }] : undefined,
    },
    context: { request_count: 0 },
    environment: { time: '2026-01-05T12:00:00Z' },
  });
}

function compact(value: Document): Document {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, isDocument(member) ? compact(member) : member]),
  );
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merge(base: Document, over: Document): Document {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const present = merged[key];
    merged[key] = isDocument(present) && isDocument(value) ? merge(present, value) : value;
  }
  return merged;
}

function nested(steps: readonly string[], value: unknown): Document {
  return steps.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) as Document;
}
