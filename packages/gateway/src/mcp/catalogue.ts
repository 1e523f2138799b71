import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isServerId, qualify } from './names.ts';
import type { Upstream, UpstreamTool } from './upstream.ts';

/** A tool that clients may name. */
export interface CatalogueTool extends UpstreamTool {
  readonly upstream: Upstream;
  /** The name that clients use. */
  readonly name: string;
}

export type Lookup =
  | { readonly kind: 'known'; readonly tool: CatalogueTool }
  | { readonly kind: 'unknown' }
  /** The definition differs from the pinned one, or the name appeared after the pins were taken. */
  | { readonly kind: 'changed'; readonly tool: CatalogueTool; readonly pinned: string | undefined };

/** Every upstream's tools under one injective naming, held against the definitions that were pinned at first sight. */
export interface Catalogue {
  /** Tools whose definition is the pinned one. */
  list(): Promise<readonly CatalogueTool[]>;
  lookup(name: string): Promise<Lookup>;
  close(): Promise<void>;
}

export interface CatalogueOptions {
  readonly upstreams: readonly Upstream[];
  /** File of the pins (`{"server/tool": "sha256:…"}`); absent: pins live as long as the process. */
  readonly pinsFile?: string;
}

type Pins = Record<string, string>;

/**
 * Opens the catalogue. A definition is pinned at first sight; later a changed one, or a name that an upstream with
 * pins did not have, stays out of the list and out of reach until an operator removes the pin (MCP "rug pull").
 */
export function openCatalogue({ upstreams, pinsFile }: CatalogueOptions): Catalogue {
  const single = upstreams.length === 1;
  const duplicate = upstreams.find(
    (upstream, index) => upstreams.findIndex(({ id }) => id === upstream.id) !== index,
  );
  if (duplicate !== undefined) throw new Error(`two upstreams are called \`${duplicate.id}\``);
  const wrong = upstreams.find(({ id }) => !isServerId(id));
  if (wrong !== undefined)
    throw new Error(`upstream id \`${wrong.id}\` must be lower-case letters, digits, "-" or single "_"`);

  const pins = readPins(pinsFile);
  // A stale list would let a changed definition pass as the pinned one, so any change drops it.
  const cached = new Map<string, Promise<readonly CatalogueTool[]>>();
  for (const upstream of upstreams) upstream.onToolsChanged(() => cached.delete(upstream.id));

  const toolsOf = (upstream: Upstream): Promise<readonly CatalogueTool[]> => {
    const known = cached.get(upstream.id);
    if (known !== undefined) return known;
    const asked = upstream.tools().then((tools) => {
      pinFirstSight(pins, upstream.id, tools, pinsFile);
      return tools.map((tool) => ({
        ...tool,
        upstream,
        name: qualify(upstream.id, tool.definition.name, single),
      }));
    });
    cached.set(upstream.id, asked);
    asked.catch(() => cached.delete(upstream.id));
    return asked;
  };
  const pinOf = (tool: CatalogueTool): string | undefined =>
    pins[`${tool.upstream.id}/${tool.definition.name}`];

  return {
    async list() {
      // One upstream that is down must not hide the others.
      const lists = await Promise.allSettled(upstreams.map(toolsOf));
      if (lists.length > 0 && lists.every(({ status }) => status === 'rejected')) {
        throw new Error('no upstream answers');
      }
      return lists
        .flatMap((list) => (list.status === 'fulfilled' ? list.value : []))
        .filter((tool) => pinOf(tool) === tool.digest);
    },
    async lookup(name) {
      for (const upstream of upstreams) {
        if (!single && !name.startsWith(`${upstream.id}__`)) continue;
        const tool = (await toolsOf(upstream)).find((candidate) => candidate.name === name);
        if (tool === undefined) continue;
        const pinned = pinOf(tool);
        return pinned === tool.digest ? { kind: 'known', tool } : { kind: 'changed', tool, pinned };
      }
      return { kind: 'unknown' };
    },
    async close() {
      await Promise.all(upstreams.map((upstream) => upstream.close()));
    },
  };
}

function readPins(file: string | undefined): Pins {
  if (file === undefined) return Object.create(null);
  try {
    return Object.assign(Object.create(null), JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Object.create(null);
    throw new Error(`the pins in ${file} can't be read; repair or remove the file`, { cause: error });
  }
}

/** An upstream without any pin is seen for the first time: what it offers now is pinned, all at once. */
function pinFirstSight(
  pins: Pins,
  server: string,
  tools: readonly UpstreamTool[],
  file: string | undefined,
): void {
  if (Object.keys(pins).some((key) => key.startsWith(`${server}/`))) return;
  for (const tool of tools) pins[`${server}/${tool.definition.name}`] = tool.digest;
  if (file === undefined) return;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(pins, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
