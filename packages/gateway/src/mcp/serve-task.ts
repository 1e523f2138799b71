import { ProtocolError } from '@modelcontextprotocol/server';
import type { Action, Json, JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { askDecision, type Incoming, reportRefused } from './ask-decision.ts';
import type { CallContext } from './call-context.ts';
import { CALL_STEPS } from './call-steps.ts';
import { callerKey } from './caller-key.ts';
import { Flight } from './flight.ts';
import { isObject } from './json-object.ts';
import { type Era, METHODS, named } from './methods.ts';
import { faultError } from './refusal.ts';
import { refuseRequest } from './refuse.ts';
import type { Task } from './task.ts';
import { heard, olderTask, shownTask, taskResult } from './task-forms.ts';
import { judgeList } from './visible.ts';

/** Requests about tasks, by who asks. */
export interface TaskRequest {
  readonly caller: Caller;
  readonly era: Era;
  readonly id: Json;
  readonly method: TaskMethod;
  readonly params: JsonObject;
}

export type TaskMethod = Extract<keyof typeof METHODS, `tasks/${string}`>;

export function isTaskMethod(method: Json | undefined): method is TaskMethod {
  return typeof method === 'string' && method.startsWith('tasks/') && Object.hasOwn(METHODS, method);
}

/** Decides about one request for a task, and carries it out. Rejects with a protocol error. */
export async function serveTask(context: CallContext, request: TaskRequest): Promise<JsonObject> {
  const { method, params, id } = request;
  const meta = isObject(params['_meta']) ? params['_meta'] : {};
  const served = await context.inFlight.run(() =>
    context.telemetry.request({ method, meta, id: String(id) }, () => carryOut(context, request)),
  );
  // A result is waited for: whoever stops the gateway need not wait for it too.
  return 'waitFor' in served ? resultOf(served.waitFor) : served.answer;
}

type Served = { readonly answer: JsonObject } | { readonly waitFor: Task };

async function carryOut(context: CallContext, request: TaskRequest): Promise<Served> {
  const { method, era, params } = request;
  if (method === 'tasks/list')
    return { answer: { tasks: (await visibleTasks(context, request)).map(olderTask) } };
  const task = await authorizedTask(context, request);
  switch (method) {
    case 'tasks/get':
      return { answer: shownTask(task, era) };
    case 'tasks/cancel':
      return { answer: cancel(task, era) };
    case 'tasks/update':
      task.answer(isObject(params['inputResponses']) ? params['inputResponses'] : {});
      return { answer: heard };
    case 'tasks/result':
      return { waitFor: task };
  }
}

async function resultOf(task: Task): Promise<JsonObject> {
  await task.ended;
  const answer = taskResult(task);
  if ('result' in answer) return answer.result;
  const { code, message, data } = answer.error;
  throw new ProtocolError(Number(code), String(message), data);
}

function cancel(task: Task, era: Era): JsonObject {
  if (era === 'modern') {
    task.cancel();
    return heard;
  }
  if (task.over) throw new ProtocolError(INVALID_PARAMS, 'The task is over already.');
  task.cancel();
  return olderTask(task);
}

const INVALID_PARAMS = -32_602;

/** The caller's own task, if policies let it be asked about in this way. */
async function authorizedTask(context: CallContext, request: TaskRequest): Promise<Task> {
  const { caller, method, params } = request;
  const { taskId } = params;
  context.observe?.(CALL_STEPS.locate.name);
  const task = typeof taskId === 'string' ? context.tasks.find(callerKey(caller), taskId) : undefined;
  const incoming = incomingOf(request);
  if (task === undefined) {
    const message = 'There is no such task.';
    await reportRefused(context.point, incoming, { type: 'task', phase: 'call' }, 'task_unknown', message);
    throw faultError('task_unknown', message);
  }
  context.observe?.(CALL_STEPS.decision.name);
  const decision = await askDecision(context.point, incoming, actionOf(task, method), undefined);
  if (decision.effect !== 'proceed')
    throw refuseRequest({ options: context.refusals, channel: incoming.channel, caller }, decision);
  const { taskId: forwarded = task.id } = decision.forwarded_args ?? {};
  const same = forwarded === task.id;
  // What a task came to passed the output policy when it ended; this only tells it.
  await context.point.complete({
    decision_id: decision.decision_id,
    status: same ? 'succeeded' : 'not_sent',
  });
  if (!same) throw faultError('outcome_not_expressible', 'The policy redacts which task is meant.');
  return task;
}

/**
 * May this caller hear of what becomes of a task of its own: a decision of its own each time, as for who asks. Whatever
 * fails says no.
 */
export async function mayHearOfTask(
  context: Pick<CallContext, 'point'>,
  caller: Caller,
  era: Era,
  task: Task,
): Promise<boolean> {
  const incoming = incomingOf({ caller, era, params: {} });
  const action = actionOf(task, 'notifications/tasks');
  const decision = await askDecision(context.point, incoming, action, undefined);
  if (decision.effect !== 'proceed') return false;
  await context.point.complete({ decision_id: decision.decision_id, status: 'succeeded' });
  return true;
}

function actionOf(task: Task, operation: string): Action {
  return {
    type: METHODS['tasks/get'].type,
    phase: 'call',
    operation,
    // Its tool stands among the arguments: this request does not call it, and owes none of what a call of it owes.
    args: { taskId: task.id, tool: task.tool },
    resources: [named('task', task.id)],
  };
}

async function visibleTasks(context: CallContext, request: TaskRequest): Promise<readonly Task[]> {
  const tasks = context.tasks.of(callerKey(request.caller));
  const items = tasks.map(({ id }) => ({ resources: [named('task', id)] }));
  const visible = await judgeList(context, incomingOf(request), 'tasks/list', items);
  return tasks.filter((_, index) => visible[index] === true);
}

function incomingOf({ caller, era, params }: Pick<TaskRequest, 'caller' | 'era' | 'params'>): Incoming {
  const { _meta: meta } = params;
  return {
    caller,
    channel: { era },
    meta: isObject(meta) ? meta : {},
    capabilities: {},
    flight: new Flight(),
  };
}
