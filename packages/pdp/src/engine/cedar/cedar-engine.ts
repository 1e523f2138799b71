import type { Json } from '@writ/decision';
import { KillableThread, type ThreadEnd } from '@writ/rego/node';
import { groupBundles } from '../bundle-groups.ts';
import type {
  Engine,
  EngineAnswer,
  EngineBundle,
  EngineDiagnostic,
  EngineEntrypoint,
  EngineQuestion,
  LoadedPolicies,
  LoadResult,
  ReadPaths,
} from '../engine.ts';
import { engineFault } from '../opa-reply.ts';
import { RestartingThread } from '../thread/restarting-thread.ts';
import { cedarAnswer } from './cedar-answer.ts';
import type {
  CedarPolicy,
  CedarProblem,
  CedarReply,
  CedarRequest,
  SentCedar,
  SourceFile,
} from './cedar-messages.ts';

const HEAP_MEBIBYTES_MAX = 256;
const STACK_MEBIBYTES_MAX = 4;
const LOAD_MS_MAX = 20_000;
/** Kinds whose meaning a permit and a forbid have; the others ask for facts. */
const KINDS: ReadonlySet<EngineEntrypoint['kind']> = new Set(['grant', 'guard', 'violations', 'visible']);
const PROFILE = 'writ/v1';
/** What a request brings along, without the decision point's own state. */
const REQUEST_PARTS = ['principal', 'actor', 'delegation', 'action', 'result', 'environment'];

/**
 * Evaluates Cedar by its official Wasm: a bundle's `*.cedar` with `entities.json` and a schema. A forbid denies, a
 * permit allows, nothing that matches is no answer; a policy that fails makes the whole answer a fault. It runs in
 * threads that are ended at the deadline: one for all first parties, one for each third party.
 */
export function createCedarEngine(): Engine {
  return {
    name: 'cedar',
    load: loadBundles,
    health: async () => ({ ok: true }),
    close: async () => undefined,
  };
}

type CedarThread = RestartingThread<CedarRequest, CedarReply>;

interface Placed {
  readonly thread: CedarThread;
  readonly policies: ReadonlyMap<string, CedarPolicy>;
  readonly session: readonly string[] | 'all';
  /** By path. */
  readonly kinds: ReadonlyMap<string, EngineEntrypoint['kind']>;
}

async function loadBundles(bundles: readonly EngineBundle[]): Promise<LoadResult> {
  const diagnostics = bundles.flatMap(checkEntrypoints);
  const warnings: EngineDiagnostic[] = [];
  const threads: CedarThread[] = [];
  const placed = new Map<string, Placed>();
  for (const members of diagnostics.length > 0 ? [] : groupBundles(bundles)) {
    const thread = startThread(members.map(sentCedar));
    threads.push(thread);
    const reply = await thread.loaded();
    if (reply.kind !== 'loaded') {
      const why = 'message' in reply ? reply.message : `the thread was ended (${reply.kind})`;
      diagnostics.push(
        ...members.map((bundle) => refused(bundle, { message: `Cedar does not load: ${why}`, file: '' })),
      );
      continue;
    }
    for (const bundle of members) {
      const found = reply.found.find(({ bundle: name }) => name === bundle.name)!;
      diagnostics.push(...found.problems.map((problem) => refused(bundle, problem)));
      warnings.push(
        ...found.warnings.map((warning) => ({ ...refused(bundle, warning), severity: 'warning' as const })),
      );
      const policies = new Map(found.policies.map((policy) => [policy.id, policy]));
      const kinds = new Map(bundle.entrypoints.map(({ path, kind }) => [path, kind]));
      placed.set(bundle.name, { thread, policies, kinds, session: found.session });
    }
  }
  if (diagnostics.length === 0) return { ok: true, policies: new CedarPolicies(threads, placed), warnings };
  await Promise.all(threads.map((thread) => thread.close()));
  return { ok: false, diagnostics };
}

