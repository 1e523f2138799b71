import type { Action, DecisionRequest, Json, JsonObject, Resource } from '../contract.ts';
import { anyObject, present, presentOrNothing, refuse, textAt } from './reading.ts';

/**
 * AuthZEN's own form, any operation on any one resource, as an action: `operation` is the action's name, `resources`
 * holds the resource, and `args` what is particular to this question (`properties` of the action, `context`), so that
 * an approval is bound to it. There is no `tool`: nothing is called through Writ.
 */
export interface GeneralAction extends Action {
  readonly operation: string;
  readonly resources: readonly [Resource];
}

/** What of a context Writ reads itself. */
export interface OwnContext {
  readonly agent: string;
  readonly session: DecisionRequest['context'];
  readonly environment: DecisionRequest['environment'];
}

const OWN_CONTEXT = ['agent', 'session', 'environment'];

export function isGeneralForm(action: Action): action is GeneralAction {
  const { type, tool, operation, resources, args = {} } = action;
  const { properties = {}, context = {}, ...others } = args;
  return (
    type === 'tool_call' &&
    tool === undefined &&
    operation !== undefined &&
    resources?.length === 1 &&
    Object.keys(others).length === 0 &&
    isObject(properties) &&
    isObject(context) &&
    !Object.keys(context).some((name) => OWN_CONTEXT.includes(name))
  );
}

export function writeGeneralForm({ operation, resources, args }: GeneralAction, own: OwnContext): object {
  const [{ type, id, attributes }] = resources;
  return {
    action: present({ name: operation, properties: args?.['properties'] }),
    resource: present({ type, id, properties: attributes }),
    context: present({ ...(args?.['context'] as JsonObject | undefined), ...own }),
  };
}

export function readGeneralForm(
  action: JsonObject,
  resource: JsonObject,
  given: Json | undefined,
): {
  readonly agent?: string;
  readonly action: object;
  readonly context?: Json;
  readonly environment?: Json;
} {
  const { agent, session, environment, ...others } = anyObject(given ?? {}, 'input.context');
  if (agent !== undefined && typeof agent !== 'string') refuse('input.context: `agent` is not a text');
  const rest = Object.keys(others).length === 0 ? undefined : others;
  return present({
    agent,
    action: present({
      type: 'tool_call',
      phase: 'call',
      operation: textAt(action, 'name', 'input.action'),
      resources: [
        present({
          type: textAt(resource, 'type', 'input.resource'),
          id: textAt(resource, 'id', 'input.resource'),
          attributes: optionalObject(resource['properties'], 'input.resource.properties'),
        }),
      ],
      args: presentOrNothing({
        properties: optionalObject(action['properties'], 'input.action.properties'),
        context: rest,
      }),
    }),
    context: session,
    environment,
  }) as ReturnType<typeof readGeneralForm>;
}

function optionalObject(value: Json | undefined, where: string): JsonObject | undefined {
  return value === undefined ? undefined : anyObject(value, where);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
