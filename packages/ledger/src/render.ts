import { canonicalJson, type Json } from '@writ/decision';
import { type EntryKind, isJsonObject, type LedgerEntry, type PersonalField } from './entry.ts';

/** Longest value that a sentence quotes; what is longer is cut and marked. */
const QUOTE_LENGTH_MAX = 200;

/** One entry as a sentence in plain words, without control characters. What was erased is said to be. */
export function renderEntry(entry: LedgerEntry): string {
  return `${entry.time} ${SENTENCES[entry.core.kind](entry)}`;
}

const SENTENCES: Readonly<Record<EntryKind, (entry: LedgerEntry) => string>> = {
  decision: (entry) => {
    const observed =
      entry.core.outcome !== undefined && contradicts(entry) ? ' (observed only: the call proceeded)' : '';
    const asked = entry.core.phase === 'list' ? 'asked which tools it may see' : `asked to ${what(entry)}`;
    return `${who(entry)} ${asked}: ${verdict(entry)}${observed}${because(entry)}${overrideOf(entry)}${ifCountedOf(entry)}.`;
  },
  result: (entry) =>
    `${what(entry, 'the call')} by ${who(entry)} ended: ${entry.core.event ?? 'unknown'}${because(entry)}${ifCountedOf(entry)}.`,
  approval: (entry) => {
    // Who judged is told apart from whose call it is about.
    const by = judgeOf(entry) ?? field(entry, 'principal');
    return `Approval ${entry.core.approval_id ?? 'of unknown id'} was ${entry.core.event ?? 'changed'}${by === undefined ? '' : ` by ${by}`}${noteOf(entry)}.`;
  },
  token: (entry) => {
    const { token } = entry.fields;
    const id = isJsonObject(token) && typeof token['id'] === 'string' ? ` ${plain(token['id'])}` : '';
    const about = entry.core.approval_id === undefined ? '' : ` for approval ${entry.core.approval_id}`;
    return `The override token${id}${about} was ${entry.core.event ?? 'changed'}.`;
  },
  policy_activation: (entry) =>
    `Policy was activated${bundlesOf(entry)}${observersOf(entry)}${messageOf(entry)}.`,
  policy_refusal: (entry) => `Policy was not activated${bundlesOf(entry)}${because(entry)}${noteOf(entry)}.`,
  model_refusal: (entry) => `The model refused by itself: ${codesOf(entry)}${noteOf(entry)}.`,
  malformed: (entry) => `A message was refused before policy: ${codesOf(entry)}${noteOf(entry)}.`,
  administrative: (entry) => {
    // What a point tells about itself must not read like an act of the operator's.
    const point = field(entry, 'point');
    if (point !== undefined)
      return `Enforcement point ${point} reported about ${who(entry)}: ${codesOf(entry)}${noteOf(entry)}.`;
    return `Administration: ${entry.core.event ?? 'unnamed act'}${byWhom(entry)}${noteOf(entry)}.`;
  },
  halt: (entry) =>
    `${HALT_EVENTS[entry.core.event ?? ''] ?? 'A halt changed'}${byWhom(entry)}${noteOf(entry)}.`,
  start: (entry) => `The decision point started${noteOf(entry)}.`,
  stop: (entry) => `The decision point stopped${noteOf(entry)}.`,
};

const HALT_EVENTS: Readonly<Record<string, string>> = {
  set: 'A halt was set',
  halted: 'A halt was set',
  lifted: 'A halt was lifted',
  resumed: 'A halt was lifted',
};

const VERDICTS: Readonly<Record<string, string>> = {
  allow: 'allowed',
  sanitize: 'allowed with parts redacted',
  escalate: 'paused for a person',
  step_up: 'stronger identity asked for',
  deny: 'denied',
};

function verdict({ core }: LedgerEntry): string {
  return VERDICTS[core.outcome ?? ''] ?? `outcome ${plain(core.outcome ?? 'unknown')}`;
}

function contradicts({ core }: LedgerEntry): boolean {
  return core.effect === 'proceed' && core.outcome !== 'allow' && core.outcome !== 'sanitize';
}

function who(entry: LedgerEntry): string {
  const actor = field(entry, 'actor') ?? 'an actor not named';
  const principal = field(entry, 'principal');
  const tenant = field(entry, 'tenant');
  return `${actor}${principal === undefined ? '' : ` for ${principal}`}${tenant === undefined ? '' : ` of ${tenant}`}`;
}

