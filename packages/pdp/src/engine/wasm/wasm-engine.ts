import { jsonBytes } from '@writ/bundle';
import { KillableThread, type ThreadEnd } from '@writ/rego/node';
import { groupBundles } from '../bundle-groups.ts';
import type {
  Engine,
  EngineAnswer,
  EngineBundle,
  EngineDiagnostic,
  EngineQuestion,
  LoadedPolicies,
  LoadResult,
} from '../engine.ts';
import { CAPABILITIES } from '../first-parties.ts';
import { engineFault } from '../opa-reply.ts';
import { RestartingThread } from '../thread/restarting-thread.ts';
import type { FoundModule, SentModule, WasmReply, WasmRequest } from './wasm-messages.ts';
import { webAssembly } from './web-assembly.ts';

/** Bounds of what modules may use. */
export interface WasmEngineOptions {
  /** Memory of one module with its data, MiB; 256 by default. */
  readonly memoryMebibytesMax?: number;
}

const MEMORY_MEBIBYTES_MAX = 256;
const PAGES_PER_MEBIBYTE = 16;
const HEAP_MEBIBYTES_MAX = 256;
const STACK_MEBIBYTES_MAX = 4;
const LOAD_MS_MAX = 20_000;

/**
 * Runs modules of `opa build -t wasm` (a bundle's `policy.wasm`). A module cannot be interrupted, so that it runs in a
 * thread that is killed at the deadline: one thread for all first parties, one for each third party. Each bundle sees its own
 * data alone. Builtins that a module does not carry are ours; those that reach outside do not exist, and a module that
 * calls one is refused when it is loaded.
 */
export function createWasmEngine(options: WasmEngineOptions = {}): Engine {
  return {
    name: 'wasm',
    load: (bundles) => loadBundles(bundles, options),
    health: async () => ({ ok: true }),
    close: async () => undefined,
  };
}

type WasmThread = RestartingThread<WasmRequest, WasmReply>;

/** Where the answer to one path of one bundle comes from. */
interface Place {
  readonly thread: WasmThread;
  readonly id: string;
}

async function loadBundles(
  bundles: readonly EngineBundle[],
  options: WasmEngineOptions,
): Promise<LoadResult> {
  const diagnostics: EngineDiagnostic[] = [];
  const threads: WasmThread[] = [];
  const places = new Map<string, Place>();
  for (const members of groupBundles(bundles)) {
    const modules = await Promise.all(members.map((bundle) => compileModules(bundle, diagnostics)));
    const thread = startThread(modules.flat(), options);
    threads.push(thread);
    const found = foundModules(await thread.loaded(), members, diagnostics);
    for (const bundle of members) placeBundle(bundle, thread, found, places, diagnostics);
  }
  if (diagnostics.length === 0)
    return { ok: true, policies: new WasmPolicies(bundles, threads, places), warnings: [] };
  await Promise.all(threads.map((thread) => thread.close()));
  return { ok: false, diagnostics };
}

/** Compiled here, off the event loop; threads take what was compiled as it is, also when they start anew. */
async function compileModules(bundle: EngineBundle, diagnostics: EngineDiagnostic[]): Promise<SentModule[]> {
  const files = (bundle.engineContent?.files ?? []).filter(({ path }) => path.endsWith('.wasm'));
  if (files.length === 0) diagnostics.push(refused(bundle, 'there is no Wasm module in it'));
  const data = jsonBytes(bundle.data);
  const compiled = await Promise.all(
    files.map(async ({ path, bytes }) => {
      try {
        return [{ id: idOf(bundle, path), module: await webAssembly.compile(bytes), data }];
      } catch (error) {
        diagnostics.push(refused(bundle, `it is no Wasm module: ${(error as Error).message}`, path));
        return [];
      }
    }),
  );
  return compiled.flat();
}

function startThread(
  modules: readonly SentModule[],
  { memoryMebibytesMax = MEMORY_MEBIBYTES_MAX }: WasmEngineOptions,
): WasmThread {
  const limits = { heapMebibytesMax: HEAP_MEBIBYTES_MAX, stackMebibytesMax: STACK_MEBIBYTES_MAX };
  return new RestartingThread({
    start: () =>
      new KillableThread<WasmRequest, WasmReply>(new URL('./wasm-thread.ts', import.meta.url), limits),
    load: {
      kind: 'load',
      modules,
      memoryPagesMax: memoryMebibytesMax * PAGES_PER_MEBIBYTE,
      builtins: CAPABILITIES.builtins?.map(({ name }) => name) ?? [],
    },
    loadMsMax: LOAD_MS_MAX,
  });
}

