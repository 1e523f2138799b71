import type { Adapter, AuthorizedAction, ToolFacts, WrittenRateLimit } from './registry-schema.ts';

/** What policies name in place of tools: who offers it does not matter to them. */
export interface Capability {
  readonly id: string;
  /** Bundle that describes it. */
  readonly bundle: string;
  readonly adapter: Adapter;
  readonly description?: string;
  readonly protocol?: string;
  readonly endpoint?: string;
  readonly authorization?: { readonly action?: AuthorizedAction; readonly resource?: string };
  readonly stepUp: boolean;
  readonly stepUpMethod?: string;
  readonly rateLimit?: WrittenRateLimit;
  readonly servers: readonly string[];
  readonly tools: readonly string[];
  /** Programs that a command line may run; any where it is absent. */
  readonly programs?: readonly string[];
  /** Upper case. */
  readonly methods?: readonly string[];
  readonly paths?: readonly string[];
  readonly facts: ToolFacts;
}

/** One tool of one server (`*`: any, and none), with what its capability says of it. */
export interface ToolEntry {
  readonly server: string;
  readonly tool: string;
  readonly bundle: string;
  readonly capability: Capability;
  readonly facts: ToolFacts;
}

/** What a third party's bundle says of its own servers' tools: of that only what makes a decision stricter counts. */
export interface Tightening {
  readonly server: string;
  readonly tool: string;
  readonly bundle: string;
  readonly capability: Capability;
  readonly dataClasses: readonly string[];
}

/** What the active bundles say about capabilities and tools: one reading of both forms. */
export interface Registry {
  readonly capabilities: ReadonlyMap<string, Capability>;
  /** By server, then by tool; several of one name differ by program or by URL. */
  readonly tools: ReadonlyMap<string, ReadonlyMap<string, readonly ToolEntry[]>>;
  readonly http: readonly Capability[];
  readonly models: readonly Capability[];
  readonly tightenings: readonly Tightening[];
}

/** A tool as a bundle describes it, before its capability is looked up. */
export interface ReadTool {
  readonly server: string;
  readonly tool: string;
  readonly capability: string;
  readonly facts: ToolFacts;
  readonly stepUp?: boolean;
  readonly stepUpMethod?: string;
  readonly pointer: string;
}

/** What one bundle's registry holds. */
export interface ReadRegistry {
  readonly capabilities: readonly { readonly capability: Capability; readonly pointer: string }[];
  readonly tools: readonly ReadTool[];
}
