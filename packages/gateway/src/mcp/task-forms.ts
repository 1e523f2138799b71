import {
  MissingRequiredClientCapabilityError,
  type ProtocolError,
  SERVER_INFO_META_KEY,
} from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import { isObject } from './json-object.ts';
import type { Era } from './methods.ts';
import { SERVER_INFO } from './serve-mcp.ts';
import type { Task } from './task.ts';
import { TASKS_EXTENSION } from './tasks-extension.ts';

const RELATED_TASK = 'io.modelcontextprotocol/related-task';
const POLL_MS = 1_000;

/** Does a client of the newer era say that it can keep tasks. */
export function keepsTasks(capabilities: unknown): boolean {
  const { extensions } = (capabilities ?? {}) as { readonly extensions?: JsonObject };
  return isObject(extensions) && Object.hasOwn(extensions, TASKS_EXTENSION);
}

/** The protocol's refusal of a request about tasks by a client that does not say that it keeps any. */
export function missingTasks(): ProtocolError {
  return new MissingRequiredClientCapabilityError({
    requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
  });
}

/** What a client is told when its call became a task. */
export function createdTask(task: Task, era: Era): JsonObject {
  return era === 'legacy' ? { task: olderTask(task) } : newer({ ...newerTask(task), resultType: 'task' });
}

/** The task as `tasks/get` tells it. In the newer era that holds what it came to. */
export function shownTask(task: Task, era: Era): JsonObject {
  return era === 'legacy' ? olderTask(task) : complete(detailedTask(task));
}

/** The whole of a task as the newer era tells it: asked for, or by `notifications/tasks`. */
export function detailedTask(task: Task): JsonObject {
  const { outcome, questions } = task;
  return {
    ...newerTask(task),
    ...(task.status === 'input_required' ? { inputRequests: questions } : {}),
    ...(outcome?.kind === 'result' ? { result: { ...outcome.result } as unknown as JsonObject } : {}),
    ...(outcome?.kind === 'error' ? { error: outcome.error } : {}),
  };
}

/** What a task of the older era came to, as the call itself would have been answered. */
export function taskResult(task: Task): { readonly result: JsonObject } | { readonly error: JsonObject } {
  const { outcome, id } = task;
  if (outcome?.kind === 'error') return { error: outcome.error };
  if (outcome === undefined) return { error: { code: -32_603, message: 'The task was cancelled.' } };
  const _meta = { ...outcome.result._meta, [RELATED_TASK]: { taskId: id } };
  return { result: { ...outcome.result, _meta } as unknown as JsonObject };
}

/** An answer that says nothing but that it was heard. */
export const heard: JsonObject = complete({});

function complete(result: JsonObject): JsonObject {
  return newer({ ...result, resultType: 'complete' });
}

function newer(result: JsonObject): JsonObject {
  return { ...result, _meta: { [SERVER_INFO_META_KEY]: { ...SERVER_INFO } } };
}

/** What both eras say of a task in the same words. */
function commonOf({ id, status, message, createdAt, updatedAt }: Task): JsonObject {
  return {
    taskId: id,
    status,
    ...(message === undefined ? {} : { statusMessage: message }),
    createdAt,
    lastUpdatedAt: updatedAt,
  };
}

/** As it stands in answers of the older era. */
export function olderTask(task: Task): JsonObject {
  return { ...commonOf(task), ttl: task.ttlMs, pollInterval: POLL_MS };
}

function newerTask(task: Task): JsonObject {
  return { ...commonOf(task), ttlMs: task.ttlMs, pollIntervalMs: POLL_MS };
}
