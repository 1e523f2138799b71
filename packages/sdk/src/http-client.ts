import { randomUUID } from 'node:crypto';
import {
  type Approval,
  type CompleteCall,
  type Completion,
  type DecideCall,
  type Decision,
  type DecisionPoint,
  describeProblems,
  type ListAnswer,
  type ListCall,
  type ReportCall,
  type Validation,
  validateApproval,
  validateCompletion,
  validateDecision,
  validateListAnswer,
  writReason,
} from '@writ/decision';
import { checkDecision } from './check-decision.ts';
import { deniedDecision } from './denied-decision.ts';
import { type Address, type Exchange, HttpTransport } from './http-transport.ts';

/** How to reach a decision point over HTTP. */
export type ConnectOptions = Address & {
  /** Bearer token of the enforcement point. */
  readonly token?: string;
  /** For one answer; 10,000 by default. */
  readonly timeoutMs?: number;
  /** Bytes of one answer; 16 MiB by default. */
  readonly answerBytesMax?: number;
  /** Told of every fault, which the answer (a deny) hides from control flow. Must not throw. */
  readonly onFault?: (fault: { readonly code: string; readonly message: string }) => void;
};

/** Longest wait that one request asks for; longer waits are several requests. */
const WAIT_STEP_MS = 30_000;

/**
 * A decision point behind its HTTP API, the same to its callers as one in process. Nothing is sent before the first
 * call. Whatever goes wrong on the way (no connection, a status that is not 2xx, an answer that cannot be read or
 * says what is not known, no answer in time) is a deny, `policy_engine_unavailable` or the code that the server gave;
 * nothing throws but an address that is none (`TypeError`).
 */
export function connect(options: ConnectOptions): DecisionPoint {
  return new HttpDecisionPoint(options);
}

class HttpDecisionPoint implements DecisionPoint {
  readonly #transport: HttpTransport;
  readonly #timeoutMs: number;
  readonly #onFault: NonNullable<ConnectOptions['onFault']>;
  readonly approval: DecisionPoint['approval'];

  constructor(options: ConnectOptions) {
    const {
      token,
      timeoutMs = 10_000,
      answerBytesMax = 16 * 1024 * 1024,
      onFault = () => undefined,
    } = options;
    this.#transport = new HttpTransport({
      address: options,
      answerBytesMax,
      ...(token === undefined ? {} : { token }),
    });
    this.#timeoutMs = timeoutMs;
    this.#onFault = onFault;
    this.approval = {
      get: (id) => this.#approval('GET', id, ''),
      wait: (id, waiting) => this.#wait(id, waiting),
      cancel: (id) => this.#approval('POST', id, '/cancel'),
    };
  }

  async decide(call: DecideCall): Promise<Decision> {
    // With a key a repeated request is the same decision, so that a stale connection can be tried again.
    const keyed = call.idempotency_key === undefined ? { ...call, idempotency_key: randomUUID() } : call;
    const exchange = await this.#post('/v1/decide', keyed);
    if (!exchange.ok) return deniedDecision(exchange.code, exchange.message);
    const read = this.#checked(validateDecision(exchange.value));
    return checkDecision(read, call);
  }

  async complete(call: CompleteCall): Promise<Completion> {
    const exchange = await this.#post('/v1/complete', call);
    if (!exchange.ok) return withheld(exchange);
    const read = this.#checked(validateCompletion(exchange.value));
    return (
      read ??
      withheld({ ok: false, code: 'policy_engine_unavailable', message: 'the answer is no completion' })
    );
  }

  async list(call: ListCall): Promise<ListAnswer> {
    const hidden = {
      decision_id: deniedDecision('policy_engine_unavailable').decision_id,
      visible: call.items.map(() => false),
    };
    const exchange = await this.#post('/v1/list', call);
    if (!exchange.ok) return hidden;
    const read = this.#checked(validateListAnswer(exchange.value));
    return read === undefined || read.visible.length !== call.items.length ? hidden : read;
  }

  async report(call: ReportCall): Promise<void> {
    await this.#post('/v1/report', call);
  }

  async close(): Promise<void> {
    this.#transport.close();
  }

  async #post(path: string, call: unknown): Promise<Exchange> {
    let body: string;
    try {
      body = JSON.stringify(call);
    } catch {
      return this.#told({ ok: false, code: 'request_invalid', message: 'the call is not JSON' });
    }
    return this.#told(await this.#transport.exchange('POST', path, body, { timeoutMs: this.#timeoutMs }));
  }

  async #approval(method: 'GET' | 'POST', id: string, verb: string): Promise<Approval | undefined> {
    const path = `/v1/approvals/${encodeURIComponent(id)}${verb}`;
    return this.#readApproval(
      id,
      await this.#transport.exchange(method, path, undefined, { timeoutMs: this.#timeoutMs }),
    );
  }

  #readApproval(id: string, exchange: Exchange): Approval | undefined {
    const told = this.#told(exchange);
    if (!told.ok) return undefined;
    const approval = this.#checked(validateApproval(told.value));
    return approval?.id === id ? approval : undefined;
  }

  async #wait(
    id: string,
    { timeoutMs = 0, signal }: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Approval | undefined> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const leftMs = Math.max(0, Math.ceil(end - performance.now()));
      const stepMs = Math.min(leftMs, WAIT_STEP_MS);
      const path = `/v1/approvals/${encodeURIComponent(id)}/wait?timeout_ms=${stepMs}`;
      const exchange = await this.#transport.exchange('GET', path, undefined, {
        timeoutMs: stepMs + this.#timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
      const approval = this.#readApproval(id, exchange);
      if (approval?.status !== 'pending' || leftMs <= stepMs || signal?.aborted) return approval;
    }
  }

  #told(exchange: Exchange): Exchange {
    if (!exchange.ok) this.#onFault({ code: exchange.code, message: exchange.message });
    return exchange;
  }

  #checked<T>(validation: Validation<T>): T | undefined {
    if (validation.ok) return validation.value;
    this.#onFault({ code: 'policy_engine_unavailable', message: describeProblems(validation.problems) });
    return undefined;
  }
}

function withheld({ code, message }: Extract<Exchange, { ok: false }>): Completion {
  return { effect: 'refuse', outcome: 'deny', reasons: [writReason(code, message)] };
}
