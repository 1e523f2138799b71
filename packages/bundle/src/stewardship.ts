import type { Layer } from '@writ/decision';
import { z } from 'zod';

/** `observe`: opinions are recorded and shown, and do not count. */
export const ENTRYPOINT_MODES = ['enforce', 'observe'] as const;
export type EntrypointMode = (typeof ENTRYPOINT_MODES)[number];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Words for a cadence: the longest that the word can mean, ms. */
const CADENCE_WORDS: Readonly<Record<string, number>> = Object.freeze({
  daily: DAY_MS,
  weekly: 7 * DAY_MS,
  monthly: 31 * DAY_MS,
  quarterly: 92 * DAY_MS,
  yearly: 366 * DAY_MS,
});
const CADENCE_UNITS: Readonly<Record<string, number>> = { h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS };
const CADENCE = /^(?:daily|weekly|monthly|quarterly|yearly|[1-9]\d{0,3}[hdw])$/;

/** How long a review holds, ms: `daily`, `weekly`, `monthly`, `quarterly`, `yearly`, or a number of `h`, `d` or `w`. */
export function cadenceMs(cadence: string): number {
  return (
    CADENCE_WORDS[cadence] ?? Number.parseInt(cadence, 10) * (CADENCE_UNITS[cadence.slice(-1)] ?? Number.NaN)
  );
}

const INSTANT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))?$/;

function isInstant(text: string): boolean {
  if (!INSTANT.test(text) || Number.isNaN(Date.parse(text))) return false;
  // A day that no month has would be taken for one of the next.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  return day.toISOString().startsWith(text.slice(0, 10));
}

/** What a manifest may say of a bundle and of each of its entrypoints: who answers for it, and how it counts. */
export const governanceFields = {
  owner: z.string().min(1).max(512).optional().describe('Who answers for it: a team, an address.'),
  reviewers: z
    .array(z.string().min(1).max(512))
    .min(1)
    .optional()
    .describe('Signatures that must have been verified, by their names in `writ.yaml` or by key id.'),
  cadence: z
    .string()
    .regex(CADENCE, 'must be daily, weekly, monthly, quarterly, yearly, or such as 12h, 30d, 6w')
    .optional()
    .describe('How often it is to be reviewed; needs `reviewed_at`.'),
  reviewed_at: z
    .string()
    .refine(isInstant, 'must be a day (2026-11-21) or an RFC 3339 instant')
    .optional()
    .describe('When it was last reviewed: a day or an RFC 3339 instant.'),
  mode: z
    .enum(ENTRYPOINT_MODES)
    .optional()
    .describe('observe: opinions are recorded and shown, and do not count.'),
} as const;

/** Who answers for a bundle or an entrypoint, and how it counts; what was not said is absent. */
export interface Stewardship {
  readonly owner?: string;
  /** Names of required signatures or key ids, every one of which must have signed. */
  readonly reviewers?: readonly string[];
  /** As {@link cadenceMs} reads it. */
  readonly cadence?: string;
  /** A day or an RFC 3339 instant. */
  readonly reviewed_at?: string;
  readonly mode?: EntrypointMode;
}

/** What holds for a bundle as a whole. */
export interface Governance extends Stewardship {
  /** The one layer that its entrypoints stand in. */
  readonly layer?: Layer;
  /** What the operator said of the mode; goes before what the bundle says of itself and of its entrypoints. */
  readonly operatorMode?: EntrypointMode;
  /** The operator takes it without its reviewers' signatures; never in production. */
  readonly unreviewed?: boolean;
}

/** The fields of {@link Stewardship} in what was written, without what is not there. */
export function stewardshipOf(
  written: {
    readonly [Key in keyof Stewardship]?: Stewardship[Key] | undefined;
  },
): Stewardship {
  const { owner, reviewers, cadence, reviewed_at, mode } = written;
  const all = { owner, reviewers, cadence, reviewed_at, mode };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
