import type { YamlAgent, YamlConditions, YamlExample, YamlModel, YamlPolicy, YamlTool } from './schema.ts';

/** Who a rule is about. */
export type Who =
  | { readonly kind: 'agent'; readonly id: string }
  | { readonly kind: 'class'; readonly name: string }
  | { readonly kind: 'all' };

/** One permission of the policy, with the place where it was written. */
export interface YamlRule {
  /** Stable and unique: `finance-agent/stripe-payments`. Parameters stand under it in data. */
  readonly id: string;
  readonly who: Who;
  readonly target:
    | { readonly kind: 'tool'; readonly tool: YamlTool }
    | { readonly kind: 'model'; readonly model: YamlModel };
  readonly conditions: YamlConditions;
  readonly examples: readonly YamlExample[];
  /** Keys and positions from the document's top. */
  readonly path: readonly (string | number)[];
}

export interface YamlDenial {
  readonly who: Who;
  readonly tool: string;
  readonly reason: string;
  readonly remediation: string | undefined;
  readonly path: readonly (string | number)[];
}

/** The agents of a policy with where each stands: the one at the top, or those of the list. */
export function agentsOf(
  policy: YamlPolicy,
): readonly { readonly agent: YamlAgent; readonly path: readonly (string | number)[] }[] {
  const { agents = [], name: _, budgets: __, $schema: ___, ...top } = policy;
  const isTop = Object.values(top).some((value) => value !== undefined);
  return [
    ...(isTop ? [{ agent: top, path: [] }] : []),
    ...agents.map((agent, index) => ({ agent, path: ['agents', index] })),
  ];
}

export function whoOf(agent: YamlAgent): Who {
  if (agent.agent !== undefined) return { kind: 'agent', id: agent.agent };
  if (agent.class !== undefined) return { kind: 'class', name: agent.class };
  return { kind: 'all' };
}

export function whoName(who: Who): string {
  if (who.kind === 'agent') return who.id;
  return who.kind === 'class' ? `class:${who.name}` : 'all';
}

/** The permissions of a policy in the order in which they were written. */
export function rulesOf(policy: YamlPolicy): readonly YamlRule[] {
  const taken = new Map<string, number>();
  const unique = (id: string): string => {
    const count = (taken.get(id) ?? 0) + 1;
    taken.set(id, count);
    return count === 1 ? id : `${id}#${count}`;
  };
  return agentsOf(policy).flatMap(({ agent, path }) => {
    const who = whoOf(agent);
    const tools = (agent.allowed_tools ?? []).map(
      (tool, index): YamlRule => ({
        id: unique(`${whoName(who)}/${tool.name ?? 'all'}`),
        who,
        target: { kind: 'tool', tool },
        conditions: tool.conditions ?? {},
        examples: tool.examples ?? [],
        path: [...path, 'allowed_tools', index],
      }),
    );
    const models = (agent.allowed_models ?? []).map(
      (model, index): YamlRule => ({
        id: unique(`${whoName(who)}/model:${model.provider}`),
        who,
        target: { kind: 'model', model },
        conditions: model.conditions ?? {},
        examples: model.examples ?? [],
        path: [...path, 'allowed_models', index],
      }),
    );
    return [...tools, ...models];
  });
}

export function denialsOf(policy: YamlPolicy): readonly YamlDenial[] {
  return agentsOf(policy).flatMap(({ agent, path }) =>
    (agent.denied_tools ?? []).map(({ name, reason, remediation }, index) => ({
      who: whoOf(agent),
      tool: name,
      reason: reason ?? 'tool_denied',
      remediation,
      path: [...path, 'denied_tools', index],
    })),
  );
}

/** How a rule treats an amount: allowed up to the first figure, to a person up to the second, refused beyond. */
export interface AmountBands {
  readonly pointer: string;
  readonly allowed: number;
  readonly hardLimit: number | undefined;
}

/** How many times `max_amount` a person may still approve, where no hard limit is written. */
const HARD_LIMIT_FACTOR = 10;

export function bandsOf(conditions: YamlConditions): AmountBands | undefined {
  const { max_amount: max, approval_threshold: threshold, hard_limit: hard, amount = '/amount' } = conditions;
  const allowed = threshold ?? max;
  if (allowed === undefined) return undefined;
  const asksPeople = threshold !== undefined || hard !== undefined;
  return {
    pointer: amount,
    allowed,
    hardLimit: asksPeople ? (hard ?? (max ?? allowed) * HARD_LIMIT_FACTOR) : undefined,
  };
}
