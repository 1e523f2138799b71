import { Worker } from 'node:worker_threads';
import type { LogFilter } from './log-filter.ts';
import type { LogPage } from './log-index.ts';
import type { Rollup, RollupSpan } from './rollup.ts';

/** What the thread is asked. */
export interface IndexQuestion {
  readonly id: number;
  readonly ask:
    | {
        readonly kind: 'query';
        readonly filter: LogFilter;
        readonly options: { readonly limit?: number; readonly cursor?: string };
      }
    | { readonly kind: 'rollups'; readonly span: RollupSpan; readonly from: string; readonly to: string };
}

export type IndexAnswer =
  | { readonly id: number; readonly ok: true; readonly result: LogPage | readonly Rollup[] }
  | { readonly id: number; readonly ok: false; readonly message: string; readonly wrongCursor: boolean }
  | { readonly fault: string };

/** A question that the index did not answer. */
export class IndexFault extends Error {
  /** The cursor was not given by this query. */
  readonly wrongCursor: boolean;

  constructor(message: string, wrongCursor: boolean) {
    super(message);
    this.name = 'IndexFault';
    this.wrongCursor = wrongCursor;
  }
}

/** Queries over the record, answered by a thread of their own: however long one takes, decisions go on. */
export interface LogQueries {
  /** Rejects with `IndexFault`. */
  query(filter: LogFilter, options?: { readonly limit?: number; readonly cursor?: string }): Promise<LogPage>;
  rollups(span: RollupSpan, from: string, to: string): Promise<readonly Rollup[]>;
  close(): Promise<void>;
}

/** How often the thread looks for new entries, ms. */
const INTERVAL_MS = 250;
/** The same where they are copied from PostgreSQL first. */
const COPY_INTERVAL_MS = 1_000;

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (fault: IndexFault) => void;
}

/** Starts the thread that keeps the index of a data directory. What goes wrong there is told, and tried again. */
export function openLogQueries(
  directory: string,
  options: {
    readonly onFault?: (message: string) => void;
    readonly intervalMs?: number;
    /** `postgres://…`: the log is there; `directory` holds a copy that the thread keeps up to date. */
    readonly postgres?: string;
  } = {},
): LogQueries {
  const {
    onFault = () => {},
    postgres,
    intervalMs = postgres === undefined ? INTERVAL_MS : COPY_INTERVAL_MS,
  } = options;
  const worker = new Worker(new URL('./index-worker.ts', import.meta.url), {
    workerData: { directory, intervalMs, postgres },
  });
  worker.unref();
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let lost: IndexFault | undefined;
  const lose = (message: string): void => {
    lost = new IndexFault(message, false);
    for (const { reject } of waiting.values()) reject(lost);
    waiting.clear();
  };
  worker.on('message', (answer: IndexAnswer) => {
    if ('fault' in answer) return onFault(answer.fault);
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.ok) asked?.resolve(answer.result as never);
    else asked?.reject(new IndexFault(answer.message, answer.wrongCursor));
  });
  worker.on('error', (cause) => {
    onFault(String(cause));
    lose('the thread of the index failed');
  });
  worker.on('exit', () => lose('the index is closed'));
  const ask = <Result>(question: IndexQuestion['ask']): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (lost !== undefined) return reject(lost);
      lastId += 1;
      waiting.set(lastId, { resolve: resolve as Waiting['resolve'], reject });
      worker.postMessage({ id: lastId, ask: question } satisfies IndexQuestion);
    });
  return {
    query: (filter, page = {}) => ask({ kind: 'query', filter, options: page }),
    rollups: (span, from, to) => ask({ kind: 'rollups', span, from, to }),
    close: async () => {
      if (lost !== undefined) return;
      // Nothing else may keep the process alive until the thread has ended.
      worker.ref();
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      worker.postMessage('close');
      await ended;
    },
  };
}
