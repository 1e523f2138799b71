import { checkStrictValue, hashToolDefinition, type JsonObject } from '@writ/decision';
import { sha256Hex } from './check-decision.ts';
import type { PendingCall } from './errors.ts';
import type { GuardOptions } from './guard-options.ts';
import { GuardedRun, type RunnableTool } from './guarded-run.ts';

/** A tool as agent loops hold it: a function of its arguments, or an object with `execute`. Arguments are one object. */
export type Tool = ToolFunction | ToolObject;
/** `never` in the place of parameters: any function fits, and none can be called without saying what it takes. */
export type ToolFunction = (args: never, ...rest: never[]) => unknown;
export interface ToolObject {
  readonly execute: ToolFunction;
  readonly description?: string;
}

type GuardedFunction<T extends ToolFunction> = (
  ...args: Parameters<T>
) => Promise<Awaited<ReturnType<T>> | string>;
/** The same tool; a refusal comes back as a text in place of its result. */
export type GuardedTool<T extends Tool> = T extends ToolFunction
  ? GuardedFunction<T>
  : T extends ToolObject
    ? Omit<T, 'execute'> & { readonly execute: GuardedFunction<T['execute']> }
    : never;
export type GuardedTools<T extends Readonly<Record<string, Tool>>> = {
  readonly [Name in keyof T]: GuardedTool<T[Name]>;
};

const RUNS = new WeakMap<object, GuardedRun>();

/**
 * Puts a decision point between an agent and its tools: the same tools, by the same names, whose calls are decided,
 * run with exactly the arguments that were authorised, and completed. A tool never runs on a refusal or on any fault.
 *
 * A refusal comes back as the tool's result, its machine-readable reason first (`TOOL_DENIED: amount_over_limit. …`),
 * so that the model can choose something else; `onDeny: 'throw'` raises `PolicyViolation`. A call that a person has
 * to approve is kept by the decision point: see `onEscalate` and `resume`. The obligation `halt` stops the run: every
 * later call throws `RunHalted`. This binds an agent whose code calls the guarded tools, and no other.
 */
export function guard<T extends Readonly<Record<string, Tool>>>(
  tools: T,
  options: GuardOptions,
): GuardedTools<T> {
  const runnable = new Map<string, RunnableTool>();
  const run = new GuardedRun(runnable, options);
  const guarded: Record<string, unknown> = {};
  for (const [name, tool] of Object.entries(tools)) {
    const entry = runnableTool(name, tool);
    runnable.set(name, entry);
    const execute = (args?: unknown, ...rest: unknown[]): Promise<unknown> => run.call(entry, args, rest);
    guarded[name] = typeof tool === 'function' ? execute : { ...tool, execute };
  }
  RUNS.set(guarded, run);
  return Object.freeze(guarded) as GuardedTools<T>;
}

/**
 * Goes on with a call that waited for a person, as the tools' `onDeny` and `onEscalate` say: it is decided anew with
 * the approval (which lifts exactly what it was asked for, once) and run. A rejection is refused with `human_rejected`.
 * `call` is needed in another process than the one that made the call, unless the approval shows its arguments whole.
 */
export function resume(
  tools: object,
  approvalId: string,
  call?: Pick<PendingCall, 'tool' | 'args'>,
): Promise<unknown> {
  const run = RUNS.get(tools);
  if (run === undefined) return Promise.reject(new TypeError('these tools were not made by guard()'));
  return run.resume(approvalId, call);
}

/**
 * Appeals against the denial of a call: where policy takes appeals (`appeal_path: access_request`), a person is asked
 * about exactly this call, and `resume` goes on with it after a yes. Rejects with `PolicyViolation` where there is
 * nothing to appeal; the call itself is not made.
 */
export function appeal(
  tools: object,
  call: Pick<PendingCall, 'tool' | 'args'>,
  justification?: string,
): Promise<PendingCall> {
  const run = RUNS.get(tools);
  if (run === undefined) return Promise.reject(new TypeError('these tools were not made by guard()'));
  return run.appeal(call, justification);
}

function runnableTool(name: string, tool: Tool): RunnableTool {
  if (typeof tool === 'function')
    return { name, execute: (args, rest) => tool(args as never, ...(rest as never[])) };
  const digest = digestOf(name, tool);
  return {
    name,
    execute: (args: JsonObject, rest) => tool.execute(args as never, ...(rest as never[])),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Digest of the definition that the model sees; undefined where there is none or its schema is no plain JSON. */
function digestOf(name: string, tool: ToolObject): string | undefined {
  const { description, parameters, inputSchema } = tool as ToolObject & {
    parameters?: unknown;
    inputSchema?: unknown;
  };
  const schema = inputSchema ?? parameters;
  if (description === undefined && schema === undefined) return undefined;
  const checked = schema === undefined ? undefined : checkStrictValue(schema);
  if (checked !== undefined && !checked.ok) return undefined;
  return hashToolDefinition(
    {
      name,
      ...(description === undefined ? {} : { description }),
      ...(checked === undefined ? {} : { inputSchema: checked.value }),
    },
    sha256Hex,
  );
}
