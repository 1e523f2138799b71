import type { BundleView, EntrypointView, LayersView, OverrideView, ReviewView } from '@writ/pdp';

/** Which question each layer answers, in one line. */
export const LAYER_QUESTIONS: Readonly<Record<LayersView['layers'][number]['layer'], string>> = {
  identity: 'who is this',
  resource: 'may it do this, with these arguments',
  workflow: 'how often, how long, in which order',
  compliance: 'law and contract: data, model, region, destination',
  override: 'stated exceptions, which expire',
};

const DAY_SECONDS = 24 * 3600;

/** `tools: a, b; servers: crm; phases: result`; nothing where an entrypoint is asked about every call. */
export function whenText({ when, kind }: Pick<EntrypointView, 'when' | 'kind'>): string {
  const usual = kind === 'visible' ? 'list' : 'call';
  const { phases, ...rest } = when;
  const parts = Object.entries(rest).map(([name, values]) => `${name}: ${(values as string[]).join(', ')}`);
  if (phases.join() !== usual) parts.push(`phases: ${phases.join(', ')}`);
  return parts.join('; ');
}

/** `every 30d, due 2026-12-21`, `OVERDUE since …`; `–` where nothing says. */
export function reviewText({ state, cadence, reviewed_at, due_at }: ReviewView): string {
  if (state === 'ahead') return `WRONG: reviewed on ${reviewed_at?.slice(0, 10)}`;
  if (cadence === undefined)
    return reviewed_at === undefined ? '–' : `reviewed on ${reviewed_at.slice(0, 10)}`;
  const due = due_at?.slice(0, 10) ?? '';
  return state === 'overdue' ? `OVERDUE since ${due} (${cadence})` : `${cadence}, due ${due}`;
}

/** `legal ✓, security ✗`; `–` where none is required. */
export function reviewersText({ reviewers, unreviewed }: BundleView): string {
  if (reviewers.length === 0) return '–';
  const named = reviewers.map(({ name, met }) => `${name} ${met ? '✓' : '✗'}`).join(', ');
  return unreviewed && reviewers.some(({ met }) => !met) ? `${named} (unreviewed)` : named;
}

/** `author (k1)`; `not signed` where no signature was required. */
export function signatureText({ signatures }: BundleView): string {
  if (signatures.length === 0) return 'not signed';
  return signatures.map(({ name, key_id }) => `${name} (${key_id})`).join(', ');
}

/** How long it has been active, and of what is published elsewhere when that was last confirmed. */
export function ageText({ active_seconds, source }: BundleView): string {
  const active = active_seconds === undefined ? '' : `active ${duration(active_seconds)}`;
  if (source === undefined) return active === '' ? '–' : active;
  const seen = source.confirmed_seconds;
  const confirmed = seen === undefined ? 'never confirmed' : `confirmed ${duration(seen)} ago`;
  return [active, `${confirmed}${source.stale ? ' STALE' : ''}`].filter((part) => part !== '').join(', ');
}

/** `42 s`, `7 min`, `5 h`, `12 d`. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * DAY_SECONDS) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / DAY_SECONDS)} d`;
}

/** Whom an override serves: `for user:ana; agent:ops; refund`; `for everyone` where nothing narrows it. */
export function scopeText({ lift }: OverrideView): string {
  const parts = [lift.principals, lift.actors, lift.tools].flatMap((names) => names?.join(', ') ?? []);
  return parts.length === 0 ? 'for everyone' : `for ${parts.join('; ')}`;
}
