import type { Json } from '@writ/decision';
import type { UcastNode } from './ucast.ts';

/** A condition that has no form in SQL. */
export class SqlError extends Error {}

type Dialect = 'postgresql' | 'mysql' | 'sqlserver' | 'sqlite';

const COMPARISONS: Readonly<Record<string, string>> = {
  eq: '=',
  ne: '<>',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
};

/** A condition as `WHERE …` with its values written in, each as the dialect takes it; OPA's answers, letter by letter. */
export function toSql(node: UcastNode | undefined, dialect: string): string {
  return node === undefined ? '' : `WHERE ${conditionOf(node, dialect as Dialect)}`;
}

function conditionOf(node: UcastNode, dialect: Dialect): string {
  if (node.type === 'field') return fieldCondition(node, dialect);
  const conditions = node.value.map((each) => conditionOf(each, dialect));
  if (node.operator === 'not') return `NOT ${conditions[0]}`;
  return `(${conditions.join(node.operator === 'and' ? ' AND ' : ' OR ')})`;
}

function fieldCondition(
  { operator, field, value }: Extract<UcastNode, { type: 'field' }>,
  dialect: Dialect,
): string {
  const name = quotedField(field, dialect);
  if (value === null) {
    if (operator === 'eq') return `${name} IS NULL`;
    if (operator === 'ne') return `${name} IS NOT NULL`;
    throw new SqlError("null value can only be used with 'eq' or 'ne' operators");
  }
  const sign = COMPARISONS[operator];
  if (isFieldReference(value)) return `${name} ${sign} ${quotedField(value.field, dialect)}`;
  if (sign !== undefined) return `${name} ${sign} ${literal(value, dialect)}`;
  if (operator === 'in') {
    if (!Array.isArray(value)) throw new SqlError("field operator 'in' requires collection argument");
    const items = (value as readonly Json[]).map((item) => literal(item, dialect));
    return items.length === 0 ? '0 = 1' : `${name} IN (${items.join(', ')})`;
  }
  if (typeof value !== 'string') throw new SqlError(`'${operator}' pattern requires string argument`);
  return `${name} LIKE ${literal(patternOf(operator, value), dialect)}`;
}

function isFieldReference(value: Json | { readonly field: string }): value is { readonly field: string } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'field' in value;
}

function patternOf(operator: string, text: string): string {
  const escaped = text.replace(/[\\_%]/g, (sign) => `\\${sign}`);
  return `${operator === 'startswith' ? '' : '%'}${escaped}${operator === 'endswith' ? '' : '%'}`;
}

const BARE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A name that comes from a request can hold anything: what is no plain name is quoted. */
function quotedField(field: string, dialect: Dialect): string {
  const sign = dialect === 'mysql' ? '`' : '"';
  return field
    .split('.')
    .map((part) => (BARE.test(part) ? part : `${sign}${part.replaceAll(sign, sign + sign)}${sign}`))
    .join('.');
}

function literal(value: Json, dialect: Dialect): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? 'TRUE' : 'FALSE';
  // Numbers are texts, as OPA writes them: databases turn them into what the column is.
  if (typeof value === 'number' || isRawNumber(value)) return text(JSON.stringify(value), dialect);
  if (typeof value === 'string') return text(value, dialect);
  throw new SqlError('a list or an object is no value of a column');
}

/** A number that a double does not hold: residues keep it as it was written. */
function isRawNumber(value: Json): boolean {
  return typeof value === 'object' && /^-?\d/.test(JSON.stringify(value));
}

const ESCAPED: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\b': '\\b',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x1a': '\\Z',
  "'": "\\'",
  '"': '\\"',
  '\\': '\\\\',
};

function text(value: string, dialect: Dialect): string {
  if (dialect === 'sqlserver') return `N'${value.replaceAll("'", "''")}'`;
  if (dialect === 'sqlite') return `'${value.replaceAll("'", "''").replaceAll('\0', "'||char(0)||'")}'`;
  const escaped = Array.from(value, (sign) => ESCAPED[sign] ?? sign).join('');
  return `${dialect === 'postgresql' ? 'E' : ''}'${escaped}'`;
}
