import type { Registry, When } from '@writ/bundle';
import { matchesName } from '@writ/bundle';
import type { ActionType } from '@writ/decision';

/** A call that the registry describes, as far as the description alone tells it. */
export interface DescribedCall {
  readonly type: ActionType;
  readonly capability: string;
  /** Undefined: any, and none. */
  readonly server?: string;
  /** Undefined: any. */
  readonly tool?: string;
}

const TYPE_OF_METHOD: Readonly<Record<string, ActionType>> = {
  'resources/read': 'resource_read',
  'prompts/get': 'prompt_get',
  'completion/complete': 'completion',
};

/** All calls that a registry describes. */
export function describedCalls(registry: Registry): DescribedCall[] {
  const tools = [...registry.tools].flatMap(([server, entries]) =>
    [...entries].flatMap(([tool, each]) =>
      each.map(({ capability }) => ({
        type: TYPE_OF_METHOD[tool] ?? ('tool_call' as const),
        capability: capability.id,
        ...(server === '*' ? {} : { server }),
        // What is no tool stands in the registry under the protocol's method.
        ...(tool === '*' || TYPE_OF_METHOD[tool] !== undefined ? {} : { tool }),
      })),
    ),
  );
  const http = registry.http.map(({ id }) => ({ type: 'http_request' as const, capability: id }));
  const models = registry.models.map(({ id }) => ({ type: 'model_inference' as const, capability: id }));
  return [...tools, ...http, ...models];
}

/** May a described call fall under a `when`. */
export function mayFall({ types, servers, tools, capabilities }: When, call: DescribedCall): boolean {
  return (
    (types === undefined || types.includes(call.type)) &&
    mayMatch(servers, call.server, call.type !== 'model_inference' && call.type !== 'http_request') &&
    mayMatch(tools, call.tool, call.type === 'tool_call') &&
    mayMatch(capabilities, call.capability, false)
  );
}

function mayMatch(
  patterns: readonly string[] | undefined,
  name: string | undefined,
  isOpen: boolean,
): boolean {
  if (patterns === undefined) return true;
  return name === undefined ? isOpen : patterns.some((pattern) => matchesName(pattern, name));
}
