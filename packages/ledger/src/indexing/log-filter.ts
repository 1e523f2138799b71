import type { EntryKind } from '../entry.ts';
import { INDEXED_COLUMNS, TAG_KINDS, type TagKind } from './schema.ts';

/** What entries are asked for; absent members ask nothing, and all that are given must hold. */
export interface LogFilter {
  readonly kind?: EntryKind;
  readonly outcome?: string;
  readonly decision_id?: string;
  readonly approval_id?: string;
  readonly tenant?: string;
  readonly principal?: string;
  readonly actor?: string;
  readonly session?: string;
  readonly tool?: string;
  readonly server?: string;
  /** Id of a resource. */
  readonly resource?: string;
  /** A reason's code. */
  readonly reason?: string;
  /** A matched rule, `data.agent.tools.decision`. */
  readonly rule?: string;
  /** Revision of a bundle, or its digest, that decided. */
  readonly bundle?: string;
  readonly data_class?: string;
  /** SPIFFE id of the actor or of a delegator; `*` stands for a part of one path segment, `**` for anything. */
  readonly spiffe?: string;
  /** RFC 3339 instants: from inclusive, to exclusive. */
  readonly from?: string;
  readonly to?: string;
  /** Stands in the entry as text, in any field; entries that the other members leave are read for it one by one. */
  readonly text?: string;
}

/** Members of a filter that look for a tag, with the kinds that it may be of. */
export const TAG_FILTERS = {
  resource: ['resource'],
  reason: ['code'],
  rule: ['rule'],
  bundle: ['revision', 'digest'],
  data_class: ['data_class'],
} as const satisfies { readonly [Name in keyof LogFilter]?: readonly TagKind[] };

/** Names of all members. */
export const LOG_FILTERS = [
  ...INDEXED_COLUMNS,
  'resource',
  'reason',
  'rule',
  'bundle',
  'data_class',
  'spiffe',
  'from',
  'to',
  'text',
] as const satisfies readonly (keyof LogFilter)[];

/** A condition on the table `entries` as `e`, with its parameters. */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly (string | number)[];
}

/** A tag that must be there, of one of these kinds with one of these values. */
export function tagCondition(kinds: readonly TagKind[], values: readonly string[]): Condition {
  const numbers = kinds.map((kind) => TAG_KINDS[kind]);
  return {
    sql: `exists (select 1 from tags t where t.idx = e.idx and t.kind in (${marks(numbers)}) and t.value in (${marks(values)}))`,
    parameters: [...numbers, ...values],
  };
}

export function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}

/** A SPIFFE glob as a pattern over whole ids. */
export function spiffePattern(glob: string): RegExp {
  const source = glob
    .split(/(\*\*|\*)/)
    .map((part) =>
      part === '**' ? '.*' : part === '*' ? '[^/]*' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    )
    .join('');
  return new RegExp(`^${source}$`, 'su');
}
