import { parentPort, workerData } from 'node:worker_threads';
import { updateLogCopy } from '../log-copy.ts';
import type { IndexAnswer, IndexQuestion } from './index-thread.ts';
import { CursorFault, LogIndex } from './log-index.ts';
import { yieldToDecisions } from './yield-to-decisions.ts';

/** The thread that keeps the index of one data directory and answers from it. */
const { directory, intervalMs, postgres } = workerData as {
  readonly directory: string;
  readonly intervalMs: number;
  readonly postgres: string | undefined;
};
/** Entries taken in between two questions. */
const STEP = 2_000;
const port = parentPort;
if (port === null) throw new Error('this module runs as a thread');

let index: LogIndex | undefined;
let closed = false;
let timer: NodeJS.Timeout | undefined;

async function step(): Promise<void> {
  let taken = 0;
  try {
    if (postgres !== undefined) await updateLogCopy(postgres, directory);
    if (closed) return;
    index ??= new LogIndex(directory);
    taken = index.catchUp(STEP);
  } catch (cause) {
    // The log may be closing, or another process may hold the index: the next step tries again.
    port?.postMessage({ fault: messageOf(cause) } satisfies IndexAnswer);
  }
  if (!closed) timer = setTimeout(() => void step(), taken === STEP ? 0 : intervalMs);
}

function answer({ id, ask }: IndexQuestion): IndexAnswer {
  try {
    if (index === undefined) return { id, ok: false, message: 'the index is not open', wrongCursor: false };
    index.catchUp(STEP);
    const result =
      ask.kind === 'query' ? index.query(ask.filter, ask.options) : index.rollups(ask.span, ask.from, ask.to);
    return { id, ok: true, result };
  } catch (cause) {
    return { id, ok: false, message: messageOf(cause), wrongCursor: cause instanceof CursorFault };
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

port.on('message', (question: IndexQuestion | 'close') => {
  if (question === 'close') {
    closed = true;
    clearTimeout(timer);
    index?.close();
    index = undefined;
    port.close();
  } else port.postMessage(answer(question));
});
yieldToDecisions();
if (postgres === undefined) index = new LogIndex(directory);
void step();
