import type { ReadPaths } from '../analysis/reads.ts';
import type { EvaluationResult } from '../eval/evaluation.ts';
import { DEADLINE_MS_DEFAULT } from '../eval/evaluation.ts';
import type { ModuleSource } from '../policy.ts';
import type { Diagnostic } from '../syntax/diagnostic.ts';
import type { JsonObject, Value } from '../value/index.ts';
import type { ThreadEnd } from './killable-thread.ts';
import { KillableThread } from './killable-thread.ts';
import { fromTransport, toTransport } from './transport.ts';
import type { CompileRequest, SentResult, WorkerReply, WorkerRequest } from './worker-messages.ts';

/** How many threads policies run in, and what each may use. */
export interface PolicyWorkerOptions {
  /** Threads; 1 by default. */
  readonly threads?: number;
  /** Heap of each thread, MiB; 256 by default. */
  readonly heapMebibytesMax?: number;
  /** Longest time that a policy's modules may take to compile, ms; 10,000 by default. */
  readonly compileMsMax?: number;
  /** Time beyond an evaluation's deadline after which its thread is killed, ms; 100 by default. */
  readonly graceMs?: number;
}

/** What evaluations in a worker can be told; nothing that is a function. */
export interface WorkerEvaluationOptions {
  /** Milliseconds from now, waiting for a thread included; 10,000 by default. This one is hard. */
  readonly deadlineMs?: number;
  readonly timeNs?: bigint;
  readonly operationsMax?: number;
  readonly memoryBytesMax?: number;
  readonly strict?: boolean;
}

/** A policy that runs in a thread of its own kind. */
export interface WorkerPolicy {
  /** Never rejects: whatever goes wrong is a result of kind `error`. */
  evaluate(
    path: string,
    input: Value | undefined,
    options?: WorkerEvaluationOptions,
  ): Promise<EvaluationResult>;
  /** Which input and data a path can read; of the paths that were named when the policy was compiled. */
  reads(path: string): ReadPaths | undefined;
  /** Forgets the policy. */
  close(): void;
}

export type WorkerCompileResult =
  | { readonly policy: WorkerPolicy; readonly diagnostics: readonly Diagnostic[] }
  | { readonly policy?: undefined; readonly diagnostics: readonly Diagnostic[]; readonly failure?: string };

const HEAP_MEBIBYTES_MAX = 256;
const STACK_MEBIBYTES_MAX = 4;
const COMPILE_MS_MAX = 10_000;
const GRACE_MS = 100;

type PolicyThread = KillableThread<WorkerRequest, WorkerReply>;

interface Slot {
  thread: PolicyThread;
  /** Policies that the thread has compiled. */
  readonly known: Set<number>;
  isBusy: boolean;
}

/**
 * Threads for policies that are not trusted. A thread that does not answer in time, or that uses more memory than it
 * may, is killed and replaced: no policy can hold the process. One evaluation at a time runs in each; others wait, and
 * their deadlines go on meanwhile.
 */
export class PolicyWorkers {
  readonly #options: Required<PolicyWorkerOptions>;
  readonly #slots: Slot[] = [];
  readonly #waiting: ((slot: Slot) => void)[] = [];
  readonly #policies = new Map<number, CompileRequest>();
  #count = 0;
  #isClosed = false;

