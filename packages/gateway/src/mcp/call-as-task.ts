import { ProtocolError } from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { APPROVAL_META_KEY } from './ask-decision.ts';
import type { Asked } from './asked.ts';
import type { CallContext } from './call-context.ts';
import { callerKey } from './caller-key.ts';
import type { CallAnswer, PlainCall } from './direct-call.ts';
import { requestFront } from './front.ts';
import type { Era } from './methods.ts';
import { faultResult } from './refusal.ts';
import { serveCall } from './serve-mcp.ts';
import { pendingApproval, Task, type TaskRound } from './task.ts';
import { createdTask } from './task-forms.ts';

/** What a call that may become a task is answered with. */
export type TaskCallAnswer =
  | { readonly task: JsonObject; readonly kept: Task }
  | { readonly answer: Promise<CallAnswer> };

/**
 * Begins a call that goes on behind its request. A client of the older era said that it wants a task and gets one; one of
 * the newer era gets its answer where that is quick, and a task where it is not, or waits for a person.
 */
export async function callAsTask(
  context: CallContext,
  caller: Caller,
  era: Era,
  call: PlainCall,
  gone: AbortSignal,
): Promise<TaskCallAnswer> {
  const { limits, tasks } = context;
  const task = new Task({
    owner: callerKey(caller),
    tool: call.name,
    work: (round) => oneRound(context, caller, era, call, round),
    decided: (id, signal) => context.decided(id, signal),
    ttlMs: Math.min(call.task?.ttlMs ?? limits.taskTtlMs, limits.taskTtlMs),
    roundsMax: limits.rounds,
  });
  const leave = () => task.cancel();
  if (gone.aborted) leave();
  gone.addEventListener('abort', leave, { once: true });
  if (era === 'modern' && !(await outlasts(task, limits.taskAfterMs))) return { answer: task.first };
  // From here on the task is there for whoever asks with its id, also when this client is gone.
  gone.removeEventListener('abort', leave);
  if (tasks.keep(task)) return { task: createdTask(task, era), kept: task };
  task.cancel();
  const message = `At most ${limits.tasksPerCaller} tasks of one caller are kept; ask again when one is over.`;
  return { answer: Promise.resolve(faultResult('tasks_exhausted', message)) };
}

/** Is there anything to wait for that takes longer than this. */
async function outlasts(task: Task, waitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), waitMs);
  });
  const first = await Promise.race([task.first.catch(() => undefined), late]);
  clearTimeout(timer);
  return first === 'late' || (first !== undefined && pendingApproval(first) !== undefined);
}

function oneRound(
  context: CallContext,
  caller: Caller,
  era: Era,
  call: PlainCall,
  { inputs, approval, signal }: TaskRound,
): Promise<CallAnswer> {
  const asked: Asked = {
    id: call.id,
    meta: { ...call.meta, ...(approval === undefined ? {} : { [APPROVAL_META_KEY]: approval }) },
    envelope: call.envelope,
    signal,
    ...(inputs === undefined ? {} : { inputs }),
    // Nobody listens while the work goes on.
    notify: async () => {},
    ask: () => Promise.reject(new ProtocolError(-32_603, 'a task asks by its status')),
  };
  return serveCall(requestFront(context, caller, { era }), asked, call.name, call.args);
}