/** What is asked of Cedar is one thing: whether a request is allowed. */
function checkEntrypoints(bundle: EngineBundle): EngineDiagnostic[] {
  const seen = new Map<string, EngineEntrypoint['kind']>();
  return bundle.entrypoints.flatMap(({ path, kind, profile }) => {
    const other = seen.get(path);
    seen.set(path, kind);
    const wrong = !KINDS.has(kind)
      ? `kind \`${kind}\` asks for facts, and Cedar says only yes or no: use ${[...KINDS].join(', ')}`
      : profile !== PROFILE
        ? `profile \`${profile}\`: Cedar is asked in terms of \`${PROFILE}\``
        : other !== undefined
          ? `it is listed as \`${other}\` and as \`${kind}\`: give each a path of its own`
          : undefined;
    return wrong === undefined
      ? []
      : [refused(bundle, { message: `entrypoint \`${path}\`: ${wrong}`, file: '' })];
  });
}

function sentCedar(bundle: EngineBundle): SentCedar {
  const files: SourceFile[] = (bundle.engineContent?.files ?? []).map(({ path, bytes }) => ({
    file: path,
    text: Buffer.from(bytes).toString('utf8'),
  }));
  return {
    bundle: bundle.name,
    policies: files.filter(({ file }) => file.endsWith('.cedar')),
    schema: files.find(({ file }) => file.startsWith('schema.cedarschema')),
    entities: files.find(({ file }) => file === 'entities.json'),
  };
}

function startThread(bundles: readonly SentCedar[]): CedarThread {
  const limits = { heapMebibytesMax: HEAP_MEBIBYTES_MAX, stackMebibytesMax: STACK_MEBIBYTES_MAX };
  return new RestartingThread({
    start: () =>
      new KillableThread<CedarRequest, CedarReply>(new URL('./cedar-thread.ts', import.meta.url), limits),
    load: { kind: 'load', bundles },
    loadMsMax: LOAD_MS_MAX,
  });
}

function refused({ name }: EngineBundle, { message, file, row }: CedarProblem): EngineDiagnostic {
  return {
    code: 'cedar_error',
    severity: 'error',
    bundle: name,
    message,
    ...(file === '' ? {} : { file }),
    ...(row === undefined ? {} : { row }),
  };
}

class CedarPolicies implements LoadedPolicies {
  readonly #threads: readonly CedarThread[];
  readonly #placed: ReadonlyMap<string, Placed>;

  constructor(threads: readonly CedarThread[], placed: ReadonlyMap<string, Placed>) {
    this.#threads = threads;
    this.#placed = placed;
  }

  evaluate({ bundle, path, input, deadlineMs }: EngineQuestion): EngineAnswer | Promise<EngineAnswer> {
    const placed = this.#placed.get(bundle);
    if (placed === undefined) return engineFault('policy_error', `bundle \`${bundle}\` is not active`);
    const kind = placed.kinds.get(path);
    if (kind === undefined) return engineFault('policy_error', `\`${path}\` is no entrypoint of the bundle`);
    if (deadlineMs <= 0) return engineFault('policy_timeout', 'no time is left for this evaluation');
    if (input === undefined) return engineFault('policy_error', 'there is no request to judge');
    const request = { kind: 'evaluate', bundle, input: input as Json } as const;
    return placed.thread
      .ask(request, deadlineMs)
      .then((reply) => answerOf(reply, { path, kind }, placed.policies));
  }

  /** Everything that the request says, and of the session what policies name; Cedar sees no data. */
  reads(bundle: string, path: string): ReadPaths | undefined {
    const placed = this.#placed.get(bundle);
    if (placed === undefined || !placed.kinds.has(path)) return undefined;
    const session =
      placed.session === 'all' ? [['context']] : placed.session.map((name) => ['context', name]);
    return { input: [...REQUEST_PARTS.map((part) => [part]), ...session], data: [] };
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

function answerOf(
  reply: CedarReply | ThreadEnd,
  { path, kind }: Pick<EngineEntrypoint, 'path' | 'kind'>,
  policies: ReadonlyMap<string, CedarPolicy>,
): EngineAnswer {
  if (reply.kind === 'judged')
    return cedarAnswer(
      path,
      kind,
      reply.determining.flatMap((id) => policies.get(id) ?? []),
      policies.size,
    );
  if (reply.kind === 'killed')
    return engineFault('policy_timeout', 'Cedar gave no answer in time, and its thread was ended');
  if (reply.kind === 'out-of-memory')
    return engineFault('policy_error', 'Cedar used more memory than it may');
  const why = 'message' in reply ? reply.message : 'no answer';
  return engineFault('policy_error', `Cedar failed: ${why.slice(0, 300)}`);
}
