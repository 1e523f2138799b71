import type { ActionType, Destination, JsonObject, Resource } from '@writ/decision';
import type { Capability } from './registry-model.ts';
import type { AuthorizedAction, RATE_HOLDERS, ToolFacts } from './registry-schema.ts';

/** What is asked of the registry: what a call is, and the arguments that it has. */
export interface ResolveCall {
  /** `tool_call` where it is left out. */
  readonly type?: ActionType;
  /** Absent for tools in process. */
  readonly server?: string | undefined;
  /** A tool's name, or the protocol's method for what is no tool. */
  readonly tool?: string | undefined;
  readonly args?: JsonObject | undefined;
  /** Where a request goes, by who sends it. */
  readonly destination?: Destination | undefined;
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
}

/** Why the registry itself says no to a call. */
export interface Objection {
  readonly code: 'program_not_allowed' | 'command_not_understood' | 'capability_not_authorized';
  readonly message: string;
  readonly remediation?: string;
}

/** A rate that a call has to keep to. */
export interface RateRule {
  /** Names the limit: the capability, and for a third party's the bundle. */
  readonly name: string;
  readonly per: (typeof RATE_HOLDERS)[number];
  readonly requests_per_minute?: number;
  readonly tokens_per_minute?: number;
  /** Tokens that the call holds until it is known what it used. */
  readonly tokens_reserved: number;
}

/** What a call is by the registry; every field is absent where the registry does not tell. */
export interface ResolvedCapability {
  readonly capability: string;
  /** Bundle whose registry says so. */
  readonly bundle: string;
  readonly adapter: Capability['adapter'];
  /** What the call is under its capability: the protocol's word, and a name such as `mcp/web_search`. */
  readonly authorization: { readonly action: AuthorizedAction; readonly resource: string };
  readonly operation?: string;
  readonly resources: readonly Resource[];
  readonly destination?: Destination;
  readonly data_classes: readonly string[];
  readonly labels: readonly string[];
  readonly cost?: number;
  readonly amount?: number;
  /** Fields that count as the enforcement point states them where they are absent here. */
  readonly observed: NonNullable<ToolFacts['observed']>;
  readonly step_up: boolean;
  readonly step_up_method?: string;
  readonly rate?: RateRule;
  readonly objections: readonly Objection[];
}
