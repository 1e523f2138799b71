import type { JsonObject } from '@writ/decision';
import { shownDefinition } from './definition.ts';
import { type DefinitionChange, definitionDiff } from './definition-diff.ts';
import { definitionFindings, type Finding } from './findings.ts';
import { openPins, type Pins } from './pins.ts';
import { openUpstream, type Upstream } from './upstream.ts';
import type { UpstreamTool } from './upstream-call.ts';
import type { UpstreamConfig } from './upstream-config.ts';

/** How a tool stands to its pin. `gone`: pinned, and no longer offered. */
export type PinState = 'pinned' | 'changed' | 'new' | 'gone';

/** One tool of one server, held against its pin. */
export interface ReviewedTool {
  readonly server: string;
  readonly tool: string;
  readonly state: PinState;
  /** Digest of the definition as it is now. */
  readonly digest?: string;
  /** Of a changed one; empty where the pinned definition itself was not kept. */
  readonly changes: readonly DefinitionChange[];
  /** What to look at in the definition as it is now. */
  readonly findings: readonly Finding[];
}

export interface ReviewOptions {
  readonly upstreams: readonly UpstreamConfig[];
  readonly pinsFile: string;
}

/** What was reviewed, and how each server answered. */
export interface PinReview {
  readonly tools: readonly ReviewedTool[];
  /** Ids of servers that do not answer. */
  readonly silent: readonly string[];
  /** Pins these tools as they were reviewed. What changed since the review stays quarantined. */
  approve(tools: readonly ReviewedTool[]): void;
}

/** Asks every server what it offers and holds it against the pins. Pins nothing by itself. */
export async function reviewPins(options: ReviewOptions): Promise<PinReview> {
  const upstreams = options.upstreams.map((config) => openUpstream(config));
  try {
    const asked = await Promise.all(
      upstreams.map(async (upstream) => ({ upstream, tools: await upstream.tools().catch(() => undefined) })),
    );
    const pins = openPins(options.pinsFile);
    const answered = asked.flatMap(({ upstream, tools }) =>
      tools === undefined ? [] : [{ upstream, tools }],
    );
    const current = new Map<string, UpstreamTool>();
    for (const { upstream, tools } of answered) {
      for (const tool of tools) current.set(`${upstream.id}/${tool.definition.name}`, tool);
    }
    return {
      tools: answered.flatMap((each) => reviewServer(pins, each, answered)),
      silent: asked.filter(({ tools }) => tools === undefined).map(({ upstream }) => upstream.id),
      approve(tools) {
        for (const { server, tool } of tools) {
          const offered = current.get(`${server}/${tool}`);
          if (offered === undefined) pins.remove(server, tool);
          else pins.approve(server, tool, offered.digest, shownOf(offered));
        }
      },
    };
  } finally {
    await Promise.all(upstreams.map((upstream) => upstream.close()));
  }
}

interface Answered {
  readonly upstream: Upstream;
  readonly tools: readonly UpstreamTool[];
}

function reviewServer(pins: Pins, { upstream, tools }: Answered, all: readonly Answered[]): ReviewedTool[] {
  const server = upstream.id;
  const others = all.filter((each) => each.upstream !== upstream).flatMap((each) => each.tools);
  const otherNames = others.map(({ definition }) => definition.name);
  const pinOf = pins.of(server);
  const names = new Set(tools.map(({ definition }) => definition.name));
  const offered = tools.map((each): ReviewedTool => {
    const tool = each.definition.name;
    const pinned = pinOf(tool);
    const state = pinned === undefined ? 'new' : pinned === each.digest ? 'pinned' : 'changed';
    const before = pinned === undefined ? undefined : pins.definition(pinned);
    const changes = state === 'changed' && before !== undefined ? definitionDiff(before, shownOf(each)) : [];
    const findings = definitionFindings(each.definition, otherNames);
    return { server, tool, state, digest: each.digest, changes, findings };
  });
  const gone = pins
    .toolsOf(server)
    .filter((tool) => !names.has(tool))
    .map((tool): ReviewedTool => ({ server, tool, state: 'gone', changes: [], findings: [] }));
  return [...offered, ...gone];
}

function shownOf({ definition }: UpstreamTool): JsonObject {
  return shownDefinition(definition) as unknown as JsonObject;
}
