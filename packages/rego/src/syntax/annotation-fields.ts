import type { Annotations, SchemaAnnotation, Term } from './ast.ts';
import { AnnotationFault, OddMap, type RawAnnotations } from './read-annotations.ts';

/** What a block says, apart from where it stands. */
export type AnnotationFields = Omit<Annotations, 'location' | 'scope' | 'target'> & {
  readonly scope: string;
};

/** Parses the text of one term; `undefined` where it is none. */
export type TermReader = (text: string) => Term | undefined;

/** Makes sense of the fields (OPA `metadataParser.Parse`); the first fault ends it. */
export function annotationFields(
  raw: RawAnnotations,
  readTerm: TermReader,
): AnnotationFields | AnnotationFault {
  try {
    const relatedResources = raw.related_resources.map(relatedResource);
    const compile = raw.compile && compileAnnotation(raw.compile, readTerm);
    const schemas = raw.schemas.map((pair) => schemaAnnotation(pair, readTerm));
    const authors = raw.authors.map(author);
    return {
      scope: raw.scope,
      entrypoint: raw.entrypoint,
      ...(raw.title !== '' && { title: raw.title }),
      ...(raw.description !== '' && { description: raw.description }),
      ...(raw.organizations.length > 0 && { organizations: raw.organizations }),
      ...(relatedResources.length > 0 && { relatedResources }),
      ...(authors.length > 0 && { authors }),
      ...(schemas.length > 0 && { schemas }),
      ...(compile && { compile }),
      ...(raw.custom && { custom: plainMap(raw.custom) }),
      ...(raw.labels && { labels: plainMap(raw.labels) }),
    };
  } catch (caught) {
    if (caught instanceof AnnotationFault) return caught;
    throw caught;
  }
}

function refuse(message: string): never {
  throw new AnnotationFault(message);
}

function plainMap(map: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, plain(value, [])]));
}

/** A value as JSON can hold it: maps have strings as keys. */
function plain(value: unknown, path: readonly string[]): unknown {
  if (value instanceof OddMap) return refuse(`invalid map key type(s): ${path.join('/')}`);
  if (Array.isArray(value)) return value.map((item, index) => plain(item, [...path, String(index)]));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, plain(member, [...path, name])]),
  );
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof OddMap);
}

/** A field's text without white space around it; empty where it is no text. */
function textAt(map: Readonly<Record<string, unknown>>, name: string): string {
  const value = map[name];
  return typeof value === 'string' ? value.trim() : '';
}

/** Runs a reader and says what it was that could not be read. */
function within<T>(what: string, value: unknown, read: () => T): T {
  try {
    return read();
  } catch (caught) {
    if (!(caught instanceof AnnotationFault)) throw caught;
    return refuse(`invalid ${what} definition ${goText(value)}: ${caught.message}`);
  }
}

function relatedResource(value: unknown) {
  return within('related-resource', value, () => {
    const read = plain(value, []);
    if (typeof read === 'string') {
      return read === '' ? refuse('ref URL may not be empty string') : { ref: read };
    }
    if (!isMap(read)) return refuse('invalid value type, must be string or map');
    const description = textAt(read, 'description');
    const ref = textAt(read, 'ref');
    if (ref === '') return refuse("'ref' value required in object");
    return { ref, ...(description !== '' && { description }) };
  });
}

function author(value: unknown) {
  return within('author', value, () => {
    const read = plain(value, []);
    if (typeof read === 'string') return authorFromText(read);
    if (!isMap(read)) return refuse('invalid value type, must be string or map');
    const name = textAt(read, 'name');
    const email = textAt(read, 'email');
    if (name === '' && email === '') return refuse("'name' and/or 'email' values required in object");
    return { name, ...(email !== '' && { email }) };
  });
}

/** `Name <mail>`: a last word in angle brackets is the address. */
function authorFromText(text: string) {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return refuse('author is an empty string');
  const last = words.at(-1)!;
  const hasEmail = last.length >= 2 && last.startsWith('<') && last.endsWith('>');
  const name = (hasEmail ? words.slice(0, -1) : words).join(' ');
  const email = hasEmail ? last.slice(1, -1) : '';
  return { name, ...(email !== '' && { email }) };
}

/** The steps of a reference, its head first; `undefined` where the term is none. */
function stepsOf(term: Term | undefined): readonly Term[] | undefined {
  if (term?.kind === 'ref') return [term.head, ...term.parts];
  return term?.kind === 'var' && (term.name === 'input' || term.name === 'data') ? [term] : undefined;
}

function schemaAnnotation(
  pair: Readonly<Record<string, unknown>> | null,
  readTerm: TermReader,
): SchemaAnnotation {
  const [name = '', value] = Object.entries(pair ?? {})[0] ?? [];
  const path = stepsOf(readTerm(name));
  if (path === undefined) return refuse('invalid document reference');
  if (typeof value === 'string') return { path, schema: schemaReference(readTerm(value)) };
  if (value instanceof OddMap) return refuse(`invalid schema definition: invalid map key type(s): `);
  if (isMap(value)) {
    try {
      return { path, definition: plain(value, []) };
    } catch (caught) {
      if (!(caught instanceof AnnotationFault)) throw caught;
      return refuse(`invalid schema definition: ${caught.message}`);
    }
  }
  return refuse(`invalid schema declaration for path ${JSON.stringify(name)}`);
}

/** `schema` or `schema.a.b`. */
function schemaReference(term: Term | undefined): readonly Term[] {
  const steps = term?.kind === 'var' ? [term] : stepsOf(term);
  const [head] = steps ?? [];
  if (steps === undefined || head?.kind !== 'var' || head.name !== 'schema')
    return refuse('invalid schema reference');
  return steps;
}

function compileAnnotation(raw: Readonly<Record<string, unknown>>, readTerm: TermReader) {
  const unknowns = Array.isArray(raw['unknowns']) ? raw['unknowns'].map((one) => unknown(one, readTerm)) : [];
  const mask = raw['mask_rule'];
  const maskRule = typeof mask === 'string' ? maskReference(mask, readTerm) : undefined;
  return { ...(unknowns.length > 0 && { unknowns }), ...(maskRule && { maskRule }) };
}

function unknown(value: unknown, readTerm: TermReader): readonly Term[] {
  if (typeof value !== 'string') return [];
  const term = readTerm(value);
  const steps = stepsOf(term);
  if (steps !== undefined) return steps;
  const why =
    term === undefined ? 'failed to parse ref: failed to parse term' : `expected ref but got ${value}`;
  return refuse(`invalid unknowns element ${JSON.stringify(value)}: ${why}`);
}

function maskReference(text: string, readTerm: TermReader): readonly Term[] {
  const term = readTerm(text);
  if (term === undefined) {
    return refuse(`invalid mask_rule annotation ${JSON.stringify(text)}: failed to parse term`);
  }
  if (term.kind === 'var' || term.kind === 'string') return stepsOf(term) ?? [term];
  return stepsOf(term) ?? refuse(`invalid mask_rule annotation type ${JSON.stringify(text)}: string`);
}

/** A value as Go prints it for `%s`. */
function goText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || value === undefined) return '%!s(<nil>)';
  if (typeof value === 'boolean') return `%!s(bool=${value})`;
  if (typeof value === 'number') return `%!s(${Number.isInteger(value) ? 'int' : 'float64'}=${value})`;
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isMap(value)) return 'map[]';
  const names = Object.keys(value).sort();
  return `map[${names.map((name) => `${name}:${goText(value[name])}`).join(' ')}]`;
}
