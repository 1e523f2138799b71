import type { EventEmitter } from 'node:events';
import type { BundleChange, BundleSource, ReleaseRequirement } from '@writ/bundle';
import type { DecisionPoint } from '@writ/decision';
import type { ChangedDefinition, GatewayLimits, RefusalOptions, UpstreamConfig } from '@writ/gateway';
import type { CheckpointSigner, Witness } from '@writ/ledger';
import type {
  CallerIdentity,
  DecisionService,
  Engine,
  LoadFailure,
  LoadLimits,
  OverrideTerms,
  PointCredential,
  UnixSocketOptions,
} from '@writ/pdp';
import type { BudgetDefinition } from '@writ/state';
import type { ConfiguredApprover } from './configured-approver.ts';
import type { OpenChannels } from './open-channels.ts';
import type { IdentityOptions } from './open-identity.ts';

/** What a service is made of; `serviceOptions` makes it of a configuration. */
export interface ServiceOptions {
  /** Absolute path; holds state, record, keys and the operator's token. */
  readonly dataDirectory: string;
  /** `postgres://…`: state and record are there instead, shared by all nodes of a cluster. */
  readonly store?: string;
  readonly bundles: readonly BundleSource[];
  readonly engine: Engine;
  /** Emits `disagreement` where two engines that check each other differ. */
  readonly disagreements?: EventEmitter;
  /** Bundles that activate together, in one version of a release. */
  readonly releases?: readonly ReleaseRequirement[];
  /** Nothing unsigned is taken. */
  readonly production?: boolean;
  readonly api: ListenAddress;
  /** Absent: no gateway. */
  readonly mcp?: ListenAddress & {
    readonly upstreams: readonly UpstreamConfig[];
    readonly refusals?: RefusalOptions;
    readonly limits?: Partial<GatewayLimits>;
  };
  /** Who callers of the gateway can be, and how the ports are encrypted. */
  readonly identity: IdentityOptions;
  readonly telemetry?: import('../config/telemetry-config.ts').TelemetryConfig;
  /** How long calls under way are waited for when the service ends, ms. */
  readonly drainMs?: number;
  /** Unix sockets of the decision API, absolute; `operator`: whoever may open it is the operator. */
  readonly sockets?: readonly (UnixSocketOptions & { readonly operator: boolean })[];
  /** `data.system.authz.allow` is asked about every request to the decision API. */
  readonly authorization?: boolean;
  readonly load?: LoadLimits;
  readonly bodyBytesMax?: number;
  /** The operator may write policies and data over the API. */
  readonly policyWrites?: boolean;
  readonly points?: readonly PointCredential[];
  /** People who may be asked to approve. */
  readonly approvers?: readonly ConfiguredApprover[];
  /** Host names beside loopback's and the addresses' own that requests may carry. */
  readonly hosts?: readonly string[];
  readonly budgets?: readonly BudgetDefinition[];
  readonly overrides?: OverrideTerms;
  /** Unauthenticated callers on loopback may decide. */
  readonly development: boolean;
  readonly mode?: CallerIdentity['mode'];
  readonly trust?: 'cooperative' | 'enforced';
  /** Paths of what is recorded that are left out of it. */
  readonly maskedPaths?: readonly string[];
  /** Where the gateway keeps a receipt of each decision. */
  readonly receiptsFile?: string;
  /** Signs checkpoints in place of a key in the data directory. */
  readonly signer?: CheckpointSigner;
  readonly witnesses?: readonly Witness[];
  readonly decisionMs?: number;
  readonly approvalMs?: number;
  readonly overrideMs?: number;
  /** Opens the ways by which people are asked, secrets read: only a service that asks somebody calls it, and closes them. */
  readonly channels?: () => OpenChannels;
  /** Reloads policies as their files change. */
  readonly watch: boolean;
  readonly events?: ServiceEvents;
  /** What the gateway is given in place of the point: for whoever wants to see what it is told. */
  readonly wrapPoint?: (point: DecisionPoint) => DecisionPoint;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** Takes a free port where this one is in use, instead of failing. */
  readonly orFree: boolean;
}

/** What happens while a service runs, for whoever shows it. */
export interface ServiceEvents {
  readonly onActivated?: (change: BundleChange) => void;
  readonly onRefused?: (failure: LoadFailure) => void;
  readonly onFault?: (what: string, error: unknown) => void;
}

/** A running service. */
export interface Service {
  readonly apiUrl: string;
  readonly mcpUrl: string | undefined;
  /** Ports that were in use, with the ones taken instead. */
  readonly replacedPorts: readonly { readonly wanted: number; readonly taken: number }[];
  readonly dataDirectory: string;
  readonly point: DecisionService;
  /** Tells of a definition that is quarantined: those who watch the process, and the channels. */
  readonly changed: (definition: ChangedDefinition) => void;
  /** `owner` of the data directory, or a client of the process that is. */
  readonly role: 'owner' | 'client';
  /** Says once what a crash left and how it was repaired; undefined where nothing was. */
  readonly repaired: string | undefined;
  close(): Promise<void>;
}
