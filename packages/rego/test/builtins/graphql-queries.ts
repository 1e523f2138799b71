import fc from 'fast-check';

/** A schema with every kind of type, to which generated queries nearly fit. */
export const QUERY_SCHEMA = `
directive @tag(name: String! = "x", level: Int) repeatable on FIELD | QUERY | FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @once(why: String!) on FIELD | VARIABLE_DEFINITION | FRAGMENT_DEFINITION
interface Node { id: ID! name: String }
interface Pet implements Node { id: ID! name: String owner: Human }
type Dog implements Pet & Node { id: ID! name: String owner: Human barks(times: Int!, loud: Boolean = true): Boolean kin: [Dog!]! size: Size }
type Cat implements Pet & Node { id: ID! name: String owner: Human meows: Int kin: [Cat] size: String }
type Human implements Node { id: ID! name: String pets(first: Int = 10, filter: Filter): [Pet!] }
union Found = Dog | Cat | Human
enum Size { SMALL MEDIUM LARGE }
input Filter { size: Size sizes: [Size!] min: Float ids: [ID!] strict: Boolean! = false need: Int! inner: Filter }
input Pick @oneOf { id: ID name: String }
scalar Any
type Query { dog: Dog pet(id: ID!): Pet found(text: String, pick: Pick): [Found] human(filter: Filter, any: Any, xs: [Int]): Human node: Node size(of: Size = SMALL): Size }
type Mutation { rename(id: ID!, name: String): Dog }
type Subscription { news: String dogs: Dog }
`;

const FIELDS = [
  ...['dog', 'pet', 'found', 'human', 'node', 'size', 'id', 'name', 'owner', 'barks', 'kin', 'meows', 'pets'],
  ...['rename', 'news', 'dogs', '__typename', '__schema', '__type', 'fields', 'ofType', 'nmae', 'nothing'],
];
const TYPES = ['Query', 'Dog', 'Cat', 'Human', 'Pet', 'Node', 'Found', 'Size', 'Filter', 'Dgo', 'Nothing'];
const ARGUMENTS = [
  'id',
  'text',
  'pick',
  'filter',
  'any',
  'xs',
  'of',
  'first',
  'times',
  'loud',
  'name',
  'if',
  'why',
];
const FRAGMENTS = ['A', 'B', 'C', 'D'];
const LITERALS = [
  ...[
    '1',
    '-7',
    '3000000000',
    '99999999999999999999',
    '1.5',
    '1e400',
    '"text"',
    '"SMALL"',
    '"""block"""',
    'true',
  ],
  ...['null', 'SMALL', 'SMAL', 'HUGE', '$x', '$y', '$z', '[]', '{}', '[1, "a"]', '[SMALL, $x]', '{need: 1}'],
  ...['{need: $x, ids: [1, "b", 2.5]}', '{id: "a"}', '{id: "a", name: "b"}', '{name: null}', '{id: $y}'],
  ...['{need: 1, inner: {need: 2, nede: 3, size: SMALL}}', '{need: 1, need: 2}', '{strict: null}'],
];
const VARIABLES = [
  'Int',
  'Int!',
  'String',
  'String!',
  'ID!',
  '[Int]',
  'Boolean!',
  'Size',
  'Filter',
  'Dog',
  'Nope',
];

const pick = (items: readonly string[]) => fc.constantFrom(...items);
const few = (item: fc.Arbitrary<string>, max: number, min = 0) =>
  fc.array(item, { minLength: min, maxLength: max }).map((items) => items.join(' '));
const seldom = (item: fc.Arbitrary<string>, weight = 6) =>
  fc.oneof({ weight, arbitrary: fc.constant('') }, { weight: 1, arbitrary: item });

const args = few(
  fc.tuple(pick(ARGUMENTS), pick(LITERALS)).map(([name, value]) => `${name}: ${value}`),
  2,
  1,
).map((text) => `(${text})`);
const directive = fc
  .tuple(pick(['@tag', '@once', '@skip', '@include', '@nope']), seldom(args, 1))
  .map((parts) => parts.join(''));
const directives = seldom(few(directive, 2, 1));

const { selections } = fc.letrec<{ selections: string; selection: string }>((tie) => ({
  selections: fc
    .array(tie('selection'), { minLength: 1, maxLength: 4 })
    .map((items) => `{ ${items.join('\n')} }`),
  selection: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'graphql' },
    fc
      .tuple(seldom(pick(['x: ', 'y: ', 'id: '])), pick(FIELDS), seldom(args, 2), directives)
      .map((parts) => parts.join('')),
    fc.tuple(pick(FRAGMENTS), directives).map(([name, uses]) => `...${name} ${uses}`),
    fc
      .tuple(seldom(pick(['x: '])), pick(FIELDS), seldom(args, 2), directives, tie('selections'))
      .map((parts) => parts.join('')),
    fc
      .tuple(seldom(pick(TYPES), 0), directives, tie('selections'))
      .map(([type, uses, inner]) => `... ${type === '' ? '' : `on ${type}`} ${uses} ${inner}`),
  ),
}));

const variables = few(
  fc
    .tuple(
      pick(['$x', '$y', '$z']),
      pick(VARIABLES),
      seldom(pick(LITERALS.filter((text) => !text.includes('$'))), 3),
    )
    .map(([name, type, preset]) => `${name}: ${type}${preset === '' ? '' : ` = ${preset}`}`),
  3,
  1,
).map((text) => `(${text})`);
const operation = fc
  .tuple(
    pick(['query', 'query', 'mutation', 'subscription']),
    seldom(pick(['P', 'Q']), 1),
    variables,
    directives,
    selections,
  )
  .map(
    ([kind, name, defined, uses, inner]) => `${kind} ${name}${name === '' ? '' : defined} ${uses} ${inner}`,
  );
/** Spreads go from a fragment to later ones only: OPA ends with an overflow of its stack on some that go in circles. */
const fragment = fc
  .tuple(pick(FRAGMENTS), pick(TYPES), directives, selections)
  .map(([name, type, uses, inner]) => {
    const body = inner.replaceAll(/\.\.\.([A-D])/g, (spread, other: string) =>
      other > name ? spread : '__typename',
    );
    return `fragment ${name} on ${type} ${uses} ${body}`;
  });

/** Queries, most of them with faults. */
export const generatedQuery: fc.Arbitrary<string> = fc
  .tuple(
    few(fc.oneof({ weight: 3, arbitrary: operation }, { weight: 2, arbitrary: selections }), 2, 1),
    few(fragment, 4),
  )
  .map((parts) => parts.join('\n'));