function what(entry: LedgerEntry, otherwise = plain(entry.core.action_type ?? 'act')): string {
  const tool = field(entry, 'tool');
  const server = field(entry, 'server');
  const target = tool === undefined ? otherwise : `${tool}${server === undefined ? '' : ` on ${server}`}`;
  const args = field(entry, 'args');
  return args === undefined ? target : `${target} with ${args}`;
}

function because(entry: LedgerEntry): string {
  const codes = codesOf(entry);
  const messages = messagesOf(entry.fields.reasons);
  return codes === '' ? '' : `, because ${codes}${messages === '' ? '' : ` (${messages})`}`;
}

function codesOf({ core }: LedgerEntry): string {
  return (core.codes ?? []).map(plain).join(', ');
}

function messagesOf(reasons: Json | undefined): string {
  if (!Array.isArray(reasons)) return '';
  const messages = reasons.map((reason: Json) => (isJsonObject(reason) ? reason['message'] : undefined));
  return plain([...new Set(messages.filter((message) => typeof message === 'string'))].join('; '));
}

function bundlesOf({ core }: LedgerEntry): string {
  const bundles = Object.entries(core.bundles ?? {});
  return bundles.length === 0
    ? ''
    : `: ${bundles.map(([name, { revision }]) => plain(`${name} ${revision}`)).join(', ')}`;
}

/** Exceptions that a decision rests on, whoever reads of it: what was lifted, on whose word, until when. */
function overrideOf({ fields }: LedgerEntry): string {
  const applied = Array.isArray(fields.override) ? (fields.override as readonly Json[]) : [];
  const said = applied.flatMap((each) => {
    const lift = isJsonObject(each) ? each['lift'] : undefined;
    if (lift === undefined || !isJsonObject(lift)) return [];
    const [code, by, until] = [lift['code'], lift['approved_by'], lift['expires']].map(String);
    return [`${code} lifted, approved by ${by} until ${until}`];
  });
  return said.length === 0 ? '' : plain(`; override in force: ${[...new Set(said)].join('; ')}`);
}

/** What policies that only observe would have made of it, where that differs. */
function ifCountedOf({ core, fields }: LedgerEntry): string {
  const observed = memberOf(fields.note, 'observed');
  const outcome = memberOf(observed, 'outcome_if_counted');
  if (typeof outcome !== 'string' || outcome === core.outcome) return '';
  return `; with the observing policies it would be ${plain(VERDICTS[outcome] ?? outcome)}`;
}

/** Which of the activated bundles only observe, loudly: what they refuse is not refused. */
function observersOf({ fields }: LedgerEntry): string {
  const bundles = memberOf(fields.note, 'bundles');
  if (bundles === undefined || !isJsonObject(bundles)) return '';
  const names = Object.entries(bundles).flatMap(([name, facts]) =>
    memberOf(facts, 'mode') === 'observe' ? [name] : [],
  );
  return names.length === 0 ? '' : plain(`; OBSERVING ONLY: ${names.join(', ')}`);
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  return value !== undefined && isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function messageOf(entry: LedgerEntry): string {
  const message = field(entry, 'message');
  return message === undefined ? '' : `: ${message}`;
}

function byWhom(entry: LedgerEntry): string {
  const by = field(entry, 'principal');
  return by === undefined ? '' : ` by ${by}`;
}

function judgeOf({ fields }: LedgerEntry): string | undefined {
  const { approval } = fields;
  const by = approval !== undefined && isJsonObject(approval) ? approval['by'] : undefined;
  return typeof by === 'string' ? plain(by) : undefined;
}

function noteOf(entry: LedgerEntry): string {
  const message = field(entry, 'message') ?? field(entry, 'note');
  return message === undefined ? '' : `: ${message}`;
}

/** A personal field in words; undefined where the entry never had it. */
function field(entry: LedgerEntry, name: PersonalField): string | undefined {
  if (entry.erased.includes(name)) return `[${name} erased]`;
  const value = entry.fields[name];
  if (value === undefined) return undefined;
  return plain(typeof value === 'string' ? value : canonicalJson(value));
}

/** Texts come from agents: control characters could rewrite a terminal, direction marks the meaning of a line. */
export function plain(text: string): string {
  const shown = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}').toWellFormed();
  const characters = [...shown];
  return characters.length > QUOTE_LENGTH_MAX ? `${characters.slice(0, QUOTE_LENGTH_MAX).join('')}…` : shown;
}
