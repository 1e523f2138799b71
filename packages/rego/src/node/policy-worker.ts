/** The thread in which policies run that are not trusted. It answers requests one after the other. */
import { parentPort } from 'node:worker_threads';
import type { Capabilities } from '../analysis/capabilities.ts';
import { capabilities } from '../analysis/capabilities.ts';
import type { EvaluationResult } from '../eval/evaluation.ts';
import type { Policy, PreparedQuery } from '../policy.ts';
import { compilePolicy } from '../policy.ts';
import type { JsonObject } from '../value/index.ts';
import { nodeCrypto } from './crypto.ts';
import { fromTransport, toTransport } from './transport.ts';
import type {
  CompileRequest,
  EvaluateRequest,
  SentResult,
  WorkerReply,
  WorkerRequest,
} from './worker-messages.ts';

interface Loaded {
  readonly policy: Policy;
  readonly queries: Map<string, PreparedQuery>;
}

const PREPARED_MAX = 1_000;
const loaded = new Map<number, Loaded>();

function limited(builtins: readonly string[] | undefined): Capabilities | undefined {
  if (builtins === undefined) return undefined;
  const all = capabilities();
  const names = new Set(builtins);
  return { ...all, builtins: all.builtins?.filter(({ name }) => names.has(name)) ?? [], allow_net: [] };
}

function compile({ policy: id, sources, data, builtins, paths }: CompileRequest): WorkerReply {
  const allowed = limited(builtins);
  const { policy, diagnostics } = compilePolicy(sources, {
    data: fromTransport(data) as JsonObject,
    ...(allowed !== undefined && { capabilities: allowed }),
  });
  if (policy !== undefined) loaded.set(id, { policy, queries: new Map() });
  const reads = policy === undefined ? [] : paths.map((path) => [path, policy.reads(path)] as const);
  return { kind: 'compiled', ok: policy !== undefined, diagnostics, reads };
}

function sent(result: EvaluationResult): SentResult {
  if (result.kind === 'value') return { ...result, value: toTransport(result.value) };
  if (result.kind === 'undefined') return result;
  const { kind, code, message, location } = result;
  return { kind, code, message, ...(location !== undefined && { location }) };
}

function evaluate(request: EvaluateRequest): WorkerReply {
  const found = loaded.get(request.policy)!;
  let query = found.queries.get(request.path);
  if (query === undefined) {
    query = found.policy.prepare(request.path);
    if (found.queries.size < PREPARED_MAX) found.queries.set(request.path, query);
  }
  const input = request.input === undefined ? undefined : fromTransport(request.input);
  const result = query.evaluate(input, {
    deadlineMs: request.deadlineMs,
    strict: request.strict,
    host: { crypto: nodeCrypto },
    ...(request.timeNs !== undefined && { timeNs: request.timeNs }),
    ...(request.operationsMax !== undefined && { operationsMax: request.operationsMax }),
    ...(request.memoryBytesMax !== undefined && { memoryBytesMax: request.memoryBytesMax }),
  });
  return { kind: 'evaluated', result: sent(result) };
}

parentPort?.on('message', (request: WorkerRequest) => {
  parentPort?.postMessage(request.kind === 'compile' ? compile(request) : evaluate(request));
});
