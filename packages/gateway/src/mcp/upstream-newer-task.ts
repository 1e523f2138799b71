import { setTimeout as delay } from 'node:timers/promises';
import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  type Client,
  ProtocolError,
  type RequestOptions,
} from '@modelcontextprotocol/client';
import type { Json, JsonObject } from '@writ/decision';
import { isObject } from './json-object.ts';
import { TASKS_EXTENSION } from './tasks-extension.ts';
import { toolAnswer } from './tool-answer.ts';
import { ANY, pollMs } from './upstream-task.ts';

/** A task that a server of the newer era keeps, as far as it is known. */
export interface NewerTask {
  readonly id: string;
  /** Questions of it that were passed on, by key: no key is asked about twice. */
  readonly asked: readonly string[];
  /** As the server told it last. */
  readonly told?: JsonObject;
}

/** How the state of a round begins that belongs to a task, and not to the server. */
const STATE = 'writ-task ';
const META = { _meta: { [CLIENT_CAPABILITIES_META_KEY]: { extensions: { [TASKS_EXTENSION]: {} } } } };

/** The task that a call became. */
export function begunTask(told: JsonObject): NewerTask {
  return { id: String(told['taskId']), asked: [], told };
}

/** The task whose questions were asked in an earlier round; undefined where the state is the server's own. */
export function keptTask(state: string | undefined): NewerTask | undefined {
  if (state?.startsWith(STATE) !== true) return undefined;
  try {
    const { id, asked } = JSON.parse(state.slice(STATE.length)) as JsonObject;
    if (typeof id !== 'string' || !Array.isArray(asked)) return undefined;
    return { id, asked: (asked as readonly Json[]).map(String) };
  } catch {
    return undefined;
  }
}

/**
 * Follows a task of a server to what it comes to, or to questions that its client has to answer: then the answers come back
 * with the state. The one decision about the call covers all of it. Rejects as a request does.
 */
export async function followTask(
  client: Client,
  { id, asked, told }: NewerTask,
  responses: JsonObject | undefined,
  waiting: RequestOptions,
  touch: () => void,
): Promise<CallToolResult> {
  const ask = async (method: string, params: JsonObject): Promise<JsonObject> => {
    const answer = await client.request({ method, params: { taskId: id, ...params, ...META } }, ANY, waiting);
    touch();
    return answer;
  };
  const cancel = (): void => {
    const params = { taskId: id, ...META };
    void client.request({ method: 'tasks/cancel', params }, ANY, { timeout: 10_000 }).catch(() => undefined);
  };
  waiting.signal?.addEventListener('abort', cancel, { once: true });
  try {
    if (responses !== undefined && told === undefined)
      await ask('tasks/update', { inputResponses: responses });
    for (let task = told ?? (await ask('tasks/get', {})); ; task = await ask('tasks/get', {})) {
      const end = endOf(id, asked, task);
      if (end !== undefined) return end;
      const pause = waiting.signal === undefined ? {} : { signal: waiting.signal };
      await delay(pollMs(task['pollIntervalMs']), undefined, pause);
    }
  } finally {
    waiting.signal?.removeEventListener('abort', cancel);
  }
}

/** What a task came to, or asks; undefined where it goes on. */
function endOf(
  id: string,
  asked: readonly string[],
  { status, result, error, inputRequests }: JsonObject,
): CallToolResult | undefined {
  if (status === 'working') return undefined;
  if (status === 'input_required') {
    const open = Object.entries(isObject(inputRequests) ? inputRequests : {}).filter(
      ([key]) => !asked.includes(key),
    );
    if (open.length === 0) return undefined;
    const state = { id, asked: [...asked, ...open.map(([key]) => key)] };
    const questions = {
      resultType: 'input_required',
      inputRequests: Object.fromEntries(open),
      requestState: `${STATE}${JSON.stringify(state)}`,
    };
    // The SDK's client gives a server's questions in the same way; its type does not say so.
    return questions as unknown as CallToolResult;
  }
  const given = isObject(result) ? { ...result, resultType: 'complete' } : undefined;
  const answer =
    status === 'failed'
      ? toolAnswer('modern', undefined, error ?? null)
      : toolAnswer('modern', given, undefined);
  if (answer.kind === 'result') return answer.result;
  if (answer.kind === 'error') throw new ProtocolError(answer.code, answer.message, answer.data);
  throw new Error('the task came to nothing that is a result');
}