function foundModules(
  reply: WasmReply | ThreadEnd,
  members: readonly EngineBundle[],
  diagnostics: EngineDiagnostic[],
): ReadonlyMap<string, FoundModule> {
  if (reply.kind !== 'loaded') {
    const why = 'message' in reply ? reply.message : `the thread was ended (${reply.kind})`;
    diagnostics.push(...members.map((bundle) => refused(bundle, `its modules do not load: ${why}`)));
    return new Map();
  }
  const found = new Map<string, FoundModule>();
  for (const module of reply.found) {
    const bundle = members.find(({ name }) => module.id.startsWith(`${name}\n`))!;
    const file = module.id.slice(bundle.name.length + 1);
    if ('failure' in module) {
      diagnostics.push(refused(bundle, `the module does not load: ${module.failure}`, file));
      continue;
    }
    for (const name of module.missing)
      diagnostics.push(refused(bundle, `the module calls \`${name}\`, which does not exist here`, file));
    found.set(module.id, module);
  }
  return found;
}

/** Finds the module of each entrypoint: the one that the manifest's `wasm` names, or the only one there is. */
function placeBundle(
  bundle: EngineBundle,
  thread: WasmThread,
  found: ReadonlyMap<string, FoundModule>,
  places: Map<string, Place>,
  diagnostics: EngineDiagnostic[],
): void {
  const { files = [], wasm = [] } = bundle.engineContent ?? {};
  for (const { path } of files) {
    const module = found.get(idOf(bundle, path));
    if (module === undefined) continue;
    const isNamed = (entrypoint: string): boolean =>
      wasm.length === 0 ||
      wasm.some((resolver) => resolver.entrypoint === entrypoint && resolver.module === path);
    for (const entrypoint of module.entrypoints)
      if (isNamed(entrypoint)) places.set(idOf(bundle, entrypoint), { thread, id: module.id });
  }
  if (diagnostics.length > 0) return;
  for (const { path } of bundle.entrypoints) {
    if (places.has(idOf(bundle, path))) continue;
    const message = `no module answers entrypoint \`${path}\`: build it with opa build -t wasm -e ${path}`;
    diagnostics.push(refused(bundle, message));
  }
}

function idOf({ name }: EngineBundle, path: string): string {
  return `${name}\n${path}`;
}

function refused({ name }: EngineBundle, message: string, file?: string): EngineDiagnostic {
  const place = file === undefined ? {} : { file };
  return { code: 'wasm_module_error', severity: 'error', bundle: name, message, ...place };
}

class WasmPolicies implements LoadedPolicies {
  readonly #names: ReadonlySet<string>;
  readonly #threads: readonly WasmThread[];
  readonly #places: ReadonlyMap<string, Place>;

  constructor(
    bundles: readonly EngineBundle[],
    threads: readonly WasmThread[],
    places: ReadonlyMap<string, Place>,
  ) {
    this.#names = new Set(bundles.map(({ name }) => name));
    this.#threads = threads;
    this.#places = places;
  }

  evaluate({
    bundle,
    path,
    input,
    deadlineMs,
    timeNs,
  }: EngineQuestion): EngineAnswer | Promise<EngineAnswer> {
    if (!this.#names.has(bundle)) return engineFault('policy_error', `bundle \`${bundle}\` is not active`);
    const place = this.#places.get(`${bundle}\n${path}`);
    if (place === undefined)
      return engineFault('policy_error', `\`${path}\` is no entrypoint of the bundle's Wasm module`);
    if (deadlineMs <= 0) return engineFault('policy_timeout', 'no time is left for this evaluation');
    const text = input === undefined ? undefined : JSON.stringify(input);
    const request = { kind: 'evaluate', id: place.id, entrypoint: path, input: text, timeNs } as const;
    return place.thread.ask(request, deadlineMs).then(answerOf);
  }

  /** What a module reads cannot be told from it. */
  reads(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

function answerOf(reply: WasmReply | ThreadEnd): EngineAnswer {
  if (reply.kind === 'killed')
    return engineFault('policy_timeout', 'the module gave no answer in time, and its thread was ended');
  if (reply.kind === 'out-of-memory')
    return engineFault('policy_error', 'the module used more memory than it may');
  if (reply.kind === 'undefined') return { kind: 'undefined', rules: [], rulesEvaluated: 0 };
  if (reply.kind !== 'value') {
    const why = 'message' in reply ? reply.message : 'no answer';
    return engineFault('policy_error', `the module failed: ${why.slice(0, 300)}`);
  }
  return { kind: 'value', value: reply.value, rules: [], rulesEvaluated: 0 };
}
