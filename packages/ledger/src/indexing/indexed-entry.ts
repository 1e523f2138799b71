import type { Json } from '@writ/decision';
import { isJsonObject, type LedgerEntry, type PersonalFields } from '../entry.ts';
import type { IndexedColumn, TagKind } from './schema.ts';

/** What the index keeps of an entry: nothing that could not be read from the log, and no arguments. */
export interface IndexedEntry {
  readonly idx: number;
  readonly timeMs: number;
  readonly columns: { readonly [Name in IndexedColumn]: string | null };
  readonly tags: readonly (readonly [kind: TagKind, value: string])[];
}

/** Most values of one kind that one entry is found by. */
const TAGS_MAX = 256;
const SPIFFE = 'spiffe://';

export function indexedEntry({ index, time, core, fields }: LedgerEntry): IndexedEntry {
  return {
    idx: index,
    timeMs: Date.parse(time) || 0,
    columns: {
      kind: core.kind,
      outcome: core.outcome ?? null,
      decision_id: core.decision_id ?? null,
      approval_id: core.approval_id ?? null,
      tenant: textOf(fields.tenant),
      principal: textOf(fields.principal),
      actor: textOf(fields.actor),
      session: textOf(fields.session),
      tool: textOf(fields.tool),
      server: textOf(fields.server),
    },
    tags: tagsOf(core, fields),
  };
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function tagsOf(core: LedgerEntry['core'], fields: PersonalFields): IndexedEntry['tags'] {
  const bundles = Object.values(core.bundles ?? {});
  const found: Readonly<Record<TagKind, readonly (string | undefined)[]>> = {
    resource: listOf(fields.resources).map((each) => (isJsonObject(each) ? text(each['id']) : undefined)),
    code: core.codes ?? [],
    rule: listOf(fields.matched_rules).map(text),
    revision: bundles.map(({ revision }) => revision),
    digest: bundles.map(({ digest }) => digest),
    data_class: listOf(fields.data_classes).map(text),
    spiffe: [fields.actor, ...delegates(fields.delegation)].map(text).filter((id) => id?.startsWith(SPIFFE)),
  };
  return (Object.keys(found) as TagKind[]).flatMap((kind) => {
    const values = new Set(found[kind].filter((value) => value !== undefined));
    return [...values].slice(0, TAGS_MAX).map((value) => [kind, value] as const);
  });
}

function delegates(value: Json | undefined): readonly (Json | undefined)[] {
  return listOf(value).map((each) => (isJsonObject(each) ? each['id'] : each));
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
