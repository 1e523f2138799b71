import { setTimeout as delay } from 'node:timers/promises';
import type { CallToolResult, Client, RequestOptions, StandardSchemaV1 } from '@modelcontextprotocol/client';
import type { Json, JsonObject } from '@writ/decision';
import { isObject } from './json-object.ts';
import { toolAnswer } from './tool-answer.ts';
import type { UpstreamTool } from './upstream-call.ts';
import type { Connection } from './upstream-connection.ts';

/** Does this server carry the tool out only as a task that it keeps itself (2025-11-25, `execution.taskSupport`). */
export function wantsTask({ era }: Pick<Connection, 'era'>, { definition }: UpstreamTool): boolean {
  return era === 'legacy' && definition.execution?.taskSupport === 'required';
}

/** How often a server is asked how far it is, ms: what it wishes, within these. */
const POLL_MS = 1_000;
const POLL_MS_LEAST = 50;
const POLL_MS_MAX = 10_000;

/** What a server answers is looked at where it is used. */
export const ANY: StandardSchemaV1<unknown, JsonObject> = {
  '~standard': { version: 1, vendor: 'writ', validate: (value) => ({ value: value as JsonObject }) },
};

/**
 * Carries a call out as a task of its server: begins it, asks how far it is, and fetches what it came to. The one decision
 * about the call covers all of it. What the server asks meanwhile comes over the same connection. Rejects as a request does.
 */
export async function callThroughTask(
  client: Client,
  params: JsonObject,
  waiting: RequestOptions,
  touch: () => void,
): Promise<CallToolResult> {
  const ask = async (method: string, about: JsonObject): Promise<JsonObject> => {
    const answer = await client.request({ method, params: about as Record<string, unknown> }, ANY, waiting);
    touch();
    return answer;
  };
  const ttl = waiting.timeout ?? null;
  const begun = await ask('tools/call', { ...params, task: { ttl } });
  if (!isObject(begun['task'])) return soundResult(begun);
  let task = begun['task'];
  const taskId = String(task['taskId']);
  const cancel = (): void =>
    void client
      .request({ method: 'tasks/cancel', params: { taskId } }, ANY, { timeout: POLL_MS_MAX })
      .catch(() => undefined);
  waiting.signal?.addEventListener('abort', cancel, { once: true });
  try {
    while (task['status'] === 'working') {
      await delay(
        pollMs(task['pollInterval']),
        undefined,
        waiting.signal === undefined ? {} : { signal: waiting.signal },
      );
      task = await ask('tasks/get', { taskId });
    }
    // Where input is required the server asks for it while this is waited for.
    return soundResult(await ask('tasks/result', { taskId }));
  } finally {
    waiting.signal?.removeEventListener('abort', cancel);
  }
}

export function pollMs(wished: Json | undefined): number {
  return typeof wished === 'number' ? Math.min(POLL_MS_MAX, Math.max(POLL_MS_LEAST, wished)) : POLL_MS;
}

function soundResult(result: JsonObject): CallToolResult {
  const answer = toolAnswer('legacy', result, undefined);
  if (answer.kind !== 'result') throw new Error('the task came to nothing that is a result');
  return answer.result;
}