  constructor(options: PolicyWorkerOptions = {}) {
    this.#options = {
      threads: options.threads ?? 1,
      heapMebibytesMax: options.heapMebibytesMax ?? HEAP_MEBIBYTES_MAX,
      compileMsMax: options.compileMsMax ?? COMPILE_MS_MAX,
      graceMs: options.graceMs ?? GRACE_MS,
    };
  }

  /** Compiles modules in a thread. `builtins` names those that exist for them; all by default, none has a network. */
  async compile(
    sources: readonly ModuleSource[],
    options: {
      readonly data?: JsonObject;
      readonly builtins?: readonly string[];
      /** Slash paths whose reads will be asked for. */
      readonly paths?: readonly string[];
    } = {},
  ): Promise<WorkerCompileResult> {
    this.#count += 1;
    const id = this.#count;
    const request: CompileRequest = {
      kind: 'compile',
      policy: id,
      sources,
      data: toTransport(options.data ?? {}),
      builtins: options.builtins,
      paths: options.paths ?? [],
    };
    const slot = await this.#take(performance.now() + this.#options.compileMsMax);
    if (slot === undefined) return { diagnostics: [], failure: 'no thread was free in time' };
    const reply = await slot.thread.ask(request, this.#options.compileMsMax);
    if (reply.kind === 'compiled' && reply.ok) {
      slot.known.add(id);
      this.#policies.set(id, request);
    }
    this.#release(slot);
    if (reply.kind !== 'compiled') return { diagnostics: [], failure: endText(reply, 'compiling') };
    if (!reply.ok) return { diagnostics: reply.diagnostics };
    return { policy: this.#policyOf(id, new Map(reply.reads)), diagnostics: reply.diagnostics };
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#policies.clear();
    await Promise.all(this.#slots.map(({ thread }) => thread.close()));
  }

  #policyOf(id: number, reads: ReadonlyMap<string, ReadPaths>): WorkerPolicy {
    return {
      evaluate: (path, input, options = {}) => this.#evaluate(id, path, input, options),
      reads: (path) => reads.get(path),
      close: () => {
        this.#policies.delete(id);
      },
    };
  }

  async #evaluate(
    policy: number,
    path: string,
    input: Value | undefined,
    options: WorkerEvaluationOptions,
  ): Promise<EvaluationResult> {
    const end = performance.now() + (options.deadlineMs ?? DEADLINE_MS_DEFAULT);
    const source = this.#policies.get(policy);
    if (source === undefined || this.#isClosed) return fault('the policy was closed');
    const slot = await this.#take(end);
    if (slot === undefined) return fault('evaluation exceeded its deadline while it waited for a thread');
    try {
      if (!slot.known.has(policy)) {
        const compiled = await this.#ask(slot, source, end);
        if (compiled.kind !== 'compiled') return fault(endText(compiled, 'compiling'));
        slot.known.add(policy);
      }
      const reply = await this.#ask(slot, request(policy, path, input, options, end), end);
      if (reply.kind === 'evaluated') return received(reply.result);
      return fault(endText(reply, 'evaluation'));
    } finally {
      this.#release(slot);
    }
  }

  #ask(slot: Slot, asked: WorkerRequest, end: number): Promise<WorkerReply | ThreadEnd> {
    const remainingMs = Math.max(0, end - performance.now());
    return slot.thread.ask(asked, remainingMs + this.#options.graceMs);
  }

  /** A thread that nobody uses, or nothing where there is none before a time. */
  async #take(end: number): Promise<Slot | undefined> {
    if (this.#isClosed) return undefined;
    let slot = this.#slots.find(({ isBusy }) => !isBusy);
    if (slot === undefined && this.#slots.length < this.#options.threads) {
      slot = { thread: this.#newThread(), known: new Set(), isBusy: false };
      this.#slots.push(slot);
    }
    if (slot !== undefined) {
      slot.isBusy = true;
      return slot;
    }
    return new Promise((settle) => {
      const take = (free: Slot): void => {
        clearTimeout(timer);
        settle(free);
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        settle(undefined);
      }, end - performance.now());
      this.#waiting.push(take);
    });
  }

  #release(slot: Slot): void {
    if (!slot.thread.isAlive && !this.#isClosed) {
      slot.thread = this.#newThread();
      slot.known.clear();
    }
    const next = this.#waiting.shift();
    if (next === undefined) slot.isBusy = false;
    else next(slot);
  }

  #newThread(): PolicyThread {
    const { heapMebibytesMax } = this.#options;
    const limits = { heapMebibytesMax, stackMebibytesMax: STACK_MEBIBYTES_MAX };
    return new KillableThread(new URL('./policy-worker.ts', import.meta.url), limits);
  }
}

function request(
  policy: number,
  path: string,
  input: Value | undefined,
  options: WorkerEvaluationOptions,
  end: number,
): WorkerRequest {
  return {
    kind: 'evaluate',
    policy,
    path,
    input: input === undefined ? undefined : toTransport(input),
    deadlineMs: Math.max(0, end - performance.now()),
    timeNs: options.timeNs,
    operationsMax: options.operationsMax,
    memoryBytesMax: options.memoryBytesMax,
    strict: options.strict ?? false,
  };
}

function received(result: SentResult): EvaluationResult {
  return result.kind === 'value' ? { ...result, value: fromTransport(result.value) } : result;
}

function fault(message: string): EvaluationResult {
  return { kind: 'error', code: 'eval_cancel_error', message };
}

function endText(end: ThreadEnd | WorkerReply, what: string): string {
  if (end.kind === 'killed') return `${what} exceeded its deadline and was killed`;
  if (end.kind === 'out-of-memory') return `${what} exceeded its memory and was killed`;
  return `${what} failed: ${'message' in end ? end.message : 'no answer'}`;
}
