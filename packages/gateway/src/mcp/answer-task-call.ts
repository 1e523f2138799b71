import { ProtocolError } from '@modelcontextprotocol/server';
import type { JsonObject } from '@writ/decision';
import type { Caller } from '@writ/identity';
import { errorMessage } from './answer-task.ts';
import { callAsTask } from './call-as-task.ts';
import type { CallContext } from './call-context.ts';
import type { PlainCall } from './direct-call.ts';
import type { Era } from './methods.ts';
import { encoded } from './serve-direct.ts';
import type { Task } from './task.ts';

/**
 * Answers a call that may become a task on a connection that has no other place for its answer; never rejects. Undefined
 * where its client took it back, or left: then there is no answer. `follow`: hears of a task that is kept.
 */
export async function answerTaskCall(
  context: CallContext,
  caller: Caller,
  era: Era,
  call: PlainCall,
  { gone, follow }: { readonly gone: AbortSignal; readonly follow: (task: Task) => void },
): Promise<JsonObject | undefined> {
  const { id } = call;
  try {
    const begun = await callAsTask(context, caller, era, call, gone);
    if ('kept' in begun) follow(begun.kept);
    const result = 'task' in begun ? begun.task : encoded(await begun.answer, { era });
    return gone.aborted ? undefined : { jsonrpc: '2.0', id, result: result as JsonObject };
  } catch (error) {
    if (gone.aborted) return undefined;
    const known = error instanceof ProtocolError ? error : new ProtocolError(-32_603, 'Internal error');
    return errorMessage(id, known);
  }
}
