import type { Json, JsonObject, Principal } from '../contract.ts';
import { anyObject, objectWith, present, presentOrNothing, refuse, textAt } from './reading.ts';

/** Properties that are fields of a principal; every other one is an attribute. */
const FIELDS = ['tenant', 'groups', 'scopes', 'data_classifications_authorized'];
const KINDS: readonly unknown[] = ['user', 'service', 'agent'] satisfies Principal['kind'][];
/** Attribute that keeps a subject's type where no kind of principal has that name. */
const TYPE_ATTRIBUTE = 'subject_type';

/**
 * AuthZEN's `subject` as a principal. Types and properties are the caller's own there: a type that is no kind of
 * principal becomes the attribute `subject_type`, a property that is no field of one an attribute.
 */
export function readSubject(given: Json | undefined): JsonObject {
  const subject = objectWith(given, 'input.subject', ['type', 'id', 'properties']);
  const { type } = subject;
  const id = textAt(subject, 'id', 'input.subject');
  const where = 'input.subject.properties';
  const { attributes, ...named } = anyObject(subject['properties'] ?? {}, where);
  const entries = Object.entries(named);
  const own = anyObject(attributes ?? {}, `${where}.attributes`);
  const others = entries.filter(([name]) => !FIELDS.includes(name));
  const collected = [...others, ...Object.entries(own), ...typeAttribute(type)];
  const attributesByName = new Map(collected);
  if (attributesByName.size < collected.length) refuse('input.subject: a property is given twice');
  return present({
    id,
    kind: KINDS.includes(type) ? type : undefined,
    ...Object.fromEntries(entries.filter(([name]) => FIELDS.includes(name))),
    attributes:
      collected.length === 0 && attributes === undefined ? undefined : Object.fromEntries(attributesByName),
  }) as JsonObject;
}

function typeAttribute(type: Json | undefined): [string, Json][] {
  if (type === undefined || KINDS.includes(type)) return [];
  if (typeof type !== 'string' || type === '') refuse('input.subject: `type` is not a text');
  return [[TYPE_ATTRIBUTE, type]];
}

/** The inverse. Attributes stand beside the fields, save those that would be taken for one. */
export function writeSubject({ id, kind, attributes, ...fields }: Principal): object {
  const kept = attributes?.[TYPE_ATTRIBUTE];
  const typed = kind === undefined && typeof kept === 'string' && kept !== '' && !KINDS.includes(kept);
  const entries = Object.entries(attributes ?? {}).filter(([name]) => !typed || name !== TYPE_ATTRIBUTE);
  const clashes = ([name]: [string, Json]): boolean => FIELDS.includes(name) || name === 'attributes';
  const clashing = entries.filter(clashes);
  const nested = clashing.length > 0 || (attributes !== undefined && entries.length === 0 && !typed);
  return present({
    type: typed ? kept : kind,
    id,
    properties: presentOrNothing({
      ...fields,
      ...Object.fromEntries(entries.filter((entry) => !clashes(entry))),
      attributes: nested ? Object.fromEntries(clashing) : undefined,
    }),
  });
}
